//! `jlproj setup quarto`: finds the Quarto project and the Julia project.

use std::path::{Path, PathBuf};

use crate::cli::QuartoArgs;
use crate::commands::setup::wrapper;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::hosts::{HostError, Quarto, Setup};
use crate::path_text::PathText;

/// Returns the set-up for these arguments.
///
/// # Errors
/// Where there is no Quarto project, no Julia project, or no Julia.
pub(super) fn setup(arguments: &QuartoArgs, context: &Context) -> Result<Quarto, Error> {
    let place = arguments.folder.as_ref().map(|folder| folder.as_os_str());
    let known = wrapper::known(context, &arguments.options, place, |setup| {
        let Setup::Quarto(quarto) = setup else { return None };
        Some((quarto.settings.parent()?.to_owned(), quarto))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let settings = settings(arguments, context)?;
    let project = wrapper::project(context, &arguments.project)?;
    let (located, _) = wrapper::julia(context, &arguments.julia, &arguments.project)?;
    let place = wrapper::folder(context, "quarto", &settings);
    Ok(Quarto {
        // The hook looks for it by this name.
        wrapper: wrapper::wrapper(context, &located, place.join("julia"), Vec::new())?,
        hook: PathText(place.join("hook.jl")),
        project: PathText(project),
        settings: PathText(settings),
    })
}

/// Path of the settings for this machine, beside those of the project.
fn settings(arguments: &QuartoArgs, context: &Context) -> Result<PathBuf, Error> {
    let start = arguments.folder.as_ref().map(|folder| context.directory.join(folder));
    let start = start.unwrap_or_else(|| context.directory.clone());
    let start = fs::canonicalize(&start).unwrap_or(start);
    let names = ["_quarto.yml", "_quarto.yaml"];
    let of = |folder: &Path| names.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let levels = if arguments.folder.is_some() { 1 } else { usize::MAX };
    let found = start.ancestors().take(levels).find_map(of).ok_or_else(|| HostError::Refused {
        text: format!("there is no Quarto project in `{}`: no `_quarto.yml`", start.display()),
        hints: vec!["go to one, or name it: `jlproj setup quarto FOLDER`".to_owned()],
    })?;
    let mut settings = found.into_os_string();
    settings.push(".local");
    Ok(settings.into())
}
