//! The meaning of Julia's options for jlproj.

use std::ffi::{OsStr, OsString};

use super::ruling::Ruling;
use super::step::{Given, steps};
use crate::model::loading::environment::ProjectFlag;

/// The program that Julia is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Program {
    /// Nothing: the REPL, or code from a stdin that is no terminal.
    #[default]
    Repl,
    /// A file; `-` is stdin.
    Script(OsString),
    /// The code of `-e` and `-E`. The arguments after the options are its `ARGS`.
    Code,
    /// The `main` of a module (1.12 and later).
    Module(OsString),
    /// Distributed started it as a worker.
    Worker,
}

/// Julia's options as far as they matter to jlproj.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// The last `--project`.
    pub(crate) project: Option<ProjectFlag>,
    /// Why no image of ours is used, whatever the project.
    pub(crate) image_ruled_out: Option<Ruling>,
    pub(crate) program: Program,
    /// `--trace-compile`: the user records what is compiled.
    pub(crate) traces: bool,
}

impl Effects {
    /// Reads Julia's options and the arguments after them, as [`super::split()`] divided them.
    #[must_use]
    pub(crate) fn of(julia: &[OsString], rest: &[OsString]) -> Self {
        let given: Vec<Given> = steps(julia).flat_map(|(step, _)| step.given).collect();
        let mut effects = Self { image_ruled_out: Ruling::of(&given), ..Self::default() };
        for Given { option, value } in given {
            effects.note(option.long, value);
        }
        let script = match rest {
            [dashes, script, ..] if dashes == "--" => Some(script),
            [script, ..] if script != "--" => Some(script),
            _ => None,
        };
        if let (Program::Repl, Some(script)) = (&effects.program, script) {
            effects.program = Program::Script(script.clone());
        }
        effects
    }

    /// Returns the file that Julia is to run; `-` is stdin.
    #[must_use]
    pub(crate) fn script(&self) -> Option<&OsStr> {
        match &self.program {
            Program::Script(script) => Some(script),
            _ => None,
        }
    }

    fn note(&mut self, option: &str, value: Option<OsString>) {
        match option {
            "project" => self.project = Some(value.map_or(ProjectFlag::Bare, ProjectFlag::Value)),
            "trace-compile" => self.traces = true,
            "worker" => self.program = Program::Worker,
            "module" => self.program = Program::Module(value.unwrap_or_default()),
            "eval" | "print" if self.program == Program::Repl => self.program = Program::Code,
            _ => {}
        }
    }
}
