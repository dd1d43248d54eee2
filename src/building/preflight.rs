//! Finds reasons for a failure before the long part of a build begins.

use std::path::Path;

use crate::building::context::BuildContext;
use crate::building::plan::Plan;
use crate::context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::julia::builder::BuildError;
use crate::julia::linker::Linker;
use crate::model::loading::manifest::Source;
use crate::model::settings::BuilderChoice;
use crate::path_text;
use crate::platform;
use crate::store::layout::Layout;
use crate::store::protection::{self, Trouble};

/// The variable that names the store.
const HOME_VARIABLE: &str = "JLPROJ_HOME";

/// Checks what a build needs.
///
/// # Errors
/// The first thing that is missing.
pub(super) fn check(build: &BuildContext<'_>, plan: &Plan) -> Result<(), Error> {
    let installation = &build.toolchain.installation;
    check_store(&build.toolchain.context.layout).map_err(|source| Error::Build { source, log: None })?;
    plan.state().check_release(installation)?;
    check_installed(plan)?;
    check_library(installation)?;
    check_linker(build)?;
    if build.toolchain.settings.runner.value.is_empty() {
        check_memory()?;
    }
    check_disk(build, installation)
}

/// Checks that the store can be written, and not be tampered with by others.
///
/// # Errors
/// Where it cannot be written, or others could tamper with it.
pub(crate) fn check_store(layout: &Layout) -> Result<(), BuildError> {
    protection::check(layout).map_err(|trouble| match trouble {
        Trouble::Foreign { folder, risk } => {
            BuildError::StoreNotOurs { folder: path_text::encode(&folder), risk }
        }
        Trouble::NotWritable(source) => {
            BuildError::StoreNotWritable { folder: path_text::encode(layout.root()), source }
        }
    })
}

/// Checks the linker. The direct builder uses any; PackageCompiler wants a C compiler, and before 2.1.5 reports its
/// absence only after minutes.
fn check_linker(build: &BuildContext<'_>) -> Result<(), Error> {
    let is_there = match (build.toolchain.settings.builder.value, &build.linker) {
        (BuilderChoice::PackageCompiler, linker) => matches!(linker, Some(Linker::Compiler(_))),
        (_, linker) => linker.is_some(),
    };
    if is_there { Ok(()) } else { Err(Error::Build { source: BuildError::NoLinker, log: None }) }
}

/// Checks that every package to bake is in a depot.
fn check_installed(plan: &Plan) -> Result<(), Error> {
    let state = plan.state();
    let files = ObservedFiles::default();
    let is_missing = |uuid: &uuid::Uuid| {
        let package = state.manifest.packages.get(uuid)?;
        let Source::Tree(tree) = &package.source else { return None };
        let folder = state.installed_folder(&package.name, uuid, tree, &files);
        folder.is_none().then(|| package.name.clone())
    };
    let mut packages: Vec<String> =
        plan.packages().iter().filter_map(|package| is_missing(&package.uuid)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    packages.sort();
    Err(Error::NotInstalled { packages, project: state.project_file.clone() })
}

/// Checks that a linker will find `libjulia`.
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

/// Checks the free memory: generating code takes a gigabyte even for a small project.
fn check_memory() -> Result<(), Error> {
    const NEEDED: u64 = 1 << 30;
    match context::free_memory() {
        Some(free) if free < NEEDED => Err(Error::MemoryLow { free, needed: NEEDED }),
        _ => Ok(()),
    }
}

/// Bytes on disk that a build takes: the objects and the image are each about as large as the default image, plus some
/// more.
fn needed_disk(installation: &Installation) -> u64 {
    size_of_image(installation).saturating_mul(3)
}

/// Bytes of the default image; 0 if unknown.
fn size_of_image(installation: &Installation) -> u64 {
    fs_err::metadata(&*installation.default_image).map_or(0, |metadata| metadata.len())
}

/// Returns the error of a failed build, or [`Error::DiskFull`] if the disk is full.
pub(super) fn explain_full_disk(error: Error, build: &BuildContext<'_>) -> Error {
    /// With fewer bytes free than this, a part of an image did not fit.
    const LITTLE: u64 = 16 << 20;
    let is_interrupted = matches!(error, Error::Build { source: BuildError::Interrupted(_), .. });
    let root = build.toolchain.context.layout.root();
    match platform::free_disk(root) {
        Some(free) if free < LITTLE && !is_interrupted => Error::DiskFull {
            folder: root.to_owned(),
            variable: HOME_VARIABLE,
            free,
            needed: needed_disk(&build.toolchain.installation),
        },
        _ => error,
    }
}

/// Checks the free disk space: of the store, and of the folder for temporary files, where PackageCompiler writes the object
/// files. Where nobody asked for PackageCompiler, a build goes on without it.
fn check_disk(build: &BuildContext<'_>, installation: &Installation) -> Result<(), Error> {
    let toolchain = &build.toolchain;
    let root = toolchain.context.layout.root();
    let existing = root.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    check_room(existing, HOME_VARIABLE, needed_disk(installation))?;
    let (builder, runner) = (toolchain.settings.builder.value, &toolchain.settings.runner.value);
    // A runner may go to another machine, with a disk of its own.
    if builder == BuilderChoice::PackageCompiler && runner.is_empty() {
        check_room(&std::env::temp_dir(), "TMPDIR", size_of_image(installation))?;
    }
    Ok(())
}

fn check_room(folder: &Path, variable: &'static str, needed: u64) -> Result<(), Error> {
    match platform::free_disk(folder) {
        Some(free) if free < needed => {
            Err(Error::DiskFull { folder: folder.to_owned(), variable, free, needed })
        }
        _ => Ok(()),
    }
}
