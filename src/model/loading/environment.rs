//! The environment: the active project, and the whole stack that Julia searches for packages.
//!
//! Mirrors `base/initdefs.jl` (`init_load_path`, `init_active_project`, `load_path_expand`, `active_project`,
//! `load_path`) and `base/loading.jl` (`env_project_file`, `project_file_manifest_path`, `base_project`) of Julia 1.4
//! to 1.13, and of 1.14 on master of 2026-06-12: neither has projects inside scripts (JuliaLang/julia#59982). One
//! deviation is jlproj's own: if neither flag nor variable names a project, it is looked for upward from the current
//! folder, as `--project=@.` does, before Julia's default is taken.

mod load_path;
mod search;
#[cfg(test)]
mod tests;
mod workspace;

pub(crate) use search::PROJECT_NAMES;
pub(crate) use workspace::Workspace;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::model::loading::files::Files;
use crate::model::loading::paths::{System, TildeError};
use crate::model::loading::toml_file::TomlError;

/// `--project` as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProjectFlag {
    /// `--project`, which means `@.` (`jloptions.c`, all versions).
    Bare,
    /// `--project=…`, which may be empty.
    Value(OsString),
}

/// Inputs of the search, besides the files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The Julia that will be started.
    pub(crate) julia: &'a Version,
    /// The last `--project` of the command line.
    pub(crate) project_flag: Option<&'a ProjectFlag>,
    /// `JULIA_PROJECT`; `None` if it is not set.
    pub(crate) julia_project: Option<&'a OsStr>,
    /// `JULIA_LOAD_PATH`; `None` if it is not set.
    pub(crate) julia_load_path: Option<&'a OsStr>,
    /// `DEPOT_PATH`, from `depots::depot_path`.
    pub(crate) depots: &'a [PathBuf],
    /// The current folder.
    pub(crate) directory: &'a Path,
    /// The user's home folder.
    pub(crate) home: Option<&'a Path>,
    /// The first argument that is no option, for `@script`; Julia takes it even beside `-e`.
    pub(crate) script: Option<&'a OsStr>,
    /// `Sys.STDLIB`, the folder of the standard libraries.
    pub(crate) stdlib: Option<&'a Path>,
    /// The system whose path rules apply.
    pub(crate) system: System,
}

/// Origin of the choice of the active project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectOrigin {
    /// `--project`.
    Flag,
    /// `JULIA_PROJECT`.
    Variable,
    /// jlproj, looking upward from the current folder; Julia has to get it with `--project`.
    Found,
    /// `@temp` (Julia 1.12 and later): an empty folder that Julia makes at its start.
    Temporary,
    /// Julia, from `JULIA_LOAD_PATH`.
    LoadPath,
    /// Julia, from its default load path: in general `environments/v1.x` in the user's depot.
    Default,
}

/// One place where Julia looks for packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StackEntry {
    /// A project with its manifest.
    Project {
        /// The project file, which exists.
        project_file: PathBuf,
        /// The manifest, where there is one.
        manifest_file: Option<PathBuf>,
    },
    /// An implicit environment: a folder of packages, without a project file.
    Packages(PathBuf),
    /// The standard libraries.
    Stdlib,
}

/// The environment that Julia will search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    /// `Base.active_project()`; need not exist.
    pub(crate) project_file: Option<PathBuf>,
    /// Origin of the choice of the project.
    pub(crate) origin: ProjectOrigin,
    /// `Base.load_path()` without the entries from which nothing can be loaded.
    pub(crate) stack: Vec<StackEntry>,
    /// The project files whose preferences count, the strongest first: those of the stack, and on
    /// Julia 1.12 and later after the first one the workspace projects above it
    /// (`get_preferences` in `base/loading.jl`).
    pub(crate) preference_projects: Vec<PathBuf>,
}

impl Environment {
    /// The environment that packages come from first: the first project of the stack.
    #[must_use]
    pub(crate) fn primary(&self) -> Option<&StackEntry> {
        self.stack.get(self.primary_index())
    }

    /// Returns the entries that Julia searches before [`Self::primary`], which can hide its packages.
    #[must_use]
    pub(crate) fn shadowing(&self) -> &[StackEntry] {
        &self.stack[..self.primary_index()]
    }

    /// Returns the entries that Julia searches after [`Self::primary`].
    #[must_use]
    pub(crate) fn below(&self) -> &[StackEntry] {
        self.stack.get(self.primary_index() + 1..).unwrap_or_default()
    }

    /// Whether its project is the default environment, which nobody named, and does not exist: not worth a message.
    #[must_use]
    pub(crate) fn is_absent_default(&self, files: &dyn Files) -> bool {
        matches!(self.origin, ProjectOrigin::Default)
            && self.project_file.as_ref().is_some_and(|path| !files.is_file(path))
    }

    /// Returns the index of the primary entry; the length of the stack if it has no project.
    fn primary_index(&self) -> usize {
        let is_project = |entry: &StackEntry| matches!(entry, StackEntry::Project { .. });
        self.stack.iter().position(is_project).unwrap_or(self.stack.len())
    }
}

/// Why the environment is unknown. Julia fails on the same files and the same text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// A path with `~` that has no meaning.
    #[error(transparent)]
    Tilde(#[from] TildeError),
    /// A project file that is there and cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The disk's error.
        source: io::Error,
    },
    /// A project file that is no TOML, or whose `manifest` or `workspace` has the wrong type.
    #[error("cannot use `{}`", path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TomlError,
    },
}

/// Returns the environment that Julia would start with.
///
/// The look upward is left out if `JULIA_LOAD_PATH` is set and has no `@`: packages would not come from the project
/// that is found. It is also left out if `JULIA_PROJECT` is set and empty, which is how one asks Julia for its default.
///
/// # Errors
///
/// [`EnvironmentError`] where Julia itself would fail.
pub(crate) fn locate(question: &Question<'_>, files: &dyn Files) -> Result<Environment, EnvironmentError> {
    let search = search::Search { question, files };
    let entries = load_path::entries(&search)?;
    let choice = load_path::active(&search, &entries)?;
    let (project_file, origin) = load_path::project_file(&search, &entries, choice.clone());
    let paths = load_path::expanded(&search, &entries, &choice.active);
    let stack = load_path::stack(&search, &paths)?;
    let preference_projects = workspace::preference_projects(&search, &paths, &stack)?;
    Ok(Environment { project_file, origin, stack, preference_projects })
}

/// Returns the workspace of the project whose file is named; only the project if it is part of none.
///
/// # Errors
///
/// [`EnvironmentError`] if a project file of it cannot be read.
pub(crate) fn workspace(
    question: &Question<'_>,
    files: &dyn Files,
    project_file: &Path,
) -> Result<Workspace, EnvironmentError> {
    workspace::workspace(&search::Search { question, files }, project_file)
}
