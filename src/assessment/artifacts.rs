//! Artifacts of packages: libraries and data that Pkg keeps beside the packages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::assessment::ProjectState;
use crate::fs::{self, ObservedFiles};
use crate::model::image::key::BakedPackage;
use crate::model::image::tracked::Artifact;
use crate::model::loading::files::Files as _;
use crate::model::loading::toml_file;

/// Names of the file that lists artifacts, in Julia's order (`artifact_names`, `stdlib/Artifacts` 1.6 to 1.13).
const FILE_NAMES: [&str; 2] = ["JuliaArtifacts.toml", "Artifacts.toml"];

/// Installed artifacts of packages, sorted; without `lazy` ones, which are fetched when first used and may be missing.
pub(crate) fn installed_artifacts(state: &ProjectState, packages: &[BakedPackage]) -> Vec<Artifact> {
    let files = ObservedFiles::default();
    let mut installed: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for package in packages.iter().filter(|package| !package.tree.is_empty()) {
        let folder = state.installed_folder(&package.name, &package.uuid, &package.tree, &files);
        for (name, tree) in folder.iter().flat_map(|folder| listed(folder)) {
            if is_there(&tree, &state.depots, &files) {
                installed.entry((package.name.clone(), name)).or_default().push(tree);
            }
        }
    }
    installed.into_iter().map(|((package, name), trees)| Artifact { package, name, trees }).collect()
}

/// Whether an artifact is in a depot.
pub(super) fn is_installed(artifact: &Artifact, depots: &[PathBuf], files: &ObservedFiles) -> bool {
    artifact.trees.iter().any(|tree| is_there(tree, depots, files))
}

fn is_there(tree: &str, depots: &[PathBuf], files: &ObservedFiles) -> bool {
    depots.iter().any(|depot| files.is_directory(&depot.join("artifacts").join(tree)))
}

/// Name and tree hash of each artifact that the package in a folder lists, for any platform; without `lazy` ones.
fn listed(folder: &Path) -> Vec<(String, String)> {
    let paths = FILE_NAMES.map(|name| folder.join(name));
    let bytes = paths.iter().find_map(|path| fs::read_limited(path).ok().flatten());
    // An unreadable list is left for Julia to report.
    let table = bytes.and_then(|bytes| toml_file::table(&bytes).ok()).unwrap_or_default();
    let forms = table.into_iter().flat_map(|(name, value)| {
        let forms = match value {
            Value::Table(form) => vec![form],
            Value::Array(forms) => forms.into_iter().filter_map(into_table).collect(),
            _ => Vec::new(),
        };
        forms.into_iter().map(move |form| (name.clone(), form))
    });
    let forms = forms.filter(|(_, form)| form.get("lazy").and_then(Value::as_bool) != Some(true));
    forms.filter_map(|(name, form)| Some((name, form.get("git-tree-sha1")?.as_str()?.to_owned()))).collect()
}

fn into_table(value: Value) -> Option<Table> {
    match value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_listed_but_lazy_ones() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let text = "[data]\ngit-tree-sha1 = \"aa\"\n[later]\ngit-tree-sha1 = \"bb\"\nlazy = true\n\
                    [[library]]\nos = \"linux\"\ngit-tree-sha1 = \"cc\"\n\
                    [[library]]\nos = \"macos\"\ngit-tree-sha1 = \"dd\"\n[odd]\nx = 1\n";
        fs_err::write(folder.path().join("Artifacts.toml"), text).expect("write");
        let expected = [("data", "aa"), ("library", "cc"), ("library", "dd")];
        let owned = expected.map(|(name, tree)| (name.to_owned(), tree.to_owned()));
        assert_eq!(listed(folder.path()), owned);
        fs_err::write(folder.path().join("JuliaArtifacts.toml"), "no TOML").expect("write");
        assert_eq!(listed(folder.path()), []);
    }
}
