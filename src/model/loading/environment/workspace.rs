//! Finds the manifest of a project, and the workspace that it may be part of (`project_file_manifest_path` and
//! `base_project`, `base/loading.jl`; `collect_workspace`, Pkg's `Types.jl` 1.12).

use std::path::{Path, PathBuf};

use super::search::{Expanded, Kind, Search};
use super::{EnvironmentError, StackEntry};
use crate::model::loading::{paths, project};

/// Returns the manifest of a project file that exists.
///
/// On 1.12 and later the workspace's, if it has one. Then the one that the project names: if that is missing, Julia up
/// to 1.5 has none, and from 1.6 goes on (`c885514535`). Then, from 1.11 and in 1.10 from 1.10.8, the names with
/// Julia's version, and at last the plain ones.
pub(super) fn manifest_file(
    search: &Search<'_>,
    project_file: &Path,
) -> Result<Option<PathBuf>, EnvironmentError> {
    let explicit = search.read(project_file, "manifest", |fields| fields.owned("manifest"))?;
    if let Some(base) = base_project(search, project_file)?
        && let Some(manifest) = manifest_file(search, &base)?
    {
        return Ok(Some(manifest));
    }
    let folder = paths::directory_name(project_file);
    if let Some(name) = explicit {
        let path = paths::absolute(&folder, name);
        if search.files.is_file(&path) {
            return Ok(Some(path));
        }
        if !search.since(1, 6, 0) {
            return Ok(None);
        }
    }
    let paths = names(search).into_iter().map(|name| folder.join(name));
    Ok(paths.into_iter().find(|path| search.files.is_file(path)))
}

/// `manifest_names`, `base/loading.jl`; with versions from 1.11 (`e9b0fa11c9`) and 1.10.8 (1.10.8:616,
/// JuliaLang/julia#56600).
fn names(search: &Search<'_>) -> Vec<String> {
    let version = format!("-v{}.{}", search.question.julia.major, search.question.julia.minor);
    let versions = if search.since(1, 10, 8) { vec![version.as_str(), ""] } else { vec![""] };
    let both = |version| ["JuliaManifest", "Manifest"].map(move |name| format!("{name}{version}.toml"));
    versions.into_iter().flat_map(both).collect()
}

/// Returns the project whose workspace lists this one (1.12 and later).
///
/// 1.12.0 and 1.12.1 look one folder up and compare its name; from 1.12.2 (`b26e7ccbb3`) Julia looks at every folder
/// above, up to the home folder for a project inside it.
fn base_project(search: &Search<'_>, project_file: &Path) -> Result<Option<PathBuf>, EnvironmentError> {
    if !search.since(1, 12, 0) {
        return Ok(None);
    }
    let folder = paths::directory_name(project_file);
    for above in folder.ancestors().skip(1) {
        if left_home(search, &folder, above) {
            return Ok(None);
        }
        if let Kind::Project(base) = search.kind(above)
            && lists(search, &base, above, &folder)?
        {
            return Ok(Some(base));
        }
        if !search.since(1, 12, 2) {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Whether the step from `folder` to `above` leaves the home folder (from 1.12.2). Julia compares text, not folders:
/// `/home/user2` counts as inside `/home/user`.
fn left_home(search: &Search<'_>, folder: &Path, above: &Path) -> bool {
    let Some(home) = search.question.home.map(|home| search.absolute(home)) else {
        return false;
    };
    let home = home.as_os_str().as_encoded_bytes();
    let inside = |path: &Path| path.as_os_str().as_encoded_bytes().starts_with(home);
    search.since(1, 12, 2) && inside(folder) && !inside(above)
}

fn lists(search: &Search<'_>, base: &Path, root: &Path, folder: &Path) -> Result<bool, EnvironmentError> {
    let members = search.read(base, "workspace", project::workspace_projects)?;
    if !search.since(1, 12, 2) {
        return Ok(members.iter().any(|member| folder.file_name() == Some(member.as_ref())));
    }
    let paths = members.iter().map(|member| paths::absolute(root, member));
    Ok(paths.into_iter().any(|path| search.files.is_directory(&path) && search.files.is_same(&path, folder)))
}

/// A workspace (1.12 and later).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// The project files of its projects, the root first, each before those that it lists.
    pub(crate) projects: Vec<PathBuf>,
    /// Listed folders that Julia does not count as part of it: without a project, or not below the one that lists them.
    pub(crate) strangers: Vec<PathBuf>,
}

/// Returns the workspace that a project belongs to, as its root or further down; only the project if there is none.
pub(super) fn workspace(search: &Search<'_>, project_file: &Path) -> Result<Workspace, EnvironmentError> {
    let mut root = project_file.to_owned();
    while let Some(base) = base_project(search, &root)? {
        root = base;
    }
    let mut workspace = Workspace { projects: vec![root], strangers: Vec::new() };
    let mut looked_at = 0;
    while let Some(project_file) = workspace.projects.get(looked_at).cloned() {
        looked_at += 1;
        for member in search.read(&project_file, "workspace", project::workspace_projects)? {
            let folder = paths::absolute(&paths::directory_name(&project_file), member);
            match search.kind(&folder) {
                Kind::Project(file) if workspace.projects.contains(&file) => {}
                Kind::Project(file) if base_project(search, &file)?.as_ref() == Some(&project_file) => {
                    workspace.projects.push(file);
                }
                _ => workspace.strangers.push(folder),
            }
        }
    }
    Ok(workspace)
}

/// The projects whose preferences count, the strongest first: the first entry of the load path with
/// its workspace up to the root, then the projects of the other entries.
pub(super) fn preference_projects(
    search: &Search<'_>,
    paths: &[Expanded],
    stack: &[StackEntry],
) -> Result<Vec<PathBuf>, EnvironmentError> {
    let mut projects: Vec<PathBuf> = stack
        .iter()
        .filter_map(|entry| match entry {
            StackEntry::Project { project_file, .. } => Some(project_file.clone()),
            _ => None,
        })
        .collect();
    let Some(Expanded::Path(first)) = paths.first() else {
        return Ok(projects);
    };
    let mut place = usize::from(projects.first() == Some(first));
    let mut below = first.clone();
    while let Some(base) = base_project(search, &below)? {
        projects.insert(place, base.clone());
        place += 1;
        below = base;
    }
    Ok(projects)
}
