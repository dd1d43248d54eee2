//! Packages of which a depot has as many precompile files as Julia keeps: the next one drops the file that was used
//! longest ago, and whoever needs that compiles again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::context::Context;
use crate::installation::Installation;
use crate::model::caches::name::CacheName;
use crate::model::caches::slug::cache_folder;

/// How many files of one package Julia keeps where nothing else is said (`MAX_NUM_PRECOMPILE_FILES`,
/// `base/loading.jl` 1.3 to 1.12).
const USUAL: usize = 10;

/// How many it keeps where `run` starts it (1.6 and later): its own ten are too few for many projects.
pub(crate) const UNDER_RUN: usize = 1000;

/// A package at the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PackageAtLimit {
    pub(crate) package: String,
    pub(crate) files: usize,
}

/// How many files of one package Julia keeps under `run`: up to 1.5 that cannot be changed.
pub(crate) fn limit(context: &Context, installation: &Installation) -> usize {
    if !installation.is_at_least(1, 6) {
        return USUAL;
    }
    let said = context.julia_variables.precompile_limit.as_deref();
    said.map_or(UNDER_RUN, |text| text.to_str().and_then(|text| text.parse().ok()).unwrap_or(USUAL))
}

/// Those of `packages` that are at the limit in the depot that Julia writes to; all where none are named.
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

/// The number of precompile files of the package in this folder; where two packages share its name, of the one that
/// has more.
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
