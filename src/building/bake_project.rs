//! Writes jlproj's own project, which has exactly the packages to bake.
//!
//! PackageCompiler bakes the direct dependencies of its project and instantiates it, so it never gets the user's own.
//! Each user's project has a folder of its own for this, since Julia names caches by the path.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use uuid::Uuid;

use crate::assessment::ProjectState;
use crate::error::Error;
use crate::fs;
use crate::installation::Installation;
use crate::model::image::key::BakedPackage;
use crate::model::loading::manifest::merged;
use crate::model::loading::reach::closure;
use crate::model::loading::toml_file;

/// Writes the project into `folder` and returns the path of its project file.
///
/// # Errors
/// Where the folder cannot be written, or the manifest is not valid TOML after all.
pub(super) fn write(
    folder: &Path,
    state: &ProjectState,
    packages: &[BakedPackage],
    installation: &Installation,
) -> Result<PathBuf, Error> {
    let held: Vec<&BakedPackage> =
        packages.iter().filter(|package| state.manifest.packages.contains_key(&package.uuid)).collect();
    // With the standard libraries that they depend on: these are in every manifest, though not among the packages to
    // bake.
    let keep = closure(&state.manifest, held.iter().map(|package| package.uuid));
    let manifest = merged(&tables(state)?, &keep);
    let mut dependencies = Table::new();
    let mut preferences = Table::new();
    for package in &held {
        dependencies.entry(&package.name).or_insert(Value::String(package.uuid.to_string()));
        let own = state.preferences(installation, package.uuid)?;
        if !own.is_empty() {
            preferences.insert(package.name.clone(), Value::Table(own));
        }
    }
    // A package may read those of one that the project only names; what is compiled here is what the image is made from.
    let mut extras = Table::new();
    let is_other = |uuid: &Uuid| held.iter().all(|package| package.uuid != *uuid);
    for (name, (uuid, table)) in state.named_preferences(installation, is_other)? {
        if !dependencies.contains_key(&name) {
            extras.insert(name.clone(), Value::String(uuid.to_string()));
            preferences.insert(name, Value::Table(table));
        }
    }
    let project = Table::from_iter([
        ("deps".to_owned(), Value::Table(dependencies)),
        ("extras".to_owned(), Value::Table(extras)),
    ]);
    let project_file = folder.join("Project.toml");
    write_table(&project_file, &project)?;
    write_table(&folder.join("Manifest.toml"), &manifest)?;
    write_table(&folder.join("LocalPreferences.toml"), &preferences)?;
    Ok(project_file)
}

/// Parses the raw manifests.
fn tables(state: &ProjectState) -> Result<Vec<Table>, Error> {
    let parse = |raw: &Vec<u8>| {
        toml_file::table(raw).map_err(|error| Error::ProjectFile {
            path: state.manifest_file.clone(),
            text: error.to_string(),
        })
    };
    state.raw_manifests.iter().map(parse).collect()
}

fn write_table(path: &Path, table: &Table) -> Result<(), Error> {
    Ok(fs::replace(path, table.to_string().as_bytes())?)
}
