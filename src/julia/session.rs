//! Values needed by every Julia that we start for a project.

use std::path::{Path, PathBuf};

use crate::installation::Installation;
use crate::julia::command::Invocation;
use crate::julia::process::Watcher;
use crate::template::Template;

/// How much Julia does at once; `None`: as it does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Processes that precompile packages.
    pub(crate) precompile_tasks: Option<usize>,
    /// Threads that generate the code of an image.
    pub(crate) image_threads: Option<usize>,
}

/// One project, and the places for the work on it.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    pub(crate) julia: &'a Installation,
    /// Arguments that the channel adds.
    pub(crate) julia_arguments: &'a [String],
    /// Words of the runner; empty if this machine builds.
    pub(crate) runner: &'a [String],
    /// The project that packages are loaded from: read, never written.
    pub(crate) project_file: &'a Path,
    /// A folder of ours for intermediate files.
    pub(crate) folder: &'a Path,
    /// The folder of our scripts.
    pub(crate) scripts: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) limits: Limits,
    pub(crate) watcher: &'a dyn Watcher,
}

impl Session<'_> {
    /// A Julia of ours, under the default image.
    pub(crate) fn julia_invocation(&self) -> Invocation {
        let mut invocation = Invocation::julia(&self.julia.binary);
        invocation.arguments.splice(0..0, self.julia_arguments.iter().map(Into::into));
        invocation.runner.extend(self.runner.iter().map(Into::into));
        invocation
    }

    /// The path of a script.
    pub(crate) fn script(&self, template: Template) -> PathBuf {
        template.path_in(self.scripts)
    }
}
