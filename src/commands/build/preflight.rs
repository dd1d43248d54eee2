//! What can be known to fail before the long part begins.

use std::path::Path;

use crate::commands::build::making::Making;
use crate::commands::build::plan::Plan;
use crate::error::Error;
use crate::installation::Installation;
use crate::model::depots::package_folders;
use crate::model::manifest::Source;
use crate::platform;

/// Checks what a build needs.
///
/// # Errors
/// The first thing that is missing.
pub(super) fn check(making: &Making<'_>, plan: &Plan) -> Result<(), Error> {
    let installation = &making.julia.installation;
    check_manifest(installation, plan)?;
    check_installed(plan)?;
    check_library(installation)?;
    check_memory()?;
    check_disk(making, installation)
}

/// A manifest that another release of Julia resolved may name standard libraries that this one does not have.
fn check_manifest(installation: &Installation, plan: &Plan) -> Result<(), Error> {
    let Some(manifest) = &plan.state().manifest.julia_version else { return Ok(()) };
    let release = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    let julia = &installation.identity.version;
    if release(manifest) == release(julia) {
        return Ok(());
    }
    let (manifest, julia) = (manifest.clone(), julia.clone());
    Err(Error::OtherJulia { manifest, julia, project: plan.state().project_file.clone() })
}

/// Every package to bake must be in a depot.
fn check_installed(plan: &Plan) -> Result<(), Error> {
    let state = plan.state();
    let is_missing = |uuid: &uuid::Uuid| {
        let package = state.manifest.packages.get(uuid)?;
        let Source::Tree(tree) = &package.source else { return None };
        let folders = package_folders(&state.depots, &package.name, uuid, tree);
        (!folders.iter().any(|folder| folder.is_dir())).then(|| package.name.clone())
    };
    let mut packages: Vec<String> =
        plan.packages().iter().filter_map(|package| is_missing(&package.uuid)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    packages.sort();
    Err(Error::NotInstalled { packages, project: state.project_file.clone() })
}

/// A linker must find `libjulia`.
fn check_library(installation: &Installation) -> Result<(), Error> {
    let is_there = |name: &String| {
        let found = |folder: &Path| folder.join(platform::library_file_name(name)).exists();
        installation.library_folders.iter().any(|folder| found(folder))
    };
    if installation.libraries.iter().all(is_there) {
        return Ok(());
    }
    Err(Error::NoLibrary { julia: installation.binary.to_path_buf() })
}

/// Generating code takes a gigabyte even for a small project.
fn check_memory() -> Result<(), Error> {
    const NEEDED: u64 = 1 << 30;
    match platform::free_memory() {
        Some(free) if free < NEEDED => {
            Err(Error::MemoryLow { free: megabytes(free), needed: megabytes(NEEDED) })
        }
        _ => Ok(()),
    }
}

/// The objects and the image are about as large as the default image each, and some more.
fn check_disk(making: &Making<'_>, installation: &Installation) -> Result<(), Error> {
    let root = making.context.layout.root();
    let existing = root.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    let size = fs_err::metadata(&*installation.default_image).map_or(0, |metadata| metadata.len());
    let needed = size.saturating_mul(3);
    match platform::free_disk(existing) {
        Some(free) if free < needed => Err(Error::DiskFull {
            folder: existing.to_owned(),
            free: megabytes(free),
            needed: megabytes(needed),
        }),
        _ => Ok(()),
    }
}

const fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}
