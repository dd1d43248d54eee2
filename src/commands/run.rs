//! `jlproj run`: Julia, with the image of the project where one fits.
//!
//! The way of every start: no second Julia, no lock, no network, and then this process is Julia.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use serde::Serialize;

use crate::assessment::{self, ForProject, Overrides, ProjectState};
use crate::cli::{Cli, RunArgs};
use crate::context::{self, Context};
use crate::error::Error;
use crate::exit;
use crate::fs::ObservedFiles;
use crate::julia::command::Invocation;
use crate::julia::locate::{self, Located};
use crate::julia::probe::ProbeError;
use crate::julia::process::why_not_started;
use crate::model::image::key::Digest;
use crate::model::launch::options::{self, Additions, Effects, Ruling, Split};
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::{Auto, Flags, ImagePolicy, Settings, UserFile, Variables};
use crate::model::usage::journal::Start;
use crate::path_text;
use crate::platform;
use crate::store::verdict_cache::{self, Outcome};
use crate::store::{attempt, journal, lease, notice, project_record, recording, unfinished};
use crate::ui::{message, output};

/// Runs the command. Returns only where Julia was not started, or for a dry run.
pub(crate) fn run(arguments: &RunArgs) -> u8 {
    if matches!(arguments.arguments.first().and_then(|first| first.to_str()), Some("--help" | "-h")) {
        return print_help();
    }
    ended(start(&arguments.arguments))
}

/// The exit code; an error is printed.
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

/// How Julia is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// By `jlproj run`.
    Run,
    /// By the name `julia`: Julia finds the project by itself, and nothing is said to programs.
    AsJulia,
}

/// Whether we were started by a Julia that we asked about itself.
///
/// # Errors
/// Where that is so: it is a wrapper around jlproj.
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
    // One that did not answer a moment ago is not asked.
    let (stores, silent) = assessment::answering(context, &settings);
    settings.stores.value = stores;
    let wanted = settings.julia.value.as_deref();
    let effects = split.effects();
    let project = ForProject::This(effects.project.as_ref());
    let located = assessment::find(context, split.own.channel.as_deref(), wanted, project)?;
    let split = split.with_channel_arguments(&located.arguments);
    let mut outcome = decide(context, &settings, &located, &split.effects())?;
    if let Some(trouble) = trouble {
        outcome = without_image(outcome, format!("no image: {trouble}"), true);
    }
    // Held until Julia ends: `gc` removes no image that is in use.
    let lease = outcome.image.as_deref().map(path_text::decode).map(|image| lease::take(&image));
    if matches!(lease, Some(None)) {
        outcome = without_image(outcome, "no image: it is just being removed".to_owned(), true);
    }
    outcome = after_failure(context, outcome);
    require_image(&settings, &outcome)?;
    outcome.notes.extend(silent.iter().map(|store| assessment::silence(store)));
    if manner == Manner::AsJulia {
        outcome.project_option = None;
        outcome.urgent &= context.is_read;
    }
    tell(context, &settings, &split, &outcome);
    launch(context, &settings, &split, &located, &outcome)
}

/// The key of the image in use, where that tells when a start under it got through.
fn telling_key(outcome: &Outcome) -> Option<Digest> {
    outcome.key.as_deref().filter(|_| outcome.tells).and_then(Digest::parse)
}

/// The same; without an image where the last start under it died.
fn after_failure(context: &Context, outcome: Outcome) -> Outcome {
    if !telling_key(&outcome).is_some_and(|key| unfinished::has_just_failed(&context.layout, &key)) {
        return outcome;
    }
    let reason = "no image this time: the last start under it ended before Julia was ready".to_owned();
    without_image(outcome, reason, true)
}

/// Whether there is an image, where one is demanded.
///
/// # Errors
/// Where there is none.
fn require_image(settings: &Settings, outcome: &Outcome) -> Result<(), Error> {
    if settings.sysimage.value == ImagePolicy::Require && outcome.image.is_none() {
        let reason = outcome.reason.clone().unwrap_or_default();
        let reason = reason.strip_prefix("no image: ").map(str::to_owned).unwrap_or(reason);
        return Err(Error::NoImage { reason, is_missing: outcome.wanted.is_some() });
    }
    Ok(())
}

/// The settings; where they cannot be followed, what is wrong with them, and what of them chooses Julia.
fn settings(context: &Context, split: &Split) -> (Settings, Option<String>) {
    let overrides = || Overrides {
        julia: split.own.julia.clone().map(OsString::from),
        sysimage: split.own.sysimage,
        ..Overrides::default()
    };
    match assessment::settings(context, overrides()) {
        Ok(settings) => (settings, None),
        Err(error) => {
            let Overrides { julia, sysimage, .. } = overrides();
            let flags = Flags { julia, sysimage, ..Flags::default() };
            let Variables { julia, disable, .. } = context.variables.clone();
            let variables = Variables { julia, disable, ..Variables::default() };
            let file =
                UserFile { julia: context.user_file().unwrap_or_default().julia, ..UserFile::default() };
            let settings = Settings::resolve(&flags, &variables, &file);
            // Without a variable that holds one of a few words there is nothing that cannot be followed.
            (settings.unwrap_or_else(|_| unreachable!("defaults are valid")), Some(error.in_one_line()))
        }
    }
}

/// Decides on the project and the image. Trouble with the project's files means a plain start, not a failure.
///
/// # Errors
/// Where the Julia is a wrapper that starts jlproj again: to start it would have no end.
fn decide(
    context: &Context,
    settings: &Settings,
    located: &Located,
    effects: &Effects,
) -> Result<Outcome, Error> {
    let aside = || match &effects.image_ruled_out {
        Some(Ruling::ImageGiven) => Some("no image of jlproj's: another one was named".to_owned()),
        Some(ruling) => Some(format!("no image: {ruling}")),
        None => None,
    };
    if matches!(effects.image_ruled_out, Some(Ruling::Prints(_))) {
        refuse_wrapper(context, located)?;
        return Ok(without_image(Outcome::default(), aside().unwrap_or_default(), false));
    }
    let question = Question::new(context, settings, located, effects).digest();
    let outcome = match verdict_cache::look_up(&context.layout, &question, assessment::distant_stamps) {
        Some(outcome) => outcome,
        None => match reckon(context, settings, located, effects, &question) {
            Ok(outcome) => outcome,
            Err(error @ Error::Probe(ProbeError::Wrapper { .. })) => return Err(error),
            Err(error) => {
                let base = Outcome { project_option: project_unseen(context, effects), ..Outcome::default() };
                without_image(base, format!("no image: {}", error.in_one_line()), true)
            }
        },
    };
    if let Some(reason) = aside() {
        return Ok(without_image(outcome, reason, false));
    }
    if settings.sysimage.value == ImagePolicy::None {
        let reason = format!("no image: switched off by {}", settings.sysimage.origin);
        return Ok(without_image(outcome, reason, false));
    }
    Ok(outcome)
}

/// What Julia is told of the project where it could not be looked for: to look upward itself, if we would have.
fn project_unseen(context: &Context, effects: &Effects) -> Option<String> {
    let variables = &context.julia_variables;
    let is_named = !context.looks_upward
        || effects.project.is_some()
        || variables.project.is_some()
        || variables.load_path.is_some();
    (!is_named).then(|| "@.".to_owned())
}

/// Asks what a script is before it is started for something that needs no image.
fn refuse_wrapper(context: &Context, located: &Located) -> Result<(), Error> {
    if !locate::is_script(&located.binary) {
        return Ok(());
    }
    match assessment::describe(context, located) {
        Err(error @ Error::Probe(ProbeError::Wrapper { .. })) => Err(error),
        _ => Ok(()),
    }
}

/// The same project, started plainly.
fn without_image(outcome: Outcome, reason: String, urgent: bool) -> Outcome {
    let code = if urgent { "trouble" } else { "aside" }.to_owned();
    Outcome { code, image: None, key: None, wanted: None, reason: Some(reason), urgent, ..outcome }
}

/// All that an answer depends on and that no file says.
#[derive(Serialize)]
struct Question {
    jlproj: &'static str,
    julia: String,
    project: Option<(bool, String)>,
    script: Option<String>,
    variables: [Option<String>; 3],
    home: Option<String>,
    directory: String,
    looks_upward: bool,
    builder: String,
    exclude: Vec<String>,
    outside_limit: f64,
    stacked: bool,
    build_arguments: Vec<String>,
    cpu_target: String,
    /// A store may be shared with machines that have another one.
    processor: String,
    stores: Vec<String>,
}

impl Question {
    fn new(context: &Context, settings: &Settings, located: &Located, effects: &Effects) -> Self {
        let text = |value: &OsStr| path_text::encode(Path::new(value));
        let project = effects.project.as_ref().map(|flag| match flag {
            ProjectFlag::Bare => (true, String::new()),
            ProjectFlag::Value(value) => (false, text(value)),
        });
        let variables = &context.julia_variables;
        let variables = [&variables.project, &variables.load_path, &variables.depot_path];
        Self {
            jlproj: env!("CARGO_PKG_VERSION"),
            julia: path_text::encode(&located.binary),
            project,
            script: effects.script().map(text),
            variables: variables.map(|value| value.as_deref().map(text)),
            home: context.home.as_deref().map(path_text::encode),
            directory: path_text::encode(&context.directory),
            looks_upward: context.looks_upward,
            builder: format!("{:?}", settings.builder.value),
            exclude: settings.exclude.value.clone(),
            outside_limit: settings.outside_limit.value,
            stacked: settings.stacked.value,
            build_arguments: settings.build_arguments.value.clone(),
            cpu_target: format!("{} {}", settings.cpu_target.value, settings.cpu_target.origin),
            processor: context.processor_fingerprint.clone(),
            stores: settings.stores.value.iter().map(|store| path_text::encode(store)).collect(),
        }
    }

    fn digest(&self) -> Digest {
        // Texts and numbers always have a JSON form.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// Reckons the outcome from the files, and keeps it.
///
/// # Errors
/// Where Julia cannot be asked, or the environment cannot be told.
fn reckon(
    context: &Context,
    settings: &Settings,
    located: &Located,
    effects: &Effects,
    question: &Digest,
) -> Result<Outcome, Error> {
    let read_at = context::clock();
    let installation = assessment::describe(context, located)?;
    let files = ObservedFiles::default();
    for (path, _) in &installation.files {
        files.observe(path);
    }
    let (environment, depots) = assessment::locate_environment(
        context,
        &installation,
        effects.project.as_ref(),
        effects.script(),
        &files,
    )?;
    let version = installation.identity.version.clone();
    let base = assessment::plain_outcome(&environment, &files, version);
    let assessed = ProjectState::read(context, &installation, settings, environment, depots, &files)
        .and_then(|state| assessment::assess(context, &installation, settings, state, &files));
    let is_partial = assessed.as_ref().is_ok_and(|assessment| assessment.catalog.is_partial);
    let outcome = match assessed {
        Ok(assessment) => assessment::outcome(&assessment, base),
        // A folder without a project or a manifest is no trouble.
        Err(error @ (Error::NoProject { .. } | Error::NoProjectFile { .. } | Error::NoManifest { .. })) => {
            without_image(base, error.in_one_line(), false)
        }
        Err(error) => without_image(base, format!("no image: {}", error.in_one_line()), true),
    };
    // Where a store did not answer it may next time.
    if !is_partial {
        verdict_cache::keep(&context.layout, question, read_at, files.into_observations(), &outcome);
    }
    Ok(outcome)
}

/// Says what there is to say, on stderr.
fn tell(context: &Context, settings: &Settings, split: &Split, outcome: &Outcome) {
    if split.own.quiet {
        return;
    }
    let reason = outcome.reason.as_deref().unwrap_or("no image");
    if split.own.verbose > 0 {
        message::note(&format!("project {}", outcome.project.as_deref().unwrap_or("unknown")));
        match &outcome.image {
            Some(image) => message::note(&format!("image {image} ({})", outcome.code)),
            None => message::note(reason),
        }
        for note in &outcome.notes {
            message::note(note);
        }
        return;
    }
    let due = || {
        let Some(project) = outcome.project.as_deref().map(path_text::decode) else { return false };
        let is_suggestion = settings.auto.value == Auto::Suggest && context.is_read;
        let once_a_day = match outcome.code.as_str() {
            "none" | "too-much-outside" => is_suggestion,
            "shadowed" | "indirect" => true,
            _ => false,
        };
        once_a_day
            && notice::is_due(&context.layout, &project, context.now)
            && !is_declined(context, &project)
    };
    // What is only tried out is not told once a day.
    if outcome.urgent || (!split.own.dry_run && due()) {
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
    outcome: &Outcome,
) -> Result<u8, Error> {
    let project = outcome.project_option.as_deref().map(path_text::decode);
    let image = outcome.image.as_deref().map(path_text::decode);
    let trace = recording(context, split, outcome);
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
    if outcome.project.is_some() {
        journal::append(&context.layout, &journal_line(context, outcome));
        build_beside(context, settings, located, outcome);
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
    if let Some(mark) = telling_key(outcome).and_then(|key| unfinished::mark(&context.layout, &key)) {
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

/// The file into which this start is recorded, where that is asked for and the user records nothing elsewhere.
fn recording(context: &Context, split: &Split, outcome: &Outcome) -> Option<PathBuf> {
    if !(split.own.record || outcome.record) || split.effects().traces {
        return None;
    }
    let project = path_text::decode(outcome.project.as_deref()?);
    let start = (context.now, std::process::id());
    if split.own.dry_run {
        return Some(recording::file(&context.layout, &project, start));
    }
    recording::next_file(&context.layout, &project, start)
}

/// Begins to build the image that is missing, where the settings say so: at most once a day for the same image. What
/// goes wrong with it is not this start's business.
fn build_beside(context: &Context, settings: &Settings, located: &Located, outcome: &Outcome) {
    let is_asked = settings.auto.value == Auto::Background && settings.sysimage.value == ImagePolicy::Auto;
    let (Some(wanted), Some(project)) = (&outcome.wanted, &outcome.project) else { return };
    let project = path_text::decode(project);
    if !is_asked || !attempt::is_due(&context.layout, &project, context.now, wanted) {
        return;
    }
    let Some(program) = &context.own_program else { return };
    #[expect(clippy::disallowed_methods, reason = "goes on beside Julia, which this process becomes")]
    let mut command = Command::new(program);
    command.args(["build", "--background", "--julia"]).arg(&located.binary).arg("--").arg(&project);
    let _ = platform::start_detached(&mut command);
}

fn journal_line<'a>(context: &Context, outcome: &'a Outcome) -> Start<'a> {
    Start {
        time: context.now,
        verdict: &outcome.code,
        image: outcome.key.as_deref().unwrap_or("-"),
        julia: if outcome.julia.is_empty() { "-" } else { &outcome.julia },
        project: outcome.project.as_deref().unwrap_or("-"),
    }
}
