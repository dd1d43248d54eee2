//! Entries before the project in the load path: their packages hide the project's, and an image would hide theirs.

use std::path::Path;

use crate::fs::ObservedFiles;
use crate::model::image::key::BakedPackage;
use crate::model::image::verdict::Plain;
use crate::model::image::wanted::Wanted;
use crate::model::loading::environment::{Environment, StackEntry};
use crate::model::loading::files::Files as _;

/// The first baked package that Julia would take from such an entry.
pub(super) fn shadowed(environment: &Environment, wanted: &Wanted, files: &ObservedFiles) -> Option<Plain> {
    for entry in environment.shadowing() {
        // Only folders of packages stand before the first project.
        let StackEntry::Packages(folder) = entry else { continue };
        for package in wanted.inputs.packages.iter().filter(|package| !package.tree.is_empty()) {
            if holds(folder, package, files) {
                let (name, place) = (package.name.clone(), folder.display().to_string());
                return Some(Plain::Shadowed { name, place });
            }
        }
    }
    None
}

/// Whether an implicit environment has a package of this name (`entry_point_and_project_file`,
/// base/loading.jl 1.5).
fn holds(folder: &Path, package: &BakedPackage, files: &ObservedFiles) -> bool {
    let name = &package.name;
    let candidates = [
        folder.join(format!("{name}.jl")),
        folder.join(name).join("src").join(format!("{name}.jl")),
        folder.join(format!("{name}.jl")).join("src").join(format!("{name}.jl")),
    ];
    candidates.iter().any(|path| files.is_file(path))
}
