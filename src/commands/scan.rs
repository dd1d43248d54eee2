//! `jlproj scan`: finds projects below folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::ScanArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs;
use crate::model::loading::environment::PROJECT_NAMES;
use crate::model::loading::paths;
use crate::model::loading::project::Project;
use crate::model::usage::manifest_usage::is_temporary;
use crate::model::usage::own_folder::is_own_folder;
use crate::path_text;
use crate::store::project_record;
use crate::ui::count::count;
use crate::ui::message;
use crate::ui::progress::Counter;

/// Most folders that are searched, over all roots together.
const MOST_FOLDERS: usize = 100_000;

pub(crate) fn run(arguments: &ScanArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let mut walk = Walk {
        store: path_text::encode(context.layout.root()),
        found: BTreeSet::new(),
        folders: 0,
        counter: Counter::start(context.stderr_is_terminal),
    };
    let mut named = Vec::new();
    for folder in &arguments.folders {
        let written = context.directory.join(folder);
        let folder = fs::canonicalize(&written)
            .map_err(|source| Error::NotScanned { folder: written.clone(), source })?;
        walk.look_through(&folder);
        named.push(folder);
    }
    let Walk { found, folders, counter, .. } = walk;
    counter.finish();
    let (mut new, mut forgotten) = (0, 0);
    for project in &found {
        let record = project_record::read(&context.layout, project);
        let is_forgotten =
            record.as_ref().is_some_and(|record| record.forgotten.is_some() && !record.is_found);
        if is_forgotten && !named.contains(project) {
            forgotten += 1;
        } else if record.is_none_or(|record| !record.is_found) {
            project_record::update(&context.layout, project, |record| record.is_found = true)?;
            new += 1;
        }
    }
    if folders > MOST_FOLDERS {
        let text =
            format!("stopped after {MOST_FOLDERS} folders; name folders further down to find the rest");
        message::note(&text);
    }
    message::line(&format!(
        "{} in {}, {new} of them new",
        count(found.len(), "project"),
        count(folders.min(MOST_FOLDERS), "folder")
    ));
    if forgotten > 0 {
        message::line(&format!(
            "{forgotten} that were forgotten are left out; `jlproj scan PROJECT` brings one back"
        ));
    }
    Ok(exit::SUCCESS)
}

/// A walk through folders.
struct Walk {
    /// Our store, as path text: nothing in it is a project.
    store: String,
    found: BTreeSet<PathBuf>,
    folders: usize,
    counter: Counter,
}

impl Walk {
    /// Adds the projects below `root`: folders with a project file and a manifest, and the projects of their
    /// workspaces, which need no manifest of their own. Follows no links; passes over hidden folders and what a
    /// .gitignore leaves out.
    fn look_through(&mut self, root: &Path) {
        if !can_be_entered(root) {
            return;
        }
        let entries = ignore::WalkBuilder::new(root)
            .follow_links(false)
            .require_git(false)
            // `.git` says where that file is: a repository could lead it anywhere.
            .git_exclude(false)
            .parents(root.ancestors().skip(1).all(can_be_entered))
            .filter_entry(|entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                is_folder && can_be_entered(entry.path())
            })
            .build();
        // An unreadable folder does not stop the walk.
        for entry in entries.flatten() {
            self.folders += 1;
            if self.folders > MOST_FOLDERS {
                return;
            }
            self.counter.show(self.folders, self.found.len());
            let folder = path_text::encode(entry.path());
            let is_none = is_temporary(&folder) || is_own_folder(&folder, &self.store);
            // The walk reaches the root of a workspace before its members.
            if !is_none && (self.found.contains(entry.path()) || is_project(entry.path())) {
                self.found.extend(members(entry.path()));
                self.found.insert(entry.into_path());
            }
        }
    }
}

/// Whether the ignore files are regular files of sensible size: reading a pipe would never end.
fn can_be_entered(folder: &Path) -> bool {
    const LARGEST: u64 = 1 << 20;
    [".gitignore", ".ignore"].iter().all(|name| {
        let metadata = fs_err::metadata(folder.join(name));
        metadata.map_or(true, |metadata| metadata.is_file() && metadata.len() <= LARGEST)
    })
}

/// Whether there are a project file and a manifest; a package alone, which nobody works in, has no manifest.
fn is_project(folder: &Path) -> bool {
    let is_manifest = |name: &str| {
        let rest = name.strip_prefix("Julia").unwrap_or(name).strip_prefix("Manifest");
        rest.and_then(|rest| rest.strip_suffix(".toml"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("-v"))
    };
    let Ok(entries) = fs_err::read_dir(folder) else { return false };
    let (mut project, mut manifest) = (false, false);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        project |= PROJECT_NAMES.contains(&name);
        manifest |= is_manifest(name);
    }
    project && manifest
}

/// Folders of the projects in a project's workspace; none if its file cannot be read.
fn members(folder: &Path) -> Vec<PathBuf> {
    let file_in =
        |folder: &Path| PROJECT_NAMES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let contents = file_in(folder).and_then(|file| fs::read_limited(&file).ok()).flatten();
    let project = contents.and_then(|contents| Project::parse(&contents).ok()).unwrap_or_default();
    let members = project.workspace_projects.iter().map(|member| paths::absolute(folder, member));
    // Julia looks for the root only above a project.
    members.filter(|member| member.starts_with(folder) && file_in(member).is_some()).collect()
}
