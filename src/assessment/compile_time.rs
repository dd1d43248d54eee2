//! Estimates how long Julia would take to compile a package under an image, from the files of earlier compilations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fs::{ObservedFiles, Stamp};
use crate::installation::Installation;
use crate::model::caches::name::CacheName;
use crate::model::caches::slug::{cache_folder, package_slug};
use crate::model::image::key::BakedPackage;

/// Least seconds for any package: compiling starts a process.
const LEAST: f64 = 0.5;

/// Seconds for a package that was never compiled.
const UNKNOWN: f64 = 3.0;

/// Bytes of precompile files, native code included, per second of compiling.
const BYTES_PER_SECOND: f64 = 400_000.0;

/// Estimates the seconds. The largest files of the package by any project, image or Julia of this release stand for
/// those to be made; the standard libraries' come with Julia.
pub(super) fn compile_time(
    installation: &Installation,
    depots: &[PathBuf],
    package: &BakedPackage,
    files: &ObservedFiles,
) -> f64 {
    let below = Path::new("compiled").join(cache_folder(&installation.version())).join(&package.name);
    let prefix = format!("{}_", package_slug(package.uuid));
    let sizes = depots.iter().filter_map(|depot| {
        let folder = depot.join(&below);
        // Compiling adds a file to it.
        files.observe_listing(&folder);
        largest(&folder, &prefix)
    });
    #[expect(clippy::cast_precision_loss, reason = "a size of files is exact in a double")]
    sizes.max().map_or(UNKNOWN, |bytes| LEAST + bytes as f64 / BYTES_PER_SECOND)
}

/// Bytes of the largest precompile file in a folder with this prefix, with the native code beside it.
fn largest(folder: &Path, prefix: &str) -> Option<u64> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for entry in fs_err::read_dir(folder).ok()?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let CacheName::Cache { stem, .. } = CacheName::parse(&name)
            && stem.starts_with(prefix)
        {
            *sizes.entry(stem.to_owned()).or_default() += Stamp::of(&entry.path()).size;
        }
    }
    sizes.into_values().max()
}
