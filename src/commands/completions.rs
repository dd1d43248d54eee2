//! `jlproj completions SHELL`: a script for a shell.

use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionsArgs};
use crate::error::Error;
use crate::exit;
use crate::ui::output;

pub(crate) fn run(arguments: &CompletionsArgs) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "jlproj", &mut script);
    output::write(&script)?;
    Ok(exit::SUCCESS)
}
