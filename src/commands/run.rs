//! `jlproj run`: Julia, with the image of the project if one fits.
//!
//! The path of every start: no second Julia, no lock, no network, and then this process is Julia.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;

use crate::assessment::{self, ForProject};
use crate::building::beside::{self, Task};
use crate::cli::{Cli, RunArgs};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::julia::command::Invocation;
use crate::julia::locate::Located;
use crate::julia::process::why_not_started;
use crate::model::image::key::Digest;
use crate::model::launch::options::{self, Additions, Split};
use crate::model::settings::{Auto, Flags, ImagePolicy, Origin, Setting, Settings, UserFile, Variables};
use crate::model::usage::journal::Start;
use crate::path_text;
use crate::platform;
use crate::store::recording::Occasion;
use crate::store::verdict_cache::StartDecision;
use crate::store::{attempt, journal, lease, notice, project_record, recording, unfinished};
use crate::ui::{message, output};

/// Runs the command. Returns only if Julia was not started, or for a dry run.
pub(crate) fn run(arguments: &RunArgs) -> u8 {
    if matches!(arguments.arguments.first().and_then(|first| first.to_str()), Some("--help" | "-h")) {
        return print_help();
    }
    ended(start(&arguments.arguments))
}

/// Exit code of a result; prints an error.
pub(super) fn ended(result: Result<u8, Error>) -> u8 {
    result.unwrap_or_else(|error| {
        error.print();
        match error.exit_code() {
            code @ (exit::JULIA_NOT_FOUND | exit::JULIA_NOT_RUNNABLE) => code,
            _ => exit::RUN_FAILED,
        }
    })
}

/// The help of `run`; Julia's own is behind `--`.
fn print_help() -> u8 {
    let mut command = Cli::command();
    command.build();
    let help = command.find_subcommand_mut("run").map(clap::Command::render_long_help);
    let text = help.map(|help| help.ansi().to_string()).unwrap_or_default();
    let mut stdout = anstream::stdout();
    let _ = std::io::Write::write_all(&mut stdout, text.as_bytes());
    exit::SUCCESS
}

fn start(arguments: &[OsString]) -> Result<u8, Error> {
    let split = options::split(arguments)?;
    let context = Context::read()?;
    refuse_probe(&context)?;
    begin(&context, split, Manner::Run)
}

/// Way in which Julia is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// By `jlproj run`.
    Run,
    /// By the name `julia`: Julia finds the project by itself, and nothing is printed for programs.
    AsJulia,
}

/// Refuses a start by a Julia that we are asking about itself.
///
/// # Errors
/// Where this is one: that Julia is a wrapper around jlproj.
pub(super) fn refuse_probe(context: &Context) -> Result<(), Error> {
    if !context.inside_probe {
        return Ok(());
    }
    let program = context.own_program.clone().unwrap_or_default().display().to_string();
    Err(Error::Recursion { program })
}

/// Decides on the image and becomes Julia.
pub(super) fn begin(context: &Context, split: Split, manner: Manner) -> Result<u8, Error> {
    let (mut settings, trouble) = settings(context, &split);
    // A store that did not answer a moment ago is not asked.
    let (stores, silent) = assessment::answering(context, &settings);
    settings.stores.value = stores;
    let effects = split.effects();
    let project = ForProject::This(effects.project.as_ref());
    let located = assessment::find(context, split.own.channel.as_deref(), &settings.julia, project)?;
    let split = split.with_channel_arguments(&located.arguments);
    let mut decision = assessment::decide(context, &settings, &located, &split.effects())?;
    if let Some(trouble) = trouble {
        decision = assessment::without_image(decision, format!("no image: {trouble}"), true);
    }
    // Held until Julia ends: `gc` removes no image that is in use.
    let lease = decision.image.as_deref().map(path_text::decode).map(|image| lease::take(&image));
    if matches!(lease, Some(None)) {
        decision = assessment::without_image(decision, "no image: it is just being removed".to_owned(), true);
    }
    // A death is counted where it is noticed: a dry run only looks.
    if !split.own.dry_run {
        decision = after_failure(context, decision);
    }
    require_image(&settings, &decision)?;
    decision.notes.extend(silent.iter().map(|store| assessment::silence(store)));
    if manner == Manner::AsJulia {
        decision.project_option = None;
        decision.urgent &= context.is_read;
    }
    tell(context, &settings, &split, &decision);
    launch(context, &settings, &split, &located, &decision)
}

/// Key of the image in use, if the image reports when a start under it got through.
fn telling_key(decision: &StartDecision) -> Option<Digest> {
    decision.key.as_deref().filter(|_| decision.tells).and_then(Digest::parse)
}

/// The same decision, but without an image if the last start under it died.
fn after_failure(context: &Context, decision: StartDecision) -> StartDecision {
    if !telling_key(&decision).is_some_and(|key| unfinished::has_just_failed(&context.layout, &key)) {
        return decision;
    }
    let reason = "no image this time: the last start under it ended before Julia was ready".to_owned();
    assessment::without_image(decision, reason, true)
}

/// Checks that there is an image, if one is required.
///
/// # Errors
/// Where there is none.
fn require_image(settings: &Settings, decision: &StartDecision) -> Result<(), Error> {
    if settings.sysimage.value == ImagePolicy::Require && decision.image.is_none() {
        let reason = decision.reason.clone().unwrap_or_default();
        let reason = reason.strip_prefix("no image: ").map(str::to_owned).unwrap_or(reason);
        return Err(Error::NoImage { reason, is_missing: decision.wanted.is_some() });
    }
    Ok(())
}

/// The settings; if they cannot be followed, the error and only those settings that choose Julia.
fn settings(context: &Context, split: &Split) -> (Settings, Option<String>) {
    let flags = || Flags {
        julia: split.own.julia.clone().map(OsString::from),
        sysimage: split.own.sysimage,
        ..Flags::default()
    };
    match assessment::settings(context, flags()) {
        Ok(settings) => (settings, None),
        Err(error) => {
            let Variables { julia, disable, .. } = context.variables.clone();
            let variables = Variables { julia, disable, ..Variables::default() };
            let file =
                UserFile { julia: context.user_file().unwrap_or_default().julia, ..UserFile::default() };
            let settings = Settings::resolve(&flags(), &variables, &file);
            // Cannot fail: only variables that hold one of a few words could, and none is left.
            (settings.unwrap_or_else(|_| unreachable!("defaults are valid")), Some(error.in_one_line()))
        }
    }
}

/// Prints notes on the decision, on stderr.
fn tell(context: &Context, settings: &Settings, split: &Split, decision: &StartDecision) {
    if split.own.quiet {
        return;
    }
    let reason = decision.reason.as_deref().unwrap_or("no image");
    if split.own.verbose > 0 {
        message::note(&format!("project {}", decision.project.as_deref().unwrap_or("unknown")));
        match &decision.image {
            Some(image) => message::note(&format!("image {image} ({})", decision.code)),
            None => message::note(reason),
        }
        for note in &decision.notes {
            message::note(note);
        }
        return;
    }
    let due = || {
        let Some(project) = decision.project.as_deref().map(path_text::decode) else { return false };
        let is_suggestion = settings.auto.value == Auto::Suggest && context.is_read;
        let once_a_day = match decision.code.as_str() {
            "none" | "too-much-outside" => is_suggestion,
            "shadowed" | "indirect" => true,
            _ => false,
        };
        once_a_day
            && notice::is_due(&context.layout, &project, context.now)
            && !is_declined(context, &project)
    };
    // A dry run prints no daily note.
    if decision.urgent || (!split.own.dry_run && due()) {
        message::note(reason);
    }
}

/// Whether the user dropped the project's image.
fn is_declined(context: &Context, project: &Path) -> bool {
    project_record::read(&context.layout, project).is_some_and(|record| record.is_declined)
}

/// Becomes Julia.
fn launch(
    context: &Context,
    settings: &Settings,
    split: &Split,
    located: &Located,
    decision: &StartDecision,
) -> Result<u8, Error> {
    let project = decision.project_option.as_deref().map(path_text::decode);
    let image = decision.image.as_deref().map(path_text::decode);
    let trace = recording(context, settings, split, decision);
    let ours = Additions { image: image.as_deref(), project: project.as_deref(), trace: trace.as_deref() };
    let mut invocation = Invocation::new(&located.binary);
    invocation.arguments = options::compose(split, ours);
    if context.julia_variables.precompile_limit.is_none() {
        invocation = invocation.set("JULIA_MAX_NUM_PRECOMPILE_FILES", assessment::UNDER_RUN.to_string());
    }
    if split.own.dry_run {
        output::line(invocation.shell_line().as_ref())?;
        return Ok(exit::SUCCESS);
    }
    if split.own.verbose > 1 {
        message::note(&invocation.shell_line());
    }
    if decision.project.is_some() {
        journal::append(&context.layout, &journal_line(context, decision));
        build_beside(context, settings, located, decision);
    }
    #[expect(clippy::disallowed_methods, reason = "the program that this process becomes")]
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments);
    for (name, value) in &invocation.environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(mark) = telling_key(decision).and_then(|key| unfinished::mark(&context.layout, &key)) {
        command.env(unfinished::MARK, &mark.path);
        command.envs(mark.failures.as_ref().map(|path| (unfinished::FAILURES, path)));
    }
    let source = why_not_started(&located.binary, platform::replace_process(&mut command));
    Err(Error::NotStarted { program: PathBuf::from(&located.binary), source })
}

/// Becomes this Julia, with these arguments and nothing else.
pub(super) fn become_julia(located: &Located, arguments: &[OsString]) -> Result<u8, Error> {
    #[expect(clippy::disallowed_methods, reason = "the program that this process becomes")]
    let mut command = Command::new(&located.binary);
    command.args(arguments);
    let source = why_not_started(&located.binary, platform::replace_process(&mut command));
    Err(Error::NotStarted { program: located.binary.clone(), source })
}

/// File into which this start is recorded, if it is to be and the user records nothing elsewhere.
fn recording(
    context: &Context,
    settings: &Settings,
    split: &Split,
    decision: &StartDecision,
) -> Option<PathBuf> {
    let project = path_text::decode(decision.project.as_deref()?);
    let occasion = occasion(settings, split, decision).filter(|_| !split.effects().traces)?;
    let start = (context.now, std::process::id());
    if split.own.dry_run {
        let is_recorded =
            occasion == Occasion::Asked || !recording::has_first_starts(&context.layout, &project);
        return is_recorded.then(|| recording::file(&context.layout, &project, start, occasion));
    }
    recording::next_file(&context.layout, &project, start, occasion)
}

/// Why this start is recorded; `None` if it is not to be.
fn occasion(settings: &Settings, split: &Split, decision: &StartDecision) -> Option<Occasion> {
    if split.own.record {
        return Some(Occasion::Asked);
    }
    let Setting { value, origin } = &settings.record;
    let of_project = decision.record.filter(|_| !matches!(origin, Origin::Environment(_)));
    match of_project.or(*value) {
        Some(true) => Some(Occasion::Asked),
        Some(false) => None,
        // Only of use where there is an image, or can be one.
        None => (decision.image.is_some() || decision.wanted.is_some()).then_some(Occasion::First),
    }
}

/// Begins to build the missing image in the background, or one with what was recorded, if the settings say so: at most once
/// a day for the same image. A failure of it does not concern this start.
fn build_beside(context: &Context, settings: &Settings, located: &Located, decision: &StartDecision) {
    let is_asked = settings.auto.value == Auto::Background && settings.sysimage.value == ImagePolicy::Auto;
    let Some(project) = decision.project.as_deref().map(path_text::decode).filter(|_| is_asked) else {
        return;
    };
    let is_exact = decision.code == "exact";
    let wanted = decision.wanted.as_deref().or_else(|| {
        let has_grown = is_exact && recording::has_first_starts(&context.layout, &project);
        has_grown.then_some("recorded")
    });
    if wanted.is_some_and(|wanted| attempt::is_due(&context.layout, &project, context.now, wanted)) {
        beside::begin(context, &located.binary, &project, Task::Build);
    }
}

fn journal_line<'a>(context: &Context, decision: &'a StartDecision) -> Start<'a> {
    Start {
        time: context.now,
        verdict: &decision.code,
        image: decision.key.as_deref().unwrap_or("-"),
        julia: if decision.julia.is_empty() { "-" } else { &decision.julia },
        project: decision.project.as_deref().unwrap_or("-"),
    }
}
