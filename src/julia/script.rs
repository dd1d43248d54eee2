//! A script of ours that talks with the user on our terminal.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::julia::command::Invocation;
use crate::julia::locate::Located;
use crate::template::{self, Template};

/// Runs the script to its end, under the default image, in `project` where one is given.
///
/// # Errors
/// Where Julia cannot be started.
pub(crate) fn run(
    located: &Located,
    project: Option<&Path>,
    script: Template,
    arguments: impl IntoIterator<Item = OsString>,
) -> io::Result<ExitStatus> {
    let folder = tempfile::tempdir()?;
    let scripts = template::materialise(folder.path())?;
    let mut invocation =
        Invocation::new(&located.binary).argument("--startup-file=no").argument("--history-file=no");
    invocation.arguments.splice(0..0, located.arguments.iter().map(Into::into));
    if let Some(project) = project {
        invocation = invocation.option("--project", project);
    }
    invocation = invocation.argument(script.path_in(&scripts));
    invocation.arguments.extend(arguments);
    #[expect(clippy::disallowed_methods, reason = "it talks with the user on our terminal")]
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments).status()
}
