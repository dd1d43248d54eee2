//! `jlproj status`: which image a project gets, and why.

use serde::Serialize;

use crate::assessment::{self, Assessment, PackageAtLimit, ProjectState, TargetProject, estimated_saving};
use crate::cli::StatusArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::installation::Installation;
use crate::model::image::bake::Outside;
use crate::model::image::difference::Difference;
use crate::model::image::key::{BakedPackage, find};
use crate::model::image::record::{KnownImage, Measurements};
use crate::model::image::verdict::{Plain, Verdict};
use crate::model::loading::early_extension::{EarlyExtension, early_extensions};
use crate::model::usage::journal::Clock;
use crate::model::usage::savings::PayOff;
use crate::path_text;
use crate::store::attempt;
use crate::store::recording::Recordings;
use crate::ui::count::count;
use crate::ui::output;
use crate::ui::pay_off::{load_time, pay_off_text};
use crate::ui::size::size;
use crate::ui::stages::{build_time, stages};
use crate::ui::table::pairs;
use crate::ui::time::date;

/// The report, in any format.
#[derive(Serialize)]
struct Report {
    project: String,
    manifest: String,
    /// Note that another minor release of Julia resolved the manifest.
    manifest_note: Option<String>,
    /// Note that the project's settings name packages that the manifest does not have.
    settings_note: Option<String>,
    /// Number of packages in the manifest that the project cannot load: they are for others of its workspace.
    unreached: usize,
    julia: JuliaReport,
    /// One word: see the manual.
    verdict: &'static str,
    reason: String,
    differences: Vec<Difference>,
    /// Packages that could be baked and are not in the image in force.
    missing: Vec<String>,
    /// Packages of the image in force that the project does not have: the user accepted that.
    foreign: Vec<String>,
    /// Extensions that load with their parent, since the image in force holds their triggers.
    early_extensions: Vec<EarlyExtension>,
    image: Option<ImageReport>,
    /// Statements that were recorded of the project's starts.
    recorded: Option<RecordedReport>,
    /// Cost and gain of the image, in seconds.
    pay_off: Option<PayOff>,
    /// Last work for the project in the background.
    background: Option<String>,
    /// Packages at the limit: Julia keeps no more precompile files of them, and the next one drops another.
    #[serde(rename = "crowded")]
    at_limit: Vec<PackageAtLimit>,
    /// Why stores of others, or images in them, are not used.
    notes: Vec<String>,
    wanted_key: String,
    packages: Vec<PackageReport>,
    outside: Vec<OutsideReport>,
}

#[derive(Serialize)]
struct JuliaReport {
    version: String,
    binary: String,
    chosen: String,
}

#[derive(Serialize)]
struct RecordedReport {
    /// Number of those whose packages are baked.
    statements: usize,
    /// Number of those that were not replayed when the image was built; all of them without an image.
    missing: usize,
    /// Whether the next build replays those.
    in_next_build: bool,
}

#[derive(Serialize)]
struct ImageReport {
    key: String,
    path: String,
    in_force: bool,
    size: u64,
    built: i64,
    builder: String,
    /// Target that Julia was given for the build.
    cpu_target: String,
    /// Processors that the image file names; empty if unknown.
    code_for: String,
    packages: usize,
    measured: Measurements,
    /// Seconds that a start with it saves, by estimate: of use where `measured` tells none.
    estimated_saving: f64,
}

#[derive(Serialize)]
struct PackageReport {
    name: String,
    uuid: String,
    version: String,
}

impl PackageReport {
    fn of(package: &BakedPackage) -> Self {
        let (name, version) = (package.name.clone(), package.version.clone());
        Self { name, uuid: package.uuid.to_string(), version }
    }
}

#[derive(Serialize)]
struct OutsideReport {
    name: String,
    reason: String,
}

pub(crate) fn run(arguments: &StatusArgs, context: &Context) -> Result<u8, Error> {
    let julia = arguments.julia.julia.clone();
    let target = TargetProject::read(context, julia, arguments.project.project.as_deref())?;
    let report = report(context, &target);
    output::print(&report, arguments.format.format, || table(&report, arguments.verbose))?;
    let in_force = report.image.as_ref().is_some_and(|image| image.in_force);
    Ok(if arguments.check && !in_force { exit::NOT_FRESH } else { exit::SUCCESS })
}

/// The verdict in a line or two, as after `pkg`.
pub(crate) fn brief(context: &Context, target: &TargetProject) -> String {
    report(context, target).reason
}

fn report(context: &Context, target: &TargetProject) -> Report {
    let TargetProject { located, installation, assessment, switched_off } = target;
    let Assessment { state, wanted, verdict, .. } = assessment;
    let clock = Clock::at(context.now);
    // Its use is an addition: without the journal, all else is as true.
    let known = assessment::known_project(context, clock, &state.folder).ok();
    let (differences, missing) = match verdict {
        Verdict::Contained { differences, missing, .. } => (differences.clone(), missing.clone()),
        Verdict::Plain(Plain::Stale { differences, .. }) => (differences.clone(), Vec::new()),
        _ => (Vec::new(), Vec::new()),
    };
    let foreign = foreign(assessment);
    let mut image = image(context, installation, assessment);
    if let Some(image) = image.as_mut().filter(|_| switched_off.is_some()) {
        image.in_force = false;
    }
    let estimate = image.as_ref().map(|image| image.estimated_saving);
    let mut packages: Vec<PackageReport> = wanted.inputs.packages.iter().map(PackageReport::of).collect();
    packages.sort_by(|left, right| left.name.cmp(&right.name));
    let mut outside: Vec<OutsideReport> = wanted
        .outside
        .values()
        .map(|(name, reason)| OutsideReport { name: name.clone(), reason: reason.to_string() })
        .collect();
    outside.extend(
        left_out(assessment).map(|name| OutsideReport { name, reason: Outside::DoesNotLoad.to_string() }),
    );
    outside.sort_by(|left, right| left.name.cmp(&right.name));
    Report {
        project: path_text::encode(&state.folder),
        manifest: path_text::encode(&state.manifest_file),
        manifest_note: state.check_release(installation).err().map(|error| error.in_one_line()),
        settings_note: state.note_on_names(),
        unreached: state.unreached.len(),
        julia: JuliaReport {
            version: installation.identity.version.clone(),
            binary: path_text::encode(&located.binary),
            chosen: located.reason.clone(),
        },
        verdict: if switched_off.is_some() { "off" } else { assessment::code(verdict) },
        reason: switched_off.clone().unwrap_or_else(|| reason(verdict, &foreign)),
        differences,
        missing,
        foreign,
        early_extensions: extensions(installation, assessment),
        pay_off: known.as_ref().and_then(|known| known.pay_off(clock, estimate)),
        image,
        recorded: recorded(context, installation, assessment),
        background: attempt::last(&context.layout, &state.folder)
            .map(|(time, text)| format!("{}: {text}", date(time))),
        at_limit: at_limit(context, installation, &assessment.state),
        notes: assessment.catalog.notes.clone(),
        wanted_key: wanted.inputs.key().to_string(),
        packages,
        outside,
    }
}

/// Packages of the project at the limit of precompile files.
fn at_limit(context: &Context, installation: &Installation, state: &ProjectState) -> Vec<PackageAtLimit> {
    let Some(depot) = state.depots.first() else { return Vec::new() };
    let names: Vec<&str> = state.manifest.packages.values().map(|package| package.name.as_str()).collect();
    let limit = assessment::limit(context, installation);
    assessment::at_limit(depot, installation, Some(&names), limit)
}

fn reason(verdict: &Verdict, foreign: &[String]) -> String {
    match verdict {
        Verdict::Exact { .. } => "the image is up to date".to_owned(),
        Verdict::Contained { .. } if !foreign.is_empty() => {
            "an image is in force that holds packages which the project does not have, as you accepted"
                .to_owned()
        }
        Verdict::Contained { missing, .. } if missing.is_empty() => {
            "an image with the same packages is in force".to_owned()
        }
        Verdict::Contained { missing, .. } => {
            format!("an image that lacks {} of the packages is in force", missing.len())
        }
        Verdict::Plain(plain) => assessment::reason(plain),
    }
}

/// The image of the verdict.
fn image(context: &Context, installation: &Installation, assessment: &Assessment) -> Option<ImageReport> {
    let (key, in_force) = match &assessment.verdict {
        Verdict::Exact { key } | Verdict::Contained { key, .. } => (key, true),
        Verdict::Plain(
            Plain::Stale { key, .. }
            | Plain::Broken { key, .. }
            | Plain::Unfit { key, .. }
            | Plain::TooMuchOutside { key, .. }
            | Plain::NoArtifact { key, .. }
            | Plain::Indirect { key, .. },
        ) => (key, false),
        Verdict::Plain(_) => return None,
    };
    let KnownImage { record, inputs, path, .. } = assessment.catalog.image(key)?;
    let own = &assessment.wanted.inputs.packages;
    let of_project =
        inputs.packages.iter().map(|package| package.uuid).filter(|uuid| find(own, *uuid).is_some());
    Some(ImageReport {
        key: key.to_string(),
        path: path_text::encode(path),
        in_force,
        size: record.file.size,
        built: record.built,
        builder: inputs.builder.clone(),
        cpu_target: inputs.cpu_target.clone(),
        code_for: record.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", "),
        packages: inputs.packages.len() - record.left_out(inputs).count(),
        measured: record.measured.clone(),
        estimated_saving: estimated_saving(context, installation, &assessment.catalog.images, of_project),
    })
}

/// Names of the packages of the image in force that the project does not have.
fn foreign(assessment: &Assessment) -> Vec<String> {
    let Verdict::Contained { key, .. } = &assessment.verdict else { return Vec::new() };
    let image = assessment.catalog.images.iter().find(|image| image.record.key == *key);
    let packages = image.map(|image| image.inputs.packages.as_slice()).unwrap_or_default();
    let own = &assessment.wanted.inputs.packages;
    let foreign = packages.iter().filter(|package| find(own, package.uuid).is_none());
    let mut names: Vec<String> = foreign.map(|package| package.name.clone()).collect();
    names.sort();
    names
}

/// Names of the project's packages that the image in force does without.
fn left_out(assessment: &Assessment) -> impl Iterator<Item = String> {
    let image = match &assessment.verdict {
        Verdict::Exact { key } | Verdict::Contained { key, .. } => assessment.catalog.image(key),
        Verdict::Plain(_) => None,
    };
    let own = &assessment.wanted.inputs.packages;
    let left_out = image.into_iter().flat_map(|image| image.record.left_out(&image.inputs));
    left_out.filter(|package| find(own, package.uuid).is_some()).map(|package| package.name.clone())
}

/// Extensions that load sooner under the image in force.
fn extensions(installation: &Installation, assessment: &Assessment) -> Vec<EarlyExtension> {
    let (Verdict::Exact { key } | Verdict::Contained { key, .. }) = &assessment.verdict else {
        return Vec::new();
    };
    let packages = assessment.catalog.image(key).into_iter().flat_map(|image| &image.inputs.packages);
    let baked = packages.map(|package| package.uuid).collect();
    let always = installation.in_default_image.iter().copied().collect();
    early_extensions(&assessment.state.manifest, &baked, &always)
}

/// Recorded statements; `None` if there are none.
fn recorded(
    context: &Context,
    installation: &Installation,
    assessment: &Assessment,
) -> Option<RecordedReport> {
    let packages = assessment.wanted.inputs.packages.iter().map(|package| package.name.clone());
    let held = packages.chain(installation.names_in_default_image()).collect();
    let recordings = Recordings::read(&context.layout, &[&assessment.state.folder], &held);
    let statements = recordings.len();
    if statements == 0 {
        return None;
    }
    let image = match &assessment.verdict {
        Verdict::Exact { key } => assessment.catalog.image(key),
        _ => None,
    };
    let Some(image) = image else {
        return Some(RecordedReport { statements, missing: statements, in_next_build: true });
    };
    let lacking = recordings.lacking(&context.layout, &image.record);
    let (missing, in_next_build) = (lacking.all, lacking.is_worth_a_build());
    Some(RecordedReport { statements, missing, in_next_build })
}

fn table(report: &Report, verbose: bool) -> String {
    let mut lines = vec![
        ("project", report.project.clone()),
        ("julia", format!("{} ({}, {})", report.julia.version, report.julia.binary, report.julia.chosen)),
        ("verdict", format!("{}: {}", report.verdict, report.reason)),
    ];
    if let Some(note) = &report.manifest_note {
        lines.push(("manifest", note.clone()));
    }
    if let Some(note) = &report.settings_note {
        lines.push(("settings", note.clone()));
    }
    if verbose && report.unreached > 0 {
        let text = format!("{} of the packages in the manifest are not for this project", report.unreached);
        lines.push(("workspace", text));
    }
    if !report.differences.is_empty() {
        lines.push(("changed", join(report.differences.iter().map(ToString::to_string))));
    }
    if !report.missing.is_empty() {
        lines.push(("not in the image", report.missing.join(", ")));
    }
    if !report.foreign.is_empty() {
        lines.push(("foreign", report.foreign.join(", ")));
    }
    if let Some(image) = &report.image {
        lines.push(("image", image.path.clone()));
        lines.push((
            "made",
            format!(
                "{}, {}, {}, {}",
                date(image.built),
                image.builder,
                count(image.packages, "package"),
                size(image.size)
            ),
        ));
        lines.push(("processor", image.cpu_target.clone()));
        lines.push(("load time", load_time(&image.measured, image.estimated_saving)));
        lines.push(("built in", build_time(&image.measured)));
        if verbose {
            lines.push(("", stages(&image.measured)));
        }
    }
    // An image that is gone cannot be dropped.
    if let Some(pay_off) = report.pay_off.as_ref().filter(|_| report.image.is_some()) {
        lines.push(("pay-off", pay_off_text(pay_off, &report.project)));
    }
    if let Some(recorded) = &report.recorded {
        lines.push(("recorded", recorded_text(recorded)));
    }
    if let Some(background) = &report.background {
        lines.push(("background", background.clone()));
    }
    if !report.at_limit.is_empty() {
        let at_limit = report
            .at_limit
            .iter()
            .map(|package| format!("{} ({})", package.package, count(package.files, "file")));
        let text = "\nJulia keeps no more: the next one drops another; `jlproj gc --caches`";
        lines.push(("caches", format!("{}{text}", at_limit.collect::<Vec<_>>().join(", "))));
    }
    if !report.early_extensions.is_empty() {
        let early = report.early_extensions.iter().map(|EarlyExtension { name, parent, triggers }| {
            format!("{name} loads with {parent}: the image holds {}", triggers.join(", "))
        });
        lines.push(("extensions", join(early)));
    }
    let outside = report.outside.iter().map(|outside| format!("{}: {}", outside.name, outside.reason));
    if !report.outside.is_empty() {
        lines.push(("stays outside", join(outside)));
    }
    if verbose && !report.notes.is_empty() {
        lines.push(("stores", join(report.notes.iter().cloned())));
    }
    if verbose {
        let packages = report.packages.iter().map(|package| format!("{} {}", package.name, package.version));
        lines.push(("to bake", join(packages)));
        lines.push(("wanted key", report.wanted_key.clone()));
    }
    pairs(&lines)
}

fn recorded_text(recorded: &RecordedReport) -> String {
    let RecordedReport { statements, missing, in_next_build } = *recorded;
    let all = count(statements, "statement");
    match missing {
        0 => format!("{all}, in the image"),
        _ if !in_next_build => format!("{all}, {missing} not in the image: too few for another build"),
        _ if missing == statements => format!("{all}, not in the image yet; run `jlproj build`"),
        _ => format!("{all}, {missing} not in the image yet; run `jlproj build`"),
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| text.trim().to_owned()).collect::<Vec<_>>().join("\n")
}
