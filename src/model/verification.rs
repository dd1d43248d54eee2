//! Whether a finished image holds what it should, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use crate::model::key::BakedPackage;
use crate::model::manifest::Manifest;

/// A module that is loaded when Julia starts under the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoadedModule {
    pub(crate) name: String,
    /// `None` for Core, Base and Main.
    pub(crate) uuid: Option<Uuid>,
    /// Empty where Julia cannot tell (before 1.8).
    pub(crate) version: String,
}

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A package that was to be baked is not loaded.
    Missing { name: String },
    /// It is there in another version.
    Version { name: String, wanted: String, found: String },
    /// A package is there that was not to be baked: it could hide the project's.
    Unwanted { name: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(formatter, "{name} is not in the image"),
            Self::Version { name, wanted, found } => {
                write!(formatter, "{name} is in the image as {found}, not as {wanted}")
            }
            Self::Unwanted { name } => write!(formatter, "{name} got into the image but was not to be baked"),
        }
    }
}

/// Compares what is loaded under the image with what was to be baked.
///
/// `standard` are the UUIDs of Julia's standard libraries, whose code is Julia's own. Extensions of baked
/// packages are known by their name: Julia makes their UUIDs up.
#[must_use]
pub(crate) fn faults(
    wanted: &[BakedPackage],
    loaded: &[LoadedModule],
    manifest: &Manifest,
    standard: &BTreeSet<Uuid>,
) -> Vec<Fault> {
    let by_uuid: BTreeMap<Uuid, &LoadedModule> =
        loaded.iter().filter_map(|module| Some((module.uuid?, module))).collect();
    let wanted_uuids: BTreeSet<Uuid> = wanted.iter().map(|package| package.uuid).collect();
    let extensions: BTreeSet<&str> = wanted
        .iter()
        .filter_map(|package| manifest.packages.get(&package.uuid))
        .flat_map(|package| package.extensions.keys().map(String::as_str))
        .collect();
    let mut list: Vec<Fault> = wanted.iter().filter_map(|package| fault(package, &by_uuid)).collect();
    let unwanted = by_uuid.iter().filter(|(uuid, module)| {
        // A standard library that the manifest takes from a registry is a package like others.
        let is_standard = standard.contains(uuid)
            && manifest.packages.get(uuid).is_none_or(|package| package.source.is_standard_library());
        !wanted_uuids.contains(uuid) && !is_standard && !extensions.contains(module.name.as_str())
    });
    list.extend(unwanted.map(|(_, module)| Fault::Unwanted { name: module.name.clone() }));
    list
}

fn fault(package: &BakedPackage, loaded: &BTreeMap<Uuid, &LoadedModule>) -> Option<Fault> {
    let name = package.name.clone();
    let Some(module) = loaded.get(&package.uuid) else { return Some(Fault::Missing { name }) };
    let comparable = !package.tree.is_empty() && !package.version.is_empty() && !module.version.is_empty();
    (comparable && module.version != package.version).then(|| Fault::Version {
        name,
        wanted: package.version.clone(),
        found: module.version.clone(),
    })
}
