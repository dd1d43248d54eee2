//! `jlproj setup jupyter`: finds the place and the name of the kernel.

use crate::assessment::TargetProject;
use crate::cli::JupyterArgs;
use crate::commands::setup::wrapper;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::hosts::{self, Jupyter, RUN_KERNEL, Setup};
use crate::path_text::PathText;
use crate::platform;

/// Returns the set-up for these arguments.
///
/// # Errors
/// Where there is no project or no Julia, or no place for kernels.
pub(super) fn setup(arguments: &JupyterArgs, context: &Context) -> Result<Jupyter, Error> {
    let prefix = arguments.prefix.as_ref().map(|prefix| context.directory.join(prefix));
    let prefix = prefix.map(|prefix| PathText(fs::canonicalize(&prefix).unwrap_or(prefix)));
    let is_meant = |jupyter: &Jupyter| {
        jupyter.prefix == prefix && arguments.name.as_ref().is_none_or(|name| *name == jupyter.kernel())
    };
    let known = wrapper::known(context, &arguments.options, wrapper::named(&arguments.project), |setup| {
        let Setup::Jupyter(jupyter) = setup else { return None };
        is_meant(&jupyter).then(|| (jupyter.project.0.clone(), jupyter))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let project = wrapper::project(context, &arguments.project)?;
    let (located, version) = wrapper::julia(context, &arguments.julia, &arguments.project)?;
    let version = version.split('.').take(2).collect::<Vec<_>>().join(".");
    let data = match &prefix {
        Some(prefix) => prefix.join("share/jupyter"),
        None => context.host_variables.jupyter.clone().ok_or(Error::NoHome)?,
    };
    let name = arguments.name.clone();
    let name = name.unwrap_or_else(|| format!("jlproj-{}-{version}", wrapper::slug(&project)));
    let folder = data.join("kernels").join(name);
    let words = ["-i", "--color=yes"].map(|word| PathText(word.into()));
    let code = ["-e", RUN_KERNEL].map(|word| PathText(word.into()));
    let options = words.into_iter().chain([hosts::project_option(&project)]).chain(code).collect();
    let program = folder.join(platform::program_name("julia".as_ref()));
    let shown = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Jupyter {
        wrapper: wrapper::wrapper(context, &located, program, options)?,
        project: PathText(project),
        folder: PathText(folder),
        prefix,
        display_name: format!("Julia {version} ({shown}, jlproj)"),
        depot_path: context
            .julia_variables
            .depot_path
            .as_ref()
            .and_then(|path| path.to_str().map(str::to_owned)),
    })
}

/// Notes on what is still missing.
pub(super) fn notes(jupyter: &Jupyter, context: &Context) -> Vec<String> {
    let target = TargetProject::read(context, None, Some(jupyter.project.as_os_str()));
    let has_it = |target: TargetProject| {
        target.assessment.state.manifest.packages.values().any(|package| package.name == "IJulia")
    };
    if target.is_ok_and(has_it) {
        return Vec::new();
    }
    let note =
        "IJulia is not in the project: it has to be in the default environment, or the kernel does not start";
    vec![note.to_owned()]
}
