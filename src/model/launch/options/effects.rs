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

/// The workers that Julia is to start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Workers {
    #[default]
    None,
    /// `-p`: on this machine; they inherit the image.
    Local,
    /// `--machine-file`: elsewhere; they do not inherit it.
    Machines,
}

/// Julia's options as far as they matter to jlproj.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Effects {
    /// The last `--project`.
    pub(crate) project: Option<ProjectFlag>,
    /// The user names an image: `-J` or `--sysimage`.
    pub(crate) sysimage_given: bool,
    /// The last `-C`.
    pub(crate) cpu_target: Option<OsString>,
    /// Why no image of ours is used, whatever the project.
    pub(crate) image_ruled_out: Option<Ruling>,
    /// The last `--startup-file`; `None` if it was not given.
    pub(crate) startup_file: Option<bool>,
    /// `-q` or `--quiet`, wherever it stands.
    pub(crate) quiet: bool,
    /// `-i`: the REPL follows the program.
    pub(crate) interactive: bool,
    pub(crate) program: Program,
    pub(crate) workers: Workers,
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
            "sysimage" => self.sysimage_given = true,
            "cpu-target" => self.cpu_target = value.or(self.cpu_target.take()),
            "startup-file" => self.startup_file = value.map(|word| word != "no"),
            "quiet" => self.quiet = true,
            "interactive" => self.interactive = true,
            "procs" if self.workers == Workers::None => self.workers = Workers::Local,
            "machine-file" => self.workers = Workers::Machines,
            "trace-compile" => self.traces = true,
            "worker" => self.program = Program::Worker,
            "module" => self.program = Program::Module(value.unwrap_or_default()),
            "eval" | "print" if self.program == Program::Repl => self.program = Program::Code,
            _ => {}
        }
    }
}
