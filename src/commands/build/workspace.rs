//! Projects of `build --workspace`.

use std::ffi::{OsStr, OsString};

use crate::assessment::{self, ForProject, Toolchain};
use crate::context::Context;
use crate::error::Error;
use crate::model::loading::environment::{ProjectFlag, Workspace};
use crate::model::settings::Flags;
use crate::path_text;
use crate::ui::message;

/// Projects of the workspaces of `named`, or of the one that a start here would have, each once: the root first.
///
/// # Errors
/// Where one is in no workspace, or a project file cannot be read.
pub(super) fn projects(
    context: &Context,
    overrides: &Flags,
    named: &[OsString],
    is_quiet: bool,
) -> Result<Vec<OsString>, Error> {
    let mut projects: Vec<OsString> = Vec::new();
    let here = named.is_empty().then_some(None);
    for name in named.iter().map(|name| Some(name.as_os_str())).chain(here) {
        let Workspace { projects: found, strangers } = of(context, overrides.clone(), name)?;
        for stranger in strangers.iter().filter(|_| !is_quiet) {
            let stranger = path_text::encode(stranger);
            message::note(&format!(
                "`{stranger}` is listed in the workspace, and is no project below the one that lists it"
            ));
        }
        for project in found.into_iter().map(OsString::from) {
            if !projects.contains(&project) {
                projects.push(project);
            }
        }
    }
    Ok(projects)
}

fn of(context: &Context, overrides: Flags, name: Option<&OsStr>) -> Result<Workspace, Error> {
    let flag = name.map(|name| ProjectFlag::Value(name.to_owned()));
    let installation = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?.installation;
    let workspace = assessment::workspace(context, &installation, flag.as_ref())?;
    match workspace.projects.as_slice() {
        [project] if workspace.strangers.is_empty() => Err(Error::NoWorkspace {
            project: project.clone(),
            julia: installation.identity.version.clone(),
            has_workspaces: installation.has_workspaces(),
        }),
        _ => Ok(workspace),
    }
}
