//! Other ways into Julia, on the command line.

use clap::{Args, Subcommand};

use crate::model::dialect::Dialect;

/// Set up another way into Julia, so that it gets the image of the project
///
/// What is written asks jlproj for the image whenever it is started, and starts Julia plainly where there is none, or no
/// jlproj any more. `JLPROJ_DISABLE=1` switches it off. Setting up twice changes nothing the second time; `--undo` leaves
/// all files as they were.
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(subcommand)]
    pub(crate) host: HostCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    Shell(ShellArgs),
}

impl HostCommand {
    /// What is to be done with it.
    pub(crate) fn options(&self) -> &SetupOptions {
        match self {
            Self::Shell(arguments) => &arguments.options,
        }
    }
}

/// What is common to all hosts.
#[derive(Debug, Args)]
pub(crate) struct SetupOptions {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back what was done
    #[arg(long)]
    pub(crate) undo: bool,
    /// Say whether it still is as it was set up; ends with exit code 1 where it is not
    #[arg(long, conflicts_with_all = ["undo", "dry_run"])]
    pub(crate) check: bool,
}

/// Have `julia` be jlproj in a shell
///
/// Makes a folder with a `julia` in it that starts the next one on PATH, with the image of the project that it would have
/// anyway. Prints the line that puts the folder on PATH; with `--shell` puts it into the file that the shell reads at its
/// start.
#[derive(Debug, Args)]
pub(crate) struct ShellArgs {
    /// A shell whose start file is edited; may be given more than once
    #[arg(long = "shell", value_enum, value_name = "SHELL")]
    pub(crate) shells: Vec<Dialect>,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}
