//! `jlproj doctor`: problems on this machine, each with its remedy.

use std::fmt::Write as _;

use serde::Serialize;

use crate::assessment;
use crate::assessment::TargetProject;
use crate::building::memory;
use crate::cli::DoctorArgs;
use crate::commands::setup;
use crate::context::{self, Context};
use crate::error::Error;
use crate::exit;
use crate::fs;
use crate::fs::Stamp;
use crate::hosts;
use crate::installation::Installation;
use crate::julia::linker;
use crate::model::image::verdict::Verdict;
use crate::model::settings::Flags;
use crate::model::text::shell;
use crate::path_text;
use crate::platform;
use crate::store::{catalog, unfinished};
use crate::ui::count::count as counted;
use crate::ui::message::in_one_line;
use crate::ui::output;
use crate::ui::size::size;

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Good,
    Note,
    Wrong,
}

/// Result of one check.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    message: String,
    remedy: Option<String>,
}

impl Finding {
    fn good(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, level: Level::Good, message: message.into(), remedy: None }
    }

    fn wrong(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, level: Level::Wrong, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn note(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Note, ..Self::wrong(check, message, remedy) }
    }
}

pub(crate) fn run(arguments: &DoctorArgs, context: &Context) -> Result<u8, Error> {
    let settings = settings(context);
    let is_followed = settings.level == Level::Good;
    let mut findings = vec![settings, store(context)];
    let target =
        TargetProject::read(context, arguments.julia.julia.clone(), arguments.project.project.as_deref());
    match &target {
        Ok(target) => {
            findings.push(julia(target));
            findings.push(linker(context, target));
            findings.push(project(target));
            findings.extend(manifest(target));
            findings.push(caches(context, target));
        }
        Err(error @ (Error::Locate(_) | Error::Probe(_) | Error::Recursion { .. })) => {
            let remedy = remedy(error, "install Julia, or use `--julia`");
            findings.push(Finding::wrong("julia", error.in_one_line(), remedy));
        }
        // The problem with the settings has been reported.
        Err(_) if !is_followed => {}
        Err(error) => {
            let remedy = remedy(error, "`jlproj status` says more");
            findings.push(Finding::note("project", error.in_one_line(), remedy));
        }
    }
    findings.push(memory(context, target.as_ref().ok().map(|target| &target.installation)));
    findings.push(disk(context));
    findings.extend(shared_stores(context));
    findings.extend(images(context, arguments.thorough));
    findings.extend(ways_in(context));
    output::print(&findings, arguments.format.format, || table(&findings))?;
    let is_wrong = findings.iter().any(|finding| finding.level == Level::Wrong);
    Ok(if is_wrong { exit::FAILURE } else { exit::SUCCESS })
}

/// Remedy for an error.
fn remedy(error: &Error, otherwise: &str) -> String {
    error.hints().into_iter().next().unwrap_or_else(|| otherwise.to_owned())
}

fn settings(context: &Context) -> Finding {
    match assessment::settings(context, Flags::default()) {
        Ok(_) => Finding::good("settings", "can be followed"),
        Err(error) => {
            let remedy = remedy(&error, "fix the file or the variable");
            Finding::wrong("settings", error.in_one_line(), remedy)
        }
    }
}

fn store(context: &Context) -> Finding {
    let root = context.layout.root();
    if !context.has_store {
        return Finding::wrong("store", "there is no place for it", "set HOME or JLPROJ_HOME");
    }
    let stamp = Stamp::of(root);
    let shown = root.display();
    if !stamp.exists {
        return Finding::good("store", format!("`{shown}` will be made by the first build"));
    }
    if let Some(risk) = platform::tampering_risk(stamp.owner, stamp.mode) {
        return Finding::wrong(
            "store",
            format!("`{shown}` {risk}: its images are not used"),
            format!("make it yours alone: `chown $USER {shown} && chmod go-w {shown}`"),
        );
    }
    match tempfile::tempfile_in(root) {
        Ok(_) => Finding::good("store", format!("`{shown}` can be written")),
        Err(error) => Finding::note(
            "store",
            format!("`{shown}` cannot be written: {error}"),
            "builds fail and starts are a little slower; set JLPROJ_HOME to another folder",
        ),
    }
}

fn julia(target: &TargetProject) -> Finding {
    let (version, binary) = (&target.installation.identity.version, target.located.binary.display());
    Finding::good("julia", format!("{version} at `{binary}` ({})", target.located.reason))
}

fn linker(context: &Context, target: &TargetProject) -> Finding {
    let compiler = Context::compiler();
    let found = linker::find(compiler.as_deref(), context.search_path.as_deref(), &target.installation);
    match found {
        Some(linker) => Finding::good("linker", format!("`{}`", linker.program().display())),
        None => Finding::wrong("linker", "none was found", linker::INSTALL),
    }
}

fn project(target: &TargetProject) -> Finding {
    match &target.assessment.verdict {
        Verdict::Plain(plain) => {
            Finding::note("project", assessment::reason(plain), "`jlproj status` says more")
        }
        verdict => Finding::good("project", format!("has an image ({})", assessment::code(verdict))),
    }
}

/// Finding if another minor release of Julia resolved the manifest.
fn manifest(target: &TargetProject) -> Option<Finding> {
    let error = target.assessment.state.check_release(&target.installation).err()?;
    Some(Finding::note("manifest", error.in_one_line(), remedy(&error, "")))
}

/// Whether there is room for further precompile files of each package.
fn caches(context: &Context, target: &TargetProject) -> Finding {
    const SHOWN: usize = 5;
    let TargetProject { installation, assessment, .. } = target;
    let Some(depot) = assessment.state.depots.first() else {
        return Finding::good("caches", "there is no depot");
    };
    let limit = assessment::limit(context, installation);
    let at_limit = assessment::at_limit(depot, installation, None, limit);
    if at_limit.is_empty() {
        return Finding::good(
            "caches",
            format!("no package has the {limit} precompile files that Julia keeps"),
        );
    }
    let names: Vec<&str> = at_limit.iter().take(SHOWN).map(|package| package.package.as_str()).collect();
    let more = at_limit.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Finding::note(
        "caches",
        format!(
            "{}{more}: {limit} precompile files each, and Julia keeps no more: the next one drops another",
            names.join(", ")
        ),
        "`jlproj gc --caches`; fewer images, shared by more projects (`jlproj plan`), need fewer files",
    )
}

fn memory(context: &Context, installation: Option<&Installation>) -> Finding {
    let needed = memory::one_build(&context.layout, installation, None);
    match context::free_memory() {
        Some(free) if free < needed => Finding::note(
            "memory",
            format!("{} are free; a build takes about {}", size(free), size(needed)),
            "close other programs before a build",
        ),
        Some(free) => Finding::good("memory", format!("{} are free", size(free))),
        None => Finding::good("memory", "unknown on this system"),
    }
}

fn disk(context: &Context) -> Finding {
    const COMFORTABLE: u64 = 1_000_000_000;
    let root = context.layout.root();
    let existing = root.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    match platform::free_disk(existing) {
        Some(free) if free < COMFORTABLE => Finding::note(
            "disk",
            format!("{} are free in `{}`", size(free), existing.display()),
            "free some space, or set JLPROJ_HOME to another disk",
        ),
        Some(free) => Finding::good("disk", format!("{} are free", size(free))),
        None => Finding::good("disk", "unknown on this system"),
    }
}

/// Findings on stores of others, if there are any.
fn shared_stores(context: &Context) -> Vec<Finding> {
    let Ok(settings) = assessment::settings(context, Flags::default()) else {
        return Vec::new();
    };
    if settings.stores.value.is_empty() {
        return Vec::new();
    }
    let catalog = assessment::shared(context, &settings);
    let wrong = catalog.notes.iter().map(|note| {
        Finding::note("stores", note.clone(), "see `stores` in config.toml; starts go on without it")
    });
    let count = catalog.images.len();
    let good =
        Finding::good("stores", format!("{} of others can be used on this machine", counted(count, "image")));
    wrong.chain([good]).collect()
}

/// One finding for each image that is not as it was recorded, or one for all.
fn images(context: &Context, thorough: bool) -> Vec<Finding> {
    let catalog = catalog::read_all(&context.layout, &context.processor());
    let mut findings = Vec::new();
    for damaged in &catalog.damaged {
        let text = format!("{}: {}", damaged.name, damaged.reason);
        findings.push(Finding::wrong("image", text, "build it again: `jlproj build`"));
    }
    for image in &catalog.images {
        let key = &image.record.key;
        let project = shell::quote(path_text::decode(&image.record.project).as_os_str());
        let mut wrong = |flaw: &str, remedy: String| {
            let text = format!("{} of `{}`: {flaw}", key.short(), image.record.project);
            findings.push(Finding::wrong("image", text, remedy));
        };
        let again = format!("build it again: `jlproj build --force {project}`");
        let is_same = || {
            let digest = fs::contents_digest(&context.layout.image_file(key));
            digest.is_ok_and(|digest| digest == image.record.file.contents)
        };
        let failures = unfinished::failures(&context.layout, key);
        if let Some(flaw) = &image.flaw {
            wrong(flaw, format!("check it, and build it again if need be: `jlproj build {project}`"));
        } else if thorough && !is_same() {
            wrong("its contents are not what was recorded", again);
        } else if failures > 0 {
            let failures = counted(failures, "start");
            wrong(&format!("{failures} under it ended before Julia was ready"), again);
        }
    }
    if findings.is_empty() {
        let how = if thorough { "contents compared" } else { "size, time and owner compared" };
        findings.push(Finding::good("images", format!("{} as recorded ({how})", catalog.images.len())));
    }
    findings
}

/// Findings on other ways into Julia that were set up.
fn ways_in(context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in hosts::read_all(&context.layout) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                findings.push(Finding::wrong("setup", error.to_string(), error.hints().join("; ")));
                continue;
            }
        };
        let name = setup::shown(&record.setup);
        let troubles = setup::troubles(context, &record.setup);
        if troubles.is_empty() {
            findings.push(Finding::good("setup", format!("{name}: as it was set up")));
        }
        for trouble in troubles {
            findings.push(Finding::wrong("setup", format!("{name}: {}", trouble.message), trouble.remedy));
        }
    }
    findings
}

fn table(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let word = match finding.level {
            Level::Good => "ok",
            Level::Note => "note",
            Level::Wrong => "wrong",
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "{word:<6}{:<10}{}", finding.check, in_one_line(&finding.message));
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:16}→ {}", "", in_one_line(remedy));
        }
    }
    text
}
