//! `jlproj test`: a package's tests, under an image that never holds what is tested.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::assessment::{self, Overrides};
use crate::cli::TestArgs;
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::julia::command::Invocation;
use crate::model::environment::ProjectFlag;
use crate::platform;
use crate::template::{self, Template};

/// Runs the command. The exit code is Julia's.
///
/// # Errors
/// Where there is no Julia or no project.
pub(crate) fn run(arguments: &TestArgs, context: &Context) -> Result<u8, Error> {
    let overrides = Overrides { julia: arguments.julia.julia.clone(), ..Overrides::default() };
    let settings = assessment::settings(context, overrides)?;
    let located = assessment::find(context, None, settings.julia.value.as_deref())?;
    let installation = assessment::describe(context, &located)?;
    let flag = arguments.project.project.as_ref().map(|project| ProjectFlag::Value(project.clone()));
    let files = ObservedFiles::default();
    let (environment, _) =
        assessment::locate_environment(context, &installation, flag.as_ref(), None, &files)?;
    let no_project = || Error::NoProject { directory: context.directory.clone() };
    let project = environment.project_file.ok_or_else(no_project)?;
    let folder = tempfile::tempdir()?;
    let scripts = template::materialise(folder.path())?;
    let mut invocation = Invocation::new(&located.binary)
        .argument("--startup-file=no")
        .argument("--history-file=no")
        .option("--project", &project)
        .argument(Template::Test.path_in(&scripts))
        .argument(context.own_program.clone().unwrap_or_else(|| PathBuf::from("jlproj")))
        .argument(&located.binary)
        .argument(if arguments.coverage { "yes" } else { "no" })
        .argument(arguments.packages.len().to_string());
    invocation.arguments.splice(0..0, located.arguments.iter().map(OsString::from));
    invocation.arguments.extend(arguments.packages.iter().cloned());
    invocation.arguments.extend(arguments.arguments.iter().cloned());
    #[expect(clippy::disallowed_methods, reason = "the tests talk with the user on our terminal")]
    let mut command = Command::new(&invocation.program);
    let status = command
        .args(&invocation.arguments)
        .status()
        .map_err(|source| Error::NotStarted { program: located.binary.clone(), source })?;
    Ok(platform::exit_code(status))
}
