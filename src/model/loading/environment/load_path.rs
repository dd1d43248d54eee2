//! `LOAD_PATH` and the active project, in the order in which Julia sets them up at its start.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::search::{Expanded, Kind, Search, has_project_name};
use super::{EnvironmentError, ProjectFlag, ProjectOrigin, StackEntry, workspace};
use crate::model::loading::paths;

/// `DEFAULT_LOAD_PATH`, all versions.
const DEFAULT: [&str; 3] = ["@", "@v#.#", "@stdlib"];

/// Value of `ACTIVE_PROJECT` (`HOME_PROJECT` up to 1.5), and its origin.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) active: Expanded,
    origin: ProjectOrigin,
}

/// `init_load_path` with `parse_load_path`: the first empty entry is the default list, `@.` is
/// looked up at once, and no text comes twice.
pub(super) fn entries(search: &Search<'_>) -> Result<Vec<OsString>, EnvironmentError> {
    let defaults = DEFAULT.map(OsString::from);
    let Some(list) = search.question.julia_load_path else {
        return Ok(defaults.into());
    };
    let mut entries: Vec<OsString> = Vec::new();
    let mut append = |entry: OsString| {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    };
    if list.is_empty() {
        return Ok(entries);
    }
    for entry in paths::split_list(list, search.question.system) {
        if entry.is_empty() {
            defaults.iter().cloned().for_each(&mut append);
        } else if entry == "@." {
            if let Some(project) = search.upward(search.question.directory) {
                append(project.into_os_string());
            }
        } else {
            append(search.expand_tilde(&entry)?);
        }
    }
    Ok(entries)
}

/// `init_active_project`, and jlproj's look upward.
pub(super) fn active(search: &Search<'_>, entries: &[OsString]) -> Result<Choice, EnvironmentError> {
    let question = search.question;
    let (text, origin) = match (question.project_flag, question.julia_project) {
        (Some(ProjectFlag::Bare), _) => (OsStr::new("@."), ProjectOrigin::Flag),
        (Some(ProjectFlag::Value(value)), _) => (value.as_os_str(), ProjectOrigin::Flag),
        (None, Some(value)) => (value, ProjectOrigin::Variable),
        (None, None) if entries.iter().any(|entry| entry == "@") => (OsStr::new("@."), ProjectOrigin::Found),
        (None, None) => (OsStr::new(""), ProjectOrigin::Default),
    };
    let active = chosen(search, text)?;
    let origin = match active {
        Expanded::Temporary => ProjectOrigin::Temporary,
        _ => origin,
    };
    Ok(Choice { active, origin })
}

/// Resolves a value of `--project` or `JULIA_PROJECT`. Names with `@` other than `@.` are known from 1.7
/// (`10ab32f57c`); before, they are paths.
fn chosen(search: &Search<'_>, text: &OsStr) -> Result<Expanded, EnvironmentError> {
    let named = text.as_encoded_bytes().starts_with(b"@") && search.since(1, 7, 0);
    let raw = match text.as_encoded_bytes() {
        b"" => return Ok(Expanded::Nothing),
        // `active_project(false)` while there is none yet.
        b"@" if named => return Ok(Expanded::Nothing),
        b"@." => search.expand(text),
        _ if named => search.expand(text),
        _ => Expanded::Path(search.absolute(search.expand_tilde(text)?)),
    };
    let raw = match (raw, search.question.stdlib) {
        (Expanded::Stdlib, Some(stdlib)) => Expanded::Path(stdlib.to_owned()),
        (Expanded::Stdlib, None) => Expanded::Nothing,
        (other, _) => other,
    };
    Ok(match raw {
        Expanded::Path(path) => Expanded::Path(as_project(search, &path)),
        other => other,
    })
}

/// Treats a path as `active_project` does: takes the project file in it, the file itself whatever its name, or else the
/// file that would be there.
fn as_project(search: &Search<'_>, path: &Path) -> PathBuf {
    match search.expand(path.as_os_str()) {
        Expanded::Path(file) if !has_project_name(&file) && !search.files.is_file(&file) => {
            file.join("Project.toml")
        }
        Expanded::Path(file) => file,
        _ => path.to_owned(),
    }
}

/// `active_project()`: the choice, else the first entry of the load path that is or could be a
/// project file.
pub(super) fn project_file(
    search: &Search<'_>,
    entries: &[OsString],
    choice: Choice,
) -> (Option<PathBuf>, ProjectOrigin) {
    match choice.active {
        Expanded::Path(path) => return (Some(path), choice.origin),
        Expanded::Temporary => return (None, choice.origin),
        Expanded::Nothing | Expanded::Stdlib => {}
    }
    let origin = match search.question.julia_load_path {
        Some(_) => ProjectOrigin::LoadPath,
        None => ProjectOrigin::Default,
    };
    let others = entries.iter().filter(|entry| *entry != "@");
    let found = others.into_iter().find_map(|entry| match search.expand(entry) {
        Expanded::Path(path) => Some(path).filter(|path| could_be_project(search, path)),
        _ => None,
    });
    (found, origin)
}

fn could_be_project(search: &Search<'_>, path: &Path) -> bool {
    search.files.is_file(path) || (!search.files.is_directory(path) && has_project_name(path))
}

/// `load_path()`: the entries as paths, none twice.
pub(super) fn expanded(search: &Search<'_>, entries: &[OsString], active: &Expanded) -> Vec<Expanded> {
    let mut paths = Vec::new();
    for entry in entries {
        let path = if entry == "@" { active.clone() } else { search.expand(entry) };
        let path = match (path, search.question.stdlib) {
            (Expanded::Path(path), Some(stdlib)) if path == stdlib => Expanded::Stdlib,
            (other, _) => other,
        };
        // A temporary folder holds nothing.
        if matches!(path, Expanded::Path(_) | Expanded::Stdlib) && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// The expanded load path with each entry's kind and manifest.
pub(super) fn stack(search: &Search<'_>, paths: &[Expanded]) -> Result<Vec<StackEntry>, EnvironmentError> {
    let mut stack = Vec::new();
    for path in paths {
        let Expanded::Path(path) = path else {
            stack.push(StackEntry::Stdlib);
            continue;
        };
        match search.kind(path) {
            Kind::Absent => {}
            Kind::Packages => stack.push(StackEntry::Packages(path.clone())),
            Kind::Project(project_file) => {
                let manifest_file = workspace::manifest_file(search, &project_file)?;
                stack.push(StackEntry::Project { project_file, manifest_file });
            }
        }
    }
    Ok(stack)
}
