//! `jlproj setup juliaup`: finds juliaup and names the channel.

use std::path::{Path, PathBuf};

use crate::cli::JuliaupArgs;
use crate::commands::setup::wrapper;
use crate::context::Context;
use crate::error::Error;
use crate::hosts::{self, HostError, Juliaup, Setup};
use crate::julia::locate::LocateError;
use crate::model::launch::juliaup;
use crate::path_text::PathText;
use crate::platform;

/// Returns the set-up for these arguments.
///
/// # Errors
/// Where there is no project, no Julia or no juliaup.
pub(super) fn setup(arguments: &JuliaupArgs, context: &Context) -> Result<Juliaup, Error> {
    let known = wrapper::known(context, &arguments.options, wrapper::named(&arguments.project), |setup| {
        let Setup::Juliaup(juliaup) = setup else { return None };
        Some((juliaup.project.0.clone(), juliaup))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let project = wrapper::project(context, &arguments.project)?;
    let (located, _) = wrapper::julia(context, &arguments.julia, &arguments.project)?;
    let depot = context.julia_variables.juliaup_depot.as_deref();
    let settings = juliaup::config_file(depot, context.home.as_deref()).map_err(LocateError::Location)?;
    if !settings.exists() {
        program_of_juliaup(context)?;
        return Err(Error::Host(HostError::Refused {
            text: "juliaup has no Julia yet".to_owned(),
            hints: vec!["`juliaup add release`".to_owned()],
        }));
    }
    let place = wrapper::folder(context, "juliaup", &project);
    let program = place.join(platform::program_name("julia".as_ref()));
    let mut juliaup = Juliaup {
        // The project is an argument of the channel, where jlproj looks through the wrapper.
        wrapper: wrapper::wrapper(context, &located, program, Vec::new())?,
        channel: format!("jlproj-{}", wrapper::slug(&project)),
        program: PathText(program_of_juliaup(context)?),
        settings: PathText(settings),
        project: PathText(project),
    };
    let record = hosts::read(&context.layout, &Setup::Juliaup(juliaup.clone()))?;
    let known = match record.map(|record| record.setup) {
        Some(Setup::Juliaup(known)) => Some(known.channel),
        _ => None,
    };
    juliaup.channel = match (known, arguments.name.clone()) {
        // The folder's earlier channel is on record together with this one.
        (Some(known), Some(name)) if known != name => {
            return Err(Error::Host(HostError::Refused {
                text: format!("the project has the channel `{known}` already"),
                hints: vec!["take it back first: `jlproj setup juliaup --undo`".to_owned()],
            }));
        }
        (Some(channel), _) | (None, Some(channel)) => channel,
        (None, None) => juliaup.channel,
    };
    Ok(juliaup)
}

/// Returns the path of juliaup, which has to be there.
fn program_of_juliaup(context: &Context) -> Result<PathBuf, Error> {
    program(context).ok_or_else(|| {
        Error::Host(HostError::Refused {
            text: "there is no juliaup on PATH".to_owned(),
            hints: vec!["install it, or use `jlproj setup shell`".to_owned()],
        })
    })
}

/// Path of juliaup: on PATH, or where it installs itself.
pub(super) fn program(context: &Context) -> Option<PathBuf> {
    let name = platform::program_name("juliaup".as_ref());
    let on_path = std::env::split_paths(context.search_path.as_deref().unwrap_or_default())
        .map(|folder| context.directory.join(folder));
    let own = context.home.as_deref().map(|home| home.join(".juliaup/bin"));
    let is_program = |path: &PathBuf| fs_err::metadata(path).is_ok_and(|data| platform::is_executable(&data));
    on_path.chain(own).map(|folder: PathBuf| Path::new(&folder).join(&name)).find(is_program)
}
