//! Code that projects hold: a precompile file of it may be needed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::assessment::survey::AssessedProject;
use crate::installation::Installation;
use crate::model::loading::depots::package_folders;
use crate::model::loading::manifest::Source;
use crate::platform;

/// Code that projects hold.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// Installed packages as `Name/slug`, their path below a depot's `packages`.
    trees: HashSet<String>,
    /// Entry files of packages in development.
    entries: HashSet<Vec<u8>>,
    /// Folders of standard libraries.
    standard: Vec<Vec<u8>>,
}

impl Code {
    pub(super) fn of<'a>(
        assessed_projects: impl Iterator<Item = &'a AssessedProject>,
        installations: impl Iterator<Item = &'a Installation>,
    ) -> Self {
        let standard = installations
            .map(|installation| platform::bytes(installation.standard_library_folder.as_os_str()).to_vec());
        let mut code = Self { standard: standard.collect(), ..Self::default() };
        for assessed in assessed_projects {
            let state = &assessed.state;
            // The workspace's other projects may have been compiled from here (`Pkg.precompile(workspace = true)`).
            for package in state.all_packages() {
                match &package.source {
                    Source::Stdlib => {}
                    Source::Tree(tree) => {
                        // Without a depot: only the end of the path is needed.
                        let folders = package_folders(&[PathBuf::new()], &package.name, &package.uuid, tree);
                        code.trees.extend(folders.iter().filter_map(|folder| {
                            Some(folder.strip_prefix("packages").ok()?.to_string_lossy().into_owned())
                        }));
                    }
                    Source::Path(path) => {
                        let entry = package.entry_file.clone();
                        let entry = entry.unwrap_or_else(|| format!("src/{}.jl", package.name));
                        let manifest_folder = state.manifest_file.parent().unwrap_or(&state.folder);
                        let file = crate::model::loading::paths::absolute(manifest_folder, Path::new(path))
                            .join(entry);
                        code.entries.insert(platform::bytes(file.as_os_str()).to_vec());
                    }
                }
            }
        }
        code
    }

    pub(super) fn holds(&self, source: &[u8]) -> bool {
        if self.entries.contains(source) || self.standard.iter().any(|folder| source.starts_with(folder)) {
            return true;
        }
        let text = String::from_utf8_lossy(source);
        let parts: Vec<&str> = text.split(['/', '\\']).collect();
        parts
            .windows(3)
            .any(|part| part[0] == "packages" && self.trees.contains(&format!("{}/{}", part[1], part[2])))
    }
}
