//! A program to be started, as data.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::text::shell;

/// A program, its arguments and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Variables to set; `None` removes one.
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    pub(crate) directory: Option<PathBuf>,
    /// Words of the runner; empty if the program runs on this machine.
    pub(crate) runner: Vec<OsString>,
}

impl Invocation {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        Self { program, arguments: Vec::new(), environment: Vec::new(), directory: None, runner: Vec::new() }
    }

    /// A Julia of ours: no startup file or history of the user's, one thread, no colours, only the default image.
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

    /// Returns the program to start on this machine, and its arguments. A runner may not pass its environment on, so
    /// `env` sets the variables on the other machine.
    pub(crate) fn started(&self) -> (OsString, Vec<OsString>) {
        let Some((runner, rest)) = self.runner.split_first() else {
            return (self.program.clone().into_os_string(), self.arguments.clone());
        };
        let mut arguments = rest.to_vec();
        arguments.push("env".into());
        let (removed, set): (Vec<_>, Vec<_>) =
            self.environment.iter().partition(|(_, value)| value.is_none());
        for (name, _) in removed {
            arguments.extend(["-u".into(), name.clone()]);
        }
        for (name, value) in set {
            let mut assignment = name.clone();
            assignment.push("=");
            assignment.push(value.as_deref().unwrap_or_default());
            arguments.push(assignment);
        }
        arguments.push(self.program.clone().into_os_string());
        arguments.extend(self.arguments.iter().cloned());
        (runner.clone(), arguments)
    }

    /// Returns the command as one line for a shell.
    pub(crate) fn shell_line(&self) -> String {
        let (program, arguments) = self.started();
        shell::command_line(&program, &arguments)
    }
}
