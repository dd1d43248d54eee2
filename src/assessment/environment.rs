//! The environment in which Julia looks for packages: depots, project file, workspace.

use std::ffi::OsStr;
use std::path::PathBuf;

use semver::Version;

use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::model::loading::depots::{DepotQuestion, depot_path};
use crate::model::loading::environment::{
    self, Environment, EnvironmentError, ProjectFlag, ProjectOrigin, Question, Workspace,
};
use crate::model::loading::files::Files as _;
use crate::model::loading::paths::System;

/// The depots that Julia searches.
///
/// # Errors
/// Where a `~` in `JULIA_DEPOT_PATH` cannot be expanded.
pub(crate) fn depots(context: &Context, installation: &Installation) -> Result<Vec<PathBuf>, Error> {
    let question = DepotQuestion {
        julia: &installation.version(),
        julia_depot_path: context.julia_variables.depot_path.as_deref(),
        home: context.home.as_deref(),
        binary_folder: &installation.binary_folder,
        system: System::HOST,
    };
    let depots = depot_path(&question).map_err(EnvironmentError::Tilde)?;
    Ok(depots.into_iter().map(|depot| context.directory.join(depot)).collect())
}

/// Finds the environment as Julia does.
///
/// # Errors
/// Where the environment cannot be determined.
pub(crate) fn locate_environment(
    context: &Context,
    installation: &Installation,
    flag: Option<&ProjectFlag>,
    script: Option<&OsStr>,
    files: &ObservedFiles,
) -> Result<(Environment, Vec<PathBuf>), Error> {
    let depots = depots(context, installation)?;
    let version = installation.version();
    let question = Question { script, ..question(context, installation, &version, flag, &depots) };
    Ok((environment::locate(&question, files)?, depots))
}

/// The workspace of a project, as this Julia sees it.
///
/// # Errors
/// Where there is no project, or a project file cannot be read.
pub(crate) fn workspace(
    context: &Context,
    installation: &Installation,
    flag: Option<&ProjectFlag>,
) -> Result<Workspace, Error> {
    let files = ObservedFiles::default();
    let depots = depots(context, installation)?;
    let version = installation.version();
    let question = question(context, installation, &version, flag, &depots);
    let environment = environment::locate(&question, &files)?;
    match environment.project_file {
        Some(path) if files.is_file(&path) => Ok(environment::workspace(&question, &files, &path)?),
        Some(path) if !matches!(environment.origin, ProjectOrigin::Default) => {
            Err(Error::NoProjectFile { path })
        }
        _ => Err(Error::NoProject { directory: context.directory.clone() }),
    }
}

/// The question about the project that `flag` names, as Julia would resolve it.
fn question<'a>(
    context: &'a Context,
    installation: &'a Installation,
    version: &'a Version,
    flag: Option<&'a ProjectFlag>,
    depots: &'a [PathBuf],
) -> Question<'a> {
    // An empty `JULIA_PROJECT` asks Julia for its default.
    let no_search = (!context.looks_upward).then_some(OsStr::new(""));
    Question {
        julia: version,
        project_flag: flag,
        julia_project: context.julia_variables.project.as_deref().or(no_search),
        julia_load_path: context.julia_variables.load_path.as_deref(),
        depots,
        directory: &context.directory,
        home: context.home.as_deref(),
        script: None,
        stdlib: Some(&installation.standard_library_folder),
        system: System::HOST,
    }
}
