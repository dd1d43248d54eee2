//! `jlproj pkg`: Julia's package manager without the image, then the new verdict.

use std::process::Command;

use crate::assessment::{self, Overrides};
use crate::cli::PkgArgs;
use crate::commands::{status, subject};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs::ObservedFiles;
use crate::julia::command::Invocation;
use crate::model::environment::ProjectFlag;
use crate::platform;
use crate::template::{self, Template};
use crate::ui::message;

pub(crate) fn run(arguments: &PkgArgs, context: &Context) -> Result<u8, Error> {
    let overrides = Overrides { julia: arguments.julia.julia.clone(), ..Overrides::default() };
    let settings = assessment::settings(context, overrides)?;
    let located = assessment::find(context, None, settings.julia.value.as_deref())?;
    let installation = assessment::describe(context, &located)?;
    let flag = arguments.project.project.as_ref().map(|project| ProjectFlag::Value(project.clone()));
    let files = ObservedFiles::default();
    let (environment, _) =
        assessment::locate_environment(context, &installation, flag.as_ref(), None, &files)?;
    let folder = tempfile::tempdir()?;
    let scripts = template::materialise(folder.path())?;
    let mut invocation =
        Invocation::new(&located.binary).argument("--startup-file=no").argument("--history-file=no");
    invocation.arguments.splice(0..0, located.arguments.iter().map(Into::into));
    if let Some(project) = &environment.project_file {
        // The folder: Pkg makes the file where there is none.
        let target = if project.is_file() { Some(project.as_path()) } else { project.parent() };
        invocation = invocation.option("--project", target.unwrap_or(project));
    }
    invocation = invocation.argument(Template::Pkg.path_in(&scripts));
    invocation.arguments.extend(arguments.arguments.iter().cloned());
    #[expect(clippy::disallowed_methods, reason = "Pkg talks with the user on our terminal")]
    let mut command = Command::new(&invocation.program);
    let status = command
        .args(&invocation.arguments)
        .status()
        .map_err(|source| Error::NotStarted { program: located.binary.clone(), source })?;
    if !status.success() {
        return Ok(platform::exit_code(status));
    }
    let project = environment.project_file.as_deref().map(std::path::Path::as_os_str);
    match subject::read(context, arguments.julia.julia.clone(), project) {
        Ok(subject) => message::note(&status::brief(context, &subject)),
        // A project that has no manifest yet has no verdict.
        Err(Error::NoManifest { .. } | Error::NoProjectFile { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(exit::SUCCESS)
}
