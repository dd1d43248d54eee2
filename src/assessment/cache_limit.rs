//! Packages at the limit: a depot has as many of their precompile files as Julia keeps. The next one drops the file
//! that was used longest ago, and whoever needs that compiles again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::context::Context;
use crate::installation::Installation;
use crate::model::caches::name::CacheName;
use crate::model::caches::slug::cache_folder;

/// Precompile files of one package that Julia keeps by default (`MAX_NUM_PRECOMPILE_FILES`, `base/loading.jl` 1.3 to
/// 1.12).
const USUAL: usize = 10;

/// Precompile files that it keeps under `run` (1.6 and later): its own ten are too few for many projects.
pub(crate) const UNDER_RUN: usize = 1000;

/// A package at the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PackageAtLimit {
    pub(crate) package: String,
    pub(crate) files: usize,
}

/// Precompile files of one package that Julia keeps under `run`; up to 1.5 the number is fixed.
pub(crate) fn limit(context: &Context, installation: &Installation) -> usize {
    if !installation.is_at_least(1, 6) {
        return USUAL;
    }
    let said = context.julia_variables.precompile_limit.as_deref();
    said.map_or(UNDER_RUN, |text| text.to_str().and_then(|text| text.parse().ok()).unwrap_or(USUAL))
}

/// Packages at the limit in the depot that Julia writes to: of `packages`, or of all if `None`.
pub(crate) fn at_limit(
    depot: &Path,
    installation: &Installation,
    packages: Option<&[&str]>,
    limit: usize,
) -> Vec<PackageAtLimit> {
    let release = depot.join("compiled").join(cache_folder(&installation.version()));
    let all = || {
        let entries = fs_err::read_dir(&release).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let mut names: Vec<String> =
        packages.map_or_else(all, |names| names.iter().map(|name| (*name).to_owned()).collect());
    names.sort_unstable();
    let counted = names
        .into_iter()
        .map(|package| PackageAtLimit { files: most_files(&release.join(&package)), package });
    counted.filter(|package| package.files >= limit).collect()
}

/// Number of precompile files of the package in this folder; if two packages share its name, of the one with more.
fn most_files(folder: &Path) -> usize {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let CacheName::Cache { stem, is_native: false, .. } = CacheName::parse(&name) {
            *counts.entry(stem.split('_').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap_or(0)
}
