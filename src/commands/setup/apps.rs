//! `jlproj setup apps`: chooses the apps, and finds how each starts now.

use std::path::Path;

use crate::assessment::{ForProject, Toolchain};
use crate::cli::AppsArgs;
use crate::commands::setup::wrapper;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::hosts::{self, App, Apps, HostError, Setup};
use crate::julia::locate::Located;
use crate::model::hosts::app_shim::AppShim;
use crate::model::settings::Flags;
use crate::path_text::PathText;

/// Apps that are to start through jlproj: those set up before that are still there, and the named ones; without a name,
/// all.
///
/// # Errors
/// Where there is no Julia to name its depot, no app is installed, or a named one is not.
pub(super) fn setup(arguments: &AppsArgs, context: &Context) -> Result<Apps, Error> {
    let toolchain = Toolchain::open(context, Flags::default(), ForProject::None)?;
    let depots = toolchain.depots()?;
    let folder = depots.first().map(|depot| depot.join("bin")).unwrap_or_default();
    let known = known(context, &folder)?;
    if arguments.options.undo || arguments.options.check {
        return Ok(known);
    }
    if cfg!(windows) {
        return Err(Error::Host(HostError::Refused {
            text: "on Windows Pkg's scripts for apps are batch files, which jlproj does not edit".to_owned(),
            hints: vec!["`jlproj run -m APP` in the app's environment starts it with its image".to_owned()],
        }));
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

/// Apps that stay set up when the named ones are taken back; `None` if there are none.
pub(super) fn rest(arguments: &AppsArgs, apps: &Apps) -> Option<Apps> {
    let is_named = |app: &App| arguments.apps.is_empty() || arguments.apps.contains(&app.name);
    let rest: Vec<App> = apps.apps.iter().filter(|app| !is_named(app)).cloned().collect();
    (!rest.is_empty()).then(|| Apps { apps: rest, ..apps.clone() })
}

/// Apps of this depot that are on record.
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
        // Such a folder has other programs too, of any size.
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
