//! `jlproj setup vscode`: finds the folder and the Julia.

use std::path::Path;

use crate::cli::{JuliaArg, VscodeArgs};
use crate::commands::setup::{juliaup, wrapper};
use crate::context::Context;
use crate::error::Error;
use crate::hosts::{self, Setup, Vscode};
use crate::julia::locate::Located;
use crate::path_text::PathText;
use crate::platform;

/// Returns the set-up for these arguments.
///
/// # Errors
/// Where there is no project or no Julia.
pub(super) fn setup(arguments: &VscodeArgs, context: &Context) -> Result<Vscode, Error> {
    let known = wrapper::known(context, &arguments.options, wrapper::named(&arguments.project), |setup| {
        let Setup::Vscode(vscode) = setup else { return None };
        Some((vscode.folder.0.clone(), vscode))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let folder = wrapper::project(context, &arguments.project)?;
    let place = wrapper::folder(context, "vscode", &folder);
    let program = place.join(platform::program_name("julia".as_ref()));
    let named = named_before(context, &folder, &program)?;
    let located = julia(arguments, context, named.as_deref())?;
    Ok(Vscode {
        wrapper: wrapper::wrapper(context, &located, program, Vec::new())?,
        folder: PathText(folder),
        shared: arguments.shared,
        has_juliaup: juliaup::program(context).is_some(),
        named,
    })
}

/// The Julia named by the folder's settings, or by those before ours.
fn named_before(context: &Context, folder: &Path, program: &Path) -> Result<Option<String>, Error> {
    let named = hosts::named_julia(folder)?;
    if named.as_deref().map(Path::new) != Some(program) {
        return Ok(named);
    }
    let records = hosts::read_all(&context.layout).into_iter().flatten();
    let mut known = records.filter_map(|record| match record.setup {
        Setup::Vscode(vscode) if *vscode.folder == *folder => vscode.named,
        _ => None,
    });
    Ok(known.next_back())
}

/// The Julia to start: from the arguments, else the one named in the settings if it is there, as in the extension.
fn julia(arguments: &VscodeArgs, context: &Context, named: Option<&str>) -> Result<Located, Error> {
    let of = |argument: &JuliaArg| Ok(wrapper::julia(context, argument, &arguments.project)?.0);
    let named = named.and_then(|named| hosts::as_argument(named, context.home.as_deref()));
    match (&arguments.julia.julia, named) {
        (None, Some(named)) => {
            of(&JuliaArg { julia: Some(named.into()) }).or_else(|_: Error| of(&arguments.julia))
        }
        _ => of(&arguments.julia),
    }
}
