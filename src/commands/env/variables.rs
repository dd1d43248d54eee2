//! Environment variables of a program that starts Julia: sets and restores them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::assessment::{self, Offer, OfferPlace, OfferRequest};
use crate::context::{Context, OLD, OURS, SET};
use crate::error::Error;
use crate::fs;
use crate::platform;

/// A variable and its value; `None` removes it.
pub(crate) type Assignment = (String, Option<OsString>);

/// The context before we set anything: a project that we set is not one that the user chose.
pub(crate) fn as_before(context: &Context) -> Context {
    let mut before = context.clone();
    if is_set(context, "JULIA_PROJECT") {
        before.julia_variables.project = old(context, "JULIA_PROJECT");
    }
    before
}

/// Variables to set for this project; empty if jlproj is switched off.
///
/// # Errors
/// Where there is no Julia.
pub(crate) fn set(context: &Context, request: &OfferRequest<'_>) -> Result<Vec<Assignment>, Error> {
    let offer = assessment::offer(&as_before(context), request)?;
    if offer.disabled {
        return Ok(Vec::new());
    }
    if let (Some(project), None) = (request.project, &offer.project) {
        return Err(Error::NoProjectFile { path: context.directory.join(project).join("Project.toml") });
    }
    let mut wanted: Vec<(&str, OsString)> = Vec::new();
    if let Some(project) = &offer.project {
        wanted.push(("JULIA_PROJECT", project.0.clone().into_os_string()));
    }
    wanted.extend(search_path(context).map(|path| ("PATH", path)));
    wanted.extend(juliacall(context, &offer));
    let mut assignments = Vec::new();
    // Variables that were set for another project and are not for this one are restored.
    for name in OURS {
        if is_set(context, name) && !wanted.iter().any(|(other, _)| *other == name) {
            assignments.extend(put_back(context, name));
        }
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    for (name, value) in &wanted {
        let before = value_of(context, name);
        if !is_set(context, name) && *name != "PATH" {
            assignments.extend(before.map(|before| (format!("{OLD}{name}"), Some(before))));
        }
        assignments.push(((*name).to_owned(), Some(value.clone())));
    }
    assignments.push((SET.to_owned(), Some(names.join(" ").into())));
    Ok(assignments)
}

/// Assignments that restore all variables.
pub(crate) fn unset(context: &Context) -> Vec<Assignment> {
    let ours = OURS.iter().filter(|name| is_set(context, name));
    let mut assignments: Vec<Assignment> = ours.flat_map(|name| put_back(context, name)).collect();
    if context.host_variables.set.is_some() {
        assignments.push((SET.to_owned(), None));
    }
    assignments
}

/// Assignments that restore one variable.
fn put_back(context: &Context, name: &str) -> Vec<Assignment> {
    if name == "PATH" {
        let path = context.search_path.as_deref();
        let path = path.and_then(|path| joined(None, &without(path, &context.layout.shims())));
        return path.map(|path| vec![("PATH".to_owned(), Some(path))]).unwrap_or_default();
    }
    let before = old(context, name);
    let note = before.is_some().then(|| (format!("{OLD}{name}"), None));
    std::iter::once((name.to_owned(), before)).chain(note).collect()
}

/// PATH with the folder of `julia` first, once; `None` if that folder cannot be made, has a name that PATH cannot hold,
/// or was put on PATH by the user.
fn search_path(context: &Context) -> Option<OsString> {
    let shims = context.layout.shims();
    let path = context.search_path.clone().unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder == shims);
    if is_there && !is_set(context, "PATH") {
        return None;
    }
    let path = joined(Some(&shims), &without(&path, &shims))?;
    ensure_shim(context, &shims)?;
    Some(path)
}

/// Makes sure that the folder has a `julia` that is jlproj.
fn ensure_shim(context: &Context, shims: &Path) -> Option<()> {
    let (julia, target) =
        (shims.join(platform::program_name(OsStr::new("julia"))), context.own_program.as_ref()?);
    if platform::is_link_to(&julia, target) {
        return Some(());
    }
    // An existing one is another jlproj's, or of this one before it was moved.
    fs::replace_by_link(&julia, target).ok()
}

fn without(path: &OsStr, folder: &Path) -> Vec<PathBuf> {
    // An empty PATH would split into one empty entry, which is the current folder.
    let entries = (!path.is_empty()).then(|| std::env::split_paths(path)).into_iter().flatten();
    entries.filter(|other| other != folder).collect()
}

/// The list in the form of PATH; `None` if an entry has the separator in its name.
fn joined(first: Option<&Path>, rest: &[PathBuf]) -> Option<OsString> {
    let entries = first.into_iter().chain(rest.iter().map(PathBuf::as_path));
    std::env::join_paths(entries).ok()
}

/// Variables for JuliaCall, all or none: set if the project has PythonCall, there is an image that any JuliaCall can
/// start, and the user set none of them.
fn juliacall(context: &Context, offer: &Offer) -> Vec<(&'static str, OsString)> {
    let names = ["PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT", "PYTHON_JULIACALL_SYSIMAGE"];
    let is_users = |name: &&str| value_of(context, name).is_some() && !is_set(context, name);
    if offer.pythoncall == OfferPlace::Absent || names.iter().any(is_users) {
        return Vec::new();
    }
    let (Some(image), Some(project)) = (&offer.sysimage, &offer.project) else { return Vec::new() };
    let values = [&offer.julia, project, image].map(|path| path.0.clone().into_os_string());
    names.into_iter().zip(values).collect()
}

/// Whether the variable has a value that we set.
fn is_set(context: &Context, name: &str) -> bool {
    let set = context.host_variables.set.as_deref().and_then(OsStr::to_str).unwrap_or_default();
    set.split(' ').any(|other| other == name)
}

fn old(context: &Context, name: &str) -> Option<OsString> {
    context.host_variables.old.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
}

fn value_of(context: &Context, name: &str) -> Option<OsString> {
    context.host_variables.current.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
}
