//! Decides whether a start gets an image; if no file changed, the last decision stands.

use std::ffi::OsStr;
use std::mem;
use std::path::Path;

use serde::Serialize;

use crate::assessment::{
    Basis, ProjectState, assess, decision, describe, distant_stamps, locate_environment, plain_decision,
};
use crate::context::{self, Context};
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::julia::locate::{self, Located};
use crate::julia::probe::ProbeError;
use crate::model::image::key::Digest;
use crate::model::launch::options::{Effects, Ruling};
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::{ImagePolicy, Settings};
use crate::path_text;
use crate::platform;
use crate::store::verdict_cache::{self, StartDecision};

/// Decides on the project and the image. Trouble with the project's files means a plain start, not a failure.
///
/// # Errors
/// Where the Julia is a wrapper that starts jlproj again: starting it would never end.
pub(crate) fn decide(
    context: &Context,
    settings: &Settings,
    located: &Located,
    effects: &Effects,
) -> Result<StartDecision, Error> {
    let aside = || match &effects.image_ruled_out {
        Some(Ruling::ImageGiven) => Some("no image of jlproj's: another one was named".to_owned()),
        Some(ruling) => Some(format!("no image: {ruling}")),
        None => None,
    };
    if matches!(effects.image_ruled_out, Some(Ruling::Prints(_))) {
        refuse_wrapper(context, located)?;
        return Ok(without_image(StartDecision::default(), aside().unwrap_or_default(), false));
    }
    let question = Question::new(context, settings, located, effects).digest();
    let decision = match verdict_cache::look_up(&context.layout, &question, distant_stamps) {
        Some(decision) => decision,
        None => match compute(context, settings, located, effects, &question) {
            Ok(decision) => decision,
            Err(error @ Error::Probe(ProbeError::Wrapper { .. })) => return Err(error),
            Err(error) => {
                let base = StartDecision {
                    project_option: project_unseen(context, effects),
                    ..StartDecision::default()
                };
                without_image(base, format!("no image: {}", error.in_one_line()), true)
            }
        },
    };
    if let Some(reason) = aside() {
        return Ok(without_image(decision, reason, false));
    }
    if settings.sysimage.value == ImagePolicy::None {
        let reason = format!("no image: switched off by {}", settings.sysimage.origin);
        return Ok(without_image(decision, reason, false));
    }
    Ok(decision)
}

/// Project option for Julia if the project could not be looked up: to search upward itself, if we would have.
fn project_unseen(context: &Context, effects: &Effects) -> Option<String> {
    let variables = &context.julia_variables;
    let is_named = !context.looks_upward
        || effects.project.is_some()
        || variables.project.is_some()
        || variables.load_path.is_some();
    (!is_named).then(|| "@.".to_owned())
}

/// Refuses a wrapper around jlproj, before it is started for something that needs no image.
fn refuse_wrapper(context: &Context, located: &Located) -> Result<(), Error> {
    if !locate::is_script(&located.binary) {
        return Ok(());
    }
    match describe(context, located) {
        Err(error @ Error::Probe(ProbeError::Wrapper { .. })) => Err(error),
        _ => Ok(()),
    }
}

/// The same project, started plainly.
pub(crate) fn without_image(decision: StartDecision, reason: String, urgent: bool) -> StartDecision {
    let code = if urgent { "trouble" } else { "aside" }.to_owned();
    StartDecision { code, image: None, key: None, wanted: None, reason: Some(reason), urgent, ..decision }
}

/// Everything that a decision depends on, except for files.
#[derive(Serialize)]
struct Question {
    jlproj: &'static str,
    julia: String,
    project: Option<(bool, String)>,
    /// Only where `@script` is a project or an entry of the load path.
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
    /// Another machine that shares the store may have another one.
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
        let variables = variables.map(|value| value.as_deref().map(text));
        let flag: Option<&String> = project.as_ref().map(|(_, value): &(bool, String)| value);
        let is_script_named = variables.iter().flatten().chain(flag).any(|value| value.contains("@script"));
        Self {
            jlproj: env!("CARGO_PKG_VERSION"),
            julia: path_text::encode(&located.binary),
            project,
            script: effects.script().map(text).filter(|_| is_script_named),
            variables,
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

/// Computes the decision from the files, and keeps it.
///
/// # Errors
/// Where Julia cannot be asked, or the environment cannot be determined.
fn compute(
    context: &Context,
    settings: &Settings,
    located: &Located,
    effects: &Effects,
    question: &Digest,
) -> Result<StartDecision, Error> {
    platform::keep_freed_memory();
    let read_at = context::clock();
    let installation = describe(context, located)?;
    let files = ObservedFiles::default();
    for (path, _) in &installation.files {
        files.observe(path);
    }
    let (environment, depots) =
        locate_environment(context, &installation, effects.project.as_ref(), effects.script(), &files)?;
    let version = installation.identity.version.clone();
    let base = plain_decision(&environment, &files, version);
    let basis = Basis { context, installation: &installation, settings };
    let assessed =
        ProjectState::read(basis, environment, depots, &files).and_then(|state| assess(basis, state, &files));
    let is_partial = assessed.as_ref().is_ok_and(|assessment| assessment.catalog.is_partial);
    let decision = match assessed {
        Ok(assessment) => {
            let decision = decision(&assessment, base);
            // This process becomes Julia: to take a thousand packages apart before that is time lost.
            mem::forget(assessment);
            decision
        }
        // A folder without a project or a manifest is normal.
        Err(error @ (Error::NoProject { .. } | Error::NoProjectFile { .. } | Error::NoManifest { .. })) => {
            without_image(base, error.in_one_line(), false)
        }
        Err(error) => without_image(base, format!("no image: {}", error.in_one_line()), true),
    };
    // A store that did not answer may do so next time.
    if !is_partial {
        verdict_cache::keep(&context.layout, question, read_at, files.into_observations(), &decision);
    }
    Ok(decision)
}
