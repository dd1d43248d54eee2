//! `jlproj test`: a package's tests, under an image that never holds the tested package.

use std::path::PathBuf;

use crate::assessment::{ForProject, Toolchain};
use crate::cli::TestArgs;
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::julia::script;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::Flags;
use crate::platform;
use crate::template::Template;

/// Runs the command. The exit code is Julia's.
///
/// # Errors
/// Where there is no Julia or no project.
pub(crate) fn run(arguments: &TestArgs, context: &Context) -> Result<u8, Error> {
    let overrides = Flags { julia: arguments.julia.julia.clone(), ..Flags::default() };
    let flag = arguments.project.project.as_ref().map(|project| ProjectFlag::Value(project.clone()));
    let toolchain = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?;
    let (environment, _) = toolchain.environment(flag.as_ref(), &ObservedFiles::default())?;
    let located = toolchain.located;
    let no_project = || Error::NoProject { directory: context.directory.clone() };
    let project = environment.project_file.ok_or_else(no_project)?;
    let program = context.own_program.clone().unwrap_or_else(|| PathBuf::from("jlproj"));
    let head = [
        program.into_os_string(),
        located.binary.clone().into_os_string(),
        if arguments.coverage { "yes" } else { "no" }.into(),
        arguments.packages.len().to_string().into(),
    ];
    let rest = arguments.packages.iter().chain(&arguments.arguments).cloned();
    let status = script::run(&located, Some(&project), Template::Test, head.into_iter().chain(rest))?;
    Ok(platform::exit_code(status))
}
