//! Starts `jlproj build` beside what this process does or becomes: nobody waits for it, and nobody sees its output.

use std::path::Path;
use std::process::Command;

use crate::context::Context;
use crate::model::hosts::wrapper;
use crate::platform;

/// What it is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Build,
    /// Measure what the image that is there saves.
    Measure,
}

/// Begins it for a project and a Julia. A failure concerns nobody: the caller goes on.
pub(crate) fn begin(context: &Context, julia: &Path, project: &Path, task: Task) {
    let Some(program) = &context.own_program else { return };
    #[expect(clippy::disallowed_methods, reason = "goes on beside us, whatever we become")]
    let mut command = Command::new(program);
    if wrapper::is_julia(program.as_os_str()) {
        command.arg(wrapper::AS_JLPROJ);
    }
    command.args(["build", "--background"]);
    if task == Task::Measure {
        command.arg("--measure");
    }
    command.arg("--julia").arg(julia).arg("--").arg(project);
    let _ = platform::start_detached(&mut command);
}
