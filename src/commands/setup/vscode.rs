//! `jlproj setup vscode`: which folder, and which Julia.

use crate::cli::VscodeArgs;
use crate::commands::setup::launcher;
use crate::context::Context;
use crate::error::Error;
use crate::hosts::{Setup, Vscode};
use crate::path_text::PathText;
use crate::platform;

/// The set-up that is meant.
///
/// # Errors
/// Where there is no project or no Julia.
pub(super) fn setup(arguments: &VscodeArgs, context: &Context) -> Result<Vscode, Error> {
    let known = launcher::known(context, &arguments.options, launcher::named(&arguments.project), |setup| {
        let Setup::Vscode(vscode) = setup else { return None };
        Some((vscode.folder.0.clone(), vscode))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let folder = launcher::project(context, &arguments.project)?;
    let (located, _) = launcher::julia(context, &arguments.julia, &arguments.project)?;
    let place = launcher::folder(context, "vscode", &folder);
    let program = place.join(platform::program_name("julia".as_ref()));
    Ok(Vscode {
        launcher: launcher::launcher(context, &located, program, Vec::new())?,
        folder: PathText(folder),
        shared: arguments.shared,
    })
}
