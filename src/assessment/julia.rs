//! The Julia of a command.

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::error::Error;
use crate::installation::Installation;
use crate::julia::locate::{self, Located};
use crate::julia::probe;
use crate::model::launch::juliaup::ProjectQuestion;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::Setting;
use crate::store::installation_cache;
use crate::store::lock::Lock;

/// The project for which a Julia is chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ForProject<'a> {
    /// No project, or many.
    None,
    /// The project of a start with this `--project`.
    This(Option<&'a ProjectFlag>),
}

/// Finds the Julia: by `channel`, by `wanted` (flag, variable or setting), or as if `julia` were typed.
///
/// # Errors
/// Where there is none.
pub(crate) fn find(
    context: &Context,
    channel: Option<&OsStr>,
    wanted: &Setting<Option<OsString>>,
    project: ForProject<'_>,
) -> Result<Located, Error> {
    let question = |flag| ProjectQuestion {
        flag,
        julia_project: context.julia_variables.project.as_deref(),
        julia_load_path: context.julia_variables.load_path.as_deref(),
        julia_depot_path: context.julia_variables.depot_path.as_deref(),
        directory: &context.directory,
        home: context.home.as_deref(),
        looks_upward: context.looks_upward,
    };
    let project = match project {
        ForProject::None => None,
        ForProject::This(flag) => Some(question(flag)),
    };
    Ok(locate::locate(&locate::Request {
        channel,
        wanted,
        search_path: context.search_path.as_deref(),
        directory: &context.directory,
        home: context.home.as_deref(),
        juliaup_depot: context.julia_variables.juliaup_depot.as_deref(),
        juliaup_channel: context.julia_variables.juliaup_channel.as_deref(),
        project: project.as_ref(),
        own_program: context.own_program.as_deref(),
    })?)
}

/// Describes that Julia: from the store, or by asking it.
///
/// # Errors
/// Where it does not answer, is too old, or starts jlproj again.
pub(crate) fn describe(context: &Context, located: &Located) -> Result<Installation, Error> {
    if context.inside_probe {
        return Err(Error::Recursion { program: located.binary.display().to_string() });
    }
    let known = installation_cache::look_up(&context.layout, &located.binary);
    let installation = known.map_or_else(|| ask(context, located), Ok)?;
    probe::check_age(&installation)?;
    Ok(installation)
}

/// Asks it. Other first starts, many on a cluster, wait for the answer meanwhile; but not for long, since one Julia may
/// hang where another does not.
fn ask(context: &Context, located: &Located) -> Result<Installation, Error> {
    const TIMEOUT: Duration = Duration::from_secs(10);
    let look_up = || installation_cache::look_up(&context.layout, &located.binary);
    let begun = Instant::now();
    let mut answer = None;
    // Without a lock, each process asks for itself.
    let _asking = Lock::take(&context.layout.installation_lock(&located.binary), |_| {
        answer = look_up();
        answer.is_none() && begun.elapsed() < TIMEOUT
    });
    if let Some(known) = answer.or_else(look_up) {
        return Ok(known);
    }
    let installation = probe::probe(&located.binary, &located.arguments)?;
    installation_cache::keep(&context.layout, &installation);
    Ok(installation)
}
