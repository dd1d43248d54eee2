//! The Julia of a command.

use std::ffi::OsStr;

use crate::context::Context;
use crate::error::Error;
use crate::installation::Installation;
use crate::julia::locate::{self, Located};
use crate::julia::probe;
use crate::store::installation_cache;

/// Finds the Julia that is meant: by `channel`, by `wanted` (flag, variable or setting), or as typed.
///
/// # Errors
/// Where there is none.
pub(crate) fn find(
    context: &Context,
    channel: Option<&OsStr>,
    wanted: Option<&OsStr>,
) -> Result<Located, Error> {
    Ok(locate::locate(&locate::Request {
        channel,
        wanted,
        search_path: context.search_path.as_deref(),
        directory: &context.directory,
        home: context.home.as_deref(),
        juliaup_depot: context.julia_variables.juliaup_depot.as_deref(),
        juliaup_channel: context.julia_variables.juliaup_channel.as_deref(),
        own_program: context.own_program.as_deref(),
    })?)
}

/// What that Julia is: from the store, or by asking it.
///
/// # Errors
/// Where it does not answer, is too old, or starts jlproj again.
pub(crate) fn describe(context: &Context, located: &Located) -> Result<Installation, Error> {
    if context.inside_probe {
        return Err(Error::Recursion { program: located.binary.display().to_string() });
    }
    let installation = if let Some(known) = installation_cache::look_up(&context.layout, &located.binary) {
        known
    } else {
        let installation = probe::probe(&located.binary, &located.arguments)?;
        installation_cache::keep(&context.layout, &installation);
        installation
    };
    probe::check_age(&installation)?;
    Ok(installation)
}
