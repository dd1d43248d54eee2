//! `jlproj build`: the images of projects.

mod background;
mod frequent;
mod queue;
mod workspace;

use std::ffi::OsString;

use crate::assessment::{self, ForProject};
use crate::building::{BuildContext, Options, Plan, make, runner, sweep};
use crate::cli::BuildArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::julia::locate::Located;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::Flags;
use crate::platform::Interruption;
use crate::ui::progress::{Display, Verbosity};

/// Runs the command.
///
/// # Errors
/// Where an image could not be built; with several projects the others are built all the same.
pub(crate) fn run(arguments: &BuildArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let verbosity = match (arguments.quiet || arguments.background, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let options = Options {
        force: arguments.force,
        dry_run: arguments.dry_run,
        passes_over_empty: arguments.workspace,
        measures: arguments.measure && !arguments.background,
        jobs: arguments.jobs,
        verbosity,
    };
    let display = Display::new(verbosity, context.stderr_is_terminal, arguments.jobs > 1);
    let context = &*runner::context_for(context, overrides(arguments))?;
    let interruption = Interruption::watch()?;
    let mut projects = arguments.projects.projects.clone();
    if arguments.workspace {
        let is_quiet = verbosity == Verbosity::Quiet;
        projects = workspace::projects(context, &overrides(arguments), &projects, is_quiet)?;
    }
    if projects.len() > 1 && !arguments.background {
        return each_with_its_julia(arguments, &projects, context, options, &interruption, &display);
    }
    let flag = projects.first().map(|project| ProjectFlag::Value(project.clone()));
    let many = arguments.frequent || arguments.all;
    let project = if many { ForProject::None } else { ForProject::This(flag.as_ref()) };
    let build = BuildContext::new(context, overrides(arguments), project, interruption, display)?;
    sweep(&build, options);
    if arguments.background {
        return if arguments.measure {
            background::measure(&build, &projects)
        } else {
            background::run(&build, &projects, options)
        };
    }
    if arguments.frequent || arguments.all {
        let chosen = frequent::choose(&build, arguments, verbosity)?;
        return queue::build_all(&build, &chosen, options);
    }
    build_project(&build, flag.as_ref(), Options { jobs: 1, ..options })
}

/// Builds the images of `projects`, grouped by Julia: manifests may choose different ones.
///
/// # Errors
/// Where an image could not be built; the others are built all the same.
fn each_with_its_julia(
    arguments: &BuildArgs,
    projects: &[OsString],
    context: &Context,
    options: Options,
    interruption: &Interruption,
    display: &Display,
) -> Result<u8, Error> {
    let settings = assessment::settings(context, overrides(arguments))?;
    let mut groups: Vec<(Located, Vec<OsString>)> = Vec::new();
    let mut all_failed = 0;
    for project in projects {
        let flag = ProjectFlag::Value(project.clone());
        match assessment::find(context, None, &settings.julia, ForProject::This(Some(&flag))) {
            Ok(located) => match groups.iter_mut().find(|(julia, _)| *julia == located) {
                Some((_, projects)) => projects.push(project.clone()),
                None => groups.push((located, vec![project.clone()])),
            },
            // The Julia of its manifest may not be installed; that of the others is.
            Err(error) => {
                queue::not_built(project, &error);
                all_failed += 1;
            }
        }
    }
    let all = projects.len();
    for (place, (_, projects)) in groups.iter().enumerate() {
        let flag = projects.first().map(|project| ProjectFlag::Value(project.clone()));
        let project = ForProject::This(flag.as_ref());
        let build =
            BuildContext::new(context, overrides(arguments), project, interruption.clone(), display.clone())?;
        if place == 0 {
            sweep(&build, options);
        }
        match queue::build_all(&build, projects, options) {
            Err(Error::SomeFailed { failed, .. }) => all_failed += failed,
            other => drop(other?),
        }
    }
    if all_failed > 0 { Err(Error::SomeFailed { failed: all_failed, all }) } else { Ok(exit::SUCCESS) }
}

fn overrides(arguments: &BuildArgs) -> Flags {
    Flags {
        julia: arguments.julia.julia.clone(),
        builder: arguments.builder,
        packagecompiler: arguments.packagecompiler.clone(),
        cpu_target: arguments.cpu_target.clone(),
        runner: arguments.runner.clone(),
        ..Flags::default()
    }
}

/// Builds the image of one project, if it is not there.
fn build_project(
    build: &BuildContext<'_>,
    project: Option<&ProjectFlag>,
    options: Options,
) -> Result<u8, Error> {
    let plan = Plan::make(&build.toolchain, project)?;
    make(build, &plan, options)
}
