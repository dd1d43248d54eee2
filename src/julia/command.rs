//! A program to be started, as data.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::shell;

/// A program, its arguments and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Variables to set; `None` removes one.
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    pub(crate) directory: Option<PathBuf>,
}

impl Invocation {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self { program, arguments: Vec::new(), environment: Vec::new(), directory: None }
    }

    /// A Julia of ours: nothing of the user's start-up, one thread, no colours, no image but the default.
    pub(crate) fn julia(program: &Path) -> Self {
        Self::new(program)
            .argument("--startup-file=no")
            .argument("--history-file=no")
            .argument("--color=no")
            .unset("JULIA_NUM_THREADS")
            .unset("JULIA_PROJECT")
            .unset("JULIA_LOAD_PATH")
            .set("JULIA_PKG_PRECOMPILE_AUTO", "0")
    }

    pub(crate) fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds `--name=value` for a value that may be any path.
    pub(crate) fn option(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut argument = OsString::from(name);
        argument.push("=");
        argument.push(value);
        self.argument(argument)
    }

    pub(crate) fn set(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), Some(value.into())));
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.environment.push((name.into(), None));
        self
    }

    /// The command as one line that a shell takes.
    pub(crate) fn shell_line(&self) -> String {
        shell::command_line(self.program.as_os_str(), &self.arguments)
    }
}
