//! jlproj starts Julia with the system image that matches the project, and builds that image.
//!
//! Layers; each uses those below it only:
//!
//! | modules | what they do |
//! |---|---|
//! | `lib`, `cli`, `context`, `commands` | arguments and surroundings into values, then a plan, then effects |
//! | `building` | makes images |
//! | `assessment` | what is so: of a project, of all, of their images and precompile files |
//! | `hosts` | other programs that start Julia: what is written for them, and taken back |
//! | `store`, `julia`, `ui` | the disk under one root; Julia as a program; what people see |
//! | `installation`, `template`, `fs`, `path_text`, `platform` | what those share |
//! | `model` | decisions, from values alone |
//!
//! The store (`JLPROJ_HOME`, else the platform's data folder):
//!
//! ```text
//! images-v1/<key>/     sys.so  image.toml  inputs.json  loads.json  build.log
//! projects-v1/         one record a project that was built for, found or forgotten, and the log of a build that failed
//! usage-v1.log         one line a start
//! usage-v1.old         the same, and those of long ago counted together
//! verdicts-v1/         verdicts with the state of the files that they rest on
//! julias-v1/           what each Julia said of itself
//! notices-v1/          when a project was last told that it has no image
//! compared-v1/         images of shared stores whose contents were compared, and stores that did not answer
//! attempts-v1/         for what a build was last begun in the background, and what became of it
//! starts-v1/<key>/     starts under an image that have begun, and how many died
//! recordings-v1/       what Julia compiled at starts that were recorded
//! hosts-v1/            what was done for each other way into Julia, to take it back
//! shims-v1/            a folder for PATH, in which `julia` is jlproj
//! launchers-v1/        what programs that start Julia by a path are given
//! builders-v1/<julia>/ PackageCompiler's environment
//! scripts-v1/<digest>/ our Julia scripts
//! locks/  tmp/
//! ```

mod assessment;
mod building;
mod cli;
mod commands;
mod context;
mod error;
mod exit;
mod fs;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod hosts;
mod installation;
mod julia;
mod model;
mod path_text;
mod platform;
mod store;
mod template;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::cli::{Cli, Command, RunArgs};
use crate::context::Context;
use crate::error::Error;
use crate::model::hosts::wrapper;

/// Runs jlproj with these arguments, the first of which is the program's name, and returns its exit code.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let mut arguments = arguments;
    if arguments.first().is_some_and(|program| wrapper::is_julia(program)) {
        if arguments.get(1).is_none_or(|first| first != wrapper::AS_JLPROJ) {
            platform::outlive_file_size_limit();
            return ExitCode::from(caught(|| commands::shim::run(&arguments[1..])));
        }
        arguments.remove(1);
    }
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told where printing fails.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::SUCCESS });
        }
    };
    platform::outlive_file_size_limit();
    ExitCode::from(caught(|| execute(cli.command.as_ref())))
}

/// The exit code of what is done, or that of a bug.
fn caught(work: impl FnOnce() -> u8 + std::panic::UnwindSafe) -> u8 {
    // The panic's own message has been printed by then.
    std::panic::catch_unwind(work).unwrap_or_else(|_| {
        ui::message::line("this is a bug in jlproj; please report it with the lines above");
        exit::BUG
    })
}

/// The command line. What follows `run` and `julia` is taken as it is: clap would keep a first `--`, which ends our options.
fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    match arguments.as_slice() {
        [_, command, rest @ ..] if command == "run" => {
            Ok(Cli { command: Some(Command::Run(RunArgs { arguments: rest.to_vec() })) })
        }
        [_, command, rest @ ..] if command == "julia" => {
            Ok(Cli { command: Some(Command::Julia(RunArgs { arguments: rest.to_vec() })) })
        }
        _ => {
            cli::command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches))
        }
    }
}

/// Runs a command and returns the exit code; errors have been printed then.
fn execute(command: Option<&Command>) -> u8 {
    dispatch(command).unwrap_or_else(|error| {
        error.print();
        error.exit_code()
    })
}

fn dispatch(command: Option<&Command>) -> Result<u8, Error> {
    let context = || {
        platform::keep_freed_memory();
        Context::read()
    };
    let Some(command) = command else { return commands::overview::run(&context()?) };
    match command {
        // They read their surroundings themselves, since they have to go on whatever those are.
        Command::Run(arguments) => Ok(commands::run::run(arguments)),
        Command::Julia(arguments) => Ok(commands::shim::run_from_wrapper(&arguments.arguments)),
        Command::Build(arguments) => commands::build::run(arguments, &context()?),
        Command::Status(arguments) => commands::status::run(arguments, &context()?),
        Command::List(arguments) => commands::list::run(arguments, &context()?),
        Command::Warm(arguments) => commands::warm::run(arguments, &context()?),
        Command::Plan(arguments) => commands::plan::run(arguments, &context()?),
        Command::Scan(arguments) => commands::scan::run(arguments, &context()?),
        Command::Forget(arguments) => commands::forget::run(arguments, &context()?),
        Command::Cache(arguments) => commands::cache::run(arguments, &context()?),
        Command::Gc(arguments) => commands::gc::run(arguments, &context()?),
        Command::Report(arguments) => commands::report::run(arguments, &context()?),
        Command::Pkg(arguments) => commands::pkg::run(arguments, &context()?),
        Command::Test(arguments) => commands::test::run(arguments, &context()?),
        Command::Which(arguments) => commands::which::run(arguments, &context()?),
        Command::Key(arguments) => commands::key::run(arguments, &context()?),
        Command::Log(arguments) => commands::log::run(arguments, &context()?),
        Command::Setup(arguments) => commands::setup::run(arguments, &context()?),
        Command::Env(arguments) => commands::env::run(arguments, &context()?),
        Command::Exec(arguments) => commands::exec::run(arguments, &context()?),
        Command::Doctor(arguments) => commands::doctor::run(arguments, &context()?),
        Command::Completions(arguments) => commands::completions::run(arguments),
        Command::Man => commands::man::run(),
        Command::Processor(arguments) => commands::processor::run(arguments, &context()?),
    }
}
