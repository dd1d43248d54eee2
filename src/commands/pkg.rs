//! `jlproj pkg`: Julia's package manager without the image, then the new verdict.

use crate::assessment::{ForProject, TargetProject, Toolchain};
use crate::cli::PkgArgs;
use crate::commands::status;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs::ObservedFiles;
use crate::julia::script;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::Flags;
use crate::platform;
use crate::template::Template;
use crate::ui::message;

pub(crate) fn run(arguments: &PkgArgs, context: &Context) -> Result<u8, Error> {
    let overrides = Flags { julia: arguments.julia.julia.clone(), ..Flags::default() };
    let flag = arguments.project.project.as_ref().map(|project| ProjectFlag::Value(project.clone()));
    let toolchain = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?;
    let (environment, _) = toolchain.environment(flag.as_ref(), &ObservedFiles::default())?;
    let located = toolchain.located;
    // Without a project file yet, the folder: Pkg makes the file.
    let target = environment
        .project_file
        .as_deref()
        .map(|project| if project.is_file() { project } else { project.parent().unwrap_or(project) });
    let status = script::run(&located, target, Template::Pkg, arguments.arguments.iter().cloned())?;
    if !status.success() {
        return Ok(platform::exit_code(status));
    }
    let project = environment.project_file.as_deref().map(std::path::Path::as_os_str);
    match TargetProject::read(context, arguments.julia.julia.clone(), project) {
        Ok(target) => message::note(&status::brief(context, &target)),
        // A project without a manifest has no verdict yet.
        Err(Error::NoManifest { .. } | Error::NoProjectFile { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(exit::SUCCESS)
}
