//! `jlproj build`: the image of one or more projects.

mod bake_project;
mod choice;
mod making;
mod plan;
mod preflight;
pub(crate) mod summary;

use std::ffi::OsString;

use crate::assessment::{self, Overrides};
use crate::cli::BuildArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::environment::ProjectFlag;
use crate::platform::Interruption;
use crate::store::{protection, workspace};
use crate::ui::progress::Verbosity;

use making::Making;
use plan::Plan;

/// What the flags say about one build.
#[derive(Clone, Copy, Debug)]
struct Options {
    force: bool,
    dry_run: bool,
    verbosity: Verbosity,
}

/// Runs the command.
///
/// # Errors
/// Where an image could not be built; with several projects the others are built all the same.
pub(crate) fn run(arguments: &BuildArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let verbosity = match (arguments.quiet, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let options = Options { force: arguments.force, dry_run: arguments.dry_run, verbosity };
    let making = Making::new(context, overrides(arguments), Interruption::watch()?)?;
    let swept = if options.dry_run { 0 } else { workspace::sweep(&context.layout) };
    if swept > 0 && verbosity != Verbosity::Quiet {
        crate::ui::message::note(&format!("removed what {swept} unfinished build(s) had left"));
    }
    match arguments.projects.projects.as_slice() {
        [] => build(&making, None, options),
        [project] => build(&making, Some(project), options),
        several => build_all(&making, several, options),
    }
}

fn overrides(arguments: &BuildArgs) -> Overrides {
    Overrides {
        julia: arguments.julia.julia.clone(),
        builder: arguments.builder,
        packagecompiler: arguments.packagecompiler.clone(),
        ..Overrides::default()
    }
}

/// Builds the images of several projects, one after the other.
fn build_all(making: &Making<'_>, projects: &[OsString], options: Options) -> Result<u8, Error> {
    let mut failed = 0;
    for project in projects {
        match build(making, Some(project), options) {
            Ok(_) => {}
            Err(error @ Error::Build { source: crate::julia::builder::BuildError::Interrupted(_), .. }) => {
                return Err(error);
            }
            Err(error) => {
                error.print();
                failed += 1;
            }
        }
    }
    if failed > 0 { Err(Error::SomeFailed { failed, all: projects.len() }) } else { Ok(exit::SUCCESS) }
}

/// Builds the image of one project, if it is not there.
fn build(making: &Making<'_>, project: Option<&OsString>, options: Options) -> Result<u8, Error> {
    let flag = project.map(|project| ProjectFlag::Value(project.clone()));
    let plan = Plan::make(making.context, &making.settings, &making.julia, flag.as_ref())?;
    if let Some(key) = plan.done().filter(|_| !options.force) {
        summary::already_there(&plan, options.verbosity);
        if !options.dry_run {
            // The image is in force all the same where the store cannot be written.
            let _ = making.adopt(&plan, key);
        }
        return Ok(exit::SUCCESS);
    }
    preflight::check(making, &plan)?;
    if options.dry_run {
        summary::intention(&plan);
        return Ok(exit::SUCCESS);
    }
    for folder in protection::tighten(&making.context.layout)? {
        let folder = crate::path_text::encode(&folder);
        crate::ui::message::note(&format!("`{folder}` could be written by others; now by you alone"));
    }
    making.make(&plan, options)?;
    Ok(exit::SUCCESS)
}

/// The Julia of a command.
pub(super) fn julia(
    context: &Context,
    settings: &crate::model::settings::Settings,
) -> Result<(crate::julia::locate::Located, crate::installation::Installation), Error> {
    let located = assessment::find(context, None, settings.julia.value.as_deref())?;
    let installation = assessment::describe(context, &located)?;
    Ok((located, installation))
}
