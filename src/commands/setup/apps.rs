//! `jlproj setup apps`: which apps, and how each starts now.

use std::path::Path;

use crate::assessment::{ForProject, Overrides, Toolchain};
use crate::cli::AppsArgs;
use crate::commands::setup::wrapper;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::hosts::{self, App, Apps, HostError, Setup};
use crate::julia::locate::Located;
use crate::model::hosts::app_shim::AppShim;
use crate::path_text::PathText;

/// The apps that are to start through jlproj: those that do, as far as they are there, and those that are named; without
/// a name all.
///
/// # Errors
/// Where there is no Julia to say where its depot is, none is installed, or one that is named is not.
pub(super) fn setup(arguments: &AppsArgs, context: &Context) -> Result<Apps, Error> {
    let toolchain = Toolchain::open(context, Overrides::default(), ForProject::None)?;
    let depots = toolchain.depots()?;
    let folder = depots.first().map(|depot| depot.join("bin")).unwrap_or_default();
    let known = known(context, &folder)?;
    if arguments.options.undo || arguments.options.check {
        return Ok(known);
    }
    let there = installed(context, &folder, &known)?;
    let names: Vec<&str> = there.iter().map(|app| app.name.as_str()).collect();
    if let Some(name) = arguments.apps.iter().find(|name| !names.contains(&name.as_str())) {
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(Error::Host(HostError::Refused {
            text: format!("`{}` has no script of Pkg's for an app `{name}`", folder.display()),
            hints: vec![
                format!("apps that are there: {there}"),
                "`pkg> app add PACKAGE` installs one".to_owned(),
            ],
        }));
    }
    if there.is_empty() {
        return Err(Error::Host(HostError::Refused {
            text: format!("no app is installed: `{}` has no script of Pkg's", folder.display()),
            hints: vec!["`pkg> app add PACKAGE` installs one (Julia 1.12 and later)".to_owned()],
        }));
    }
    let is_set_up = |app: &App| known.apps.iter().any(|known| known.name == app.name);
    let is_wanted =
        |app: &App| arguments.apps.is_empty() || arguments.apps.contains(&app.name) || is_set_up(app);
    let apps = there.into_iter().filter(is_wanted).collect();
    Ok(Apps { apps, ..known })
}

/// The apps that were set up, without those that are named: what is left where these are taken back. `None` where nothing is.
pub(super) fn rest(arguments: &AppsArgs, apps: &Apps) -> Option<Apps> {
    let is_named = |app: &App| arguments.apps.is_empty() || arguments.apps.contains(&app.name);
    let rest: Vec<App> = apps.apps.iter().filter(|app| !is_named(app)).cloned().collect();
    (!rest.is_empty()).then(|| Apps { apps: rest, ..apps.clone() })
}

/// What is on record of this depot's apps.
fn known(context: &Context, folder: &Path) -> Result<Apps, Error> {
    let none = Apps { folder: PathText(folder.to_owned()), apps: Vec::new() };
    let record = hosts::read(&context.layout, &Setup::Apps(none.clone()))?;
    match record.map(|record| record.setup) {
        Some(Setup::Apps(known)) => Ok(known),
        _ => Ok(none),
    }
}

/// The apps that are installed, by name.
fn installed(context: &Context, folder: &Path, known: &Apps) -> Result<Vec<App>, Error> {
    let mut apps = Vec::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        // Other programs are in such a folder too, of any size.
        let Ok(Some(contents)) = fs::read_limited(&entry.path()) else { continue };
        let Ok(text) = String::from_utf8(contents) else { continue };
        let Some(shim) = AppShim::read(&text) else { continue };
        let is_ours = |app: &&App| app.name == name && app.line.after == shim.julia_line;
        let (julia, line) = match known.apps.iter().find(is_ours) {
            Some(app) => (app.wrapper.julia.0.clone(), app.line.before.as_str()),
            None => (shim.julia.clone().into(), shim.julia_line),
        };
        let place = wrapper::folder(context, "apps", &julia).join("julia");
        let located = Located { binary: julia, arguments: Vec::new(), reason: String::new() };
        let wrapper = wrapper::wrapper(context, &located, place, Vec::new())?;
        apps.push(App::new(name, &shim, wrapper, line)?);
    }
    apps.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(apps)
}
