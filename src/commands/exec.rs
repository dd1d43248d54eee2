//! `jlproj exec`: a program with the environment that `jlproj env` prints. This process becomes that program.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::assessment::OfferRequest;
use crate::cli::ExecArgs;
use crate::commands::env::variables;
use crate::context::Context;
use crate::error::Error;
use crate::platform;

/// Runs the command. Returns only if the program was not started.
pub(crate) fn run(arguments: &ExecArgs, context: &Context) -> Result<u8, Error> {
    let request = OfferRequest {
        project: arguments.project.project.as_deref(),
        julia: arguments.julia.julia.clone(),
        ..OfferRequest::default()
    };
    let assignments = variables::set(context, &request)?;
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Error::Io(io::Error::other("no command")));
    };
    #[expect(clippy::disallowed_methods, reason = "the program that this process becomes")]
    let mut command = Command::new(program);
    command.args(rest);
    for (name, value) in &assignments {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let source = platform::replace_process(&mut command);
    Err(Error::ProgramNotStarted { program: PathBuf::from(program), source })
}
