//! Compares the loaded modules, before an image is made and in the finished one, with the packages to be baked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use crate::model::image::key::BakedPackage;
use crate::model::loading::manifest::Manifest;

/// A module that is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoadedModule {
    pub(crate) name: String,
    /// `None` for Core, Base and Main.
    pub(crate) uuid: Option<Uuid>,
    /// Empty if Julia does not report it (before 1.8).
    pub(crate) version: String,
    /// Whether it is an extension of a module that is loaded too, as Julia derives from its UUID.
    pub(crate) is_extension: bool,
    /// The package with which it was loaded, if that is known.
    pub(crate) loaded_with: Option<String>,
}

/// A fault of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A package that was to be baked is not loaded.
    Missing { name: String },
    /// It is loaded in another version.
    Version { name: String, wanted: String, found: String },
    /// A package is loaded that was not to be baked: it could hide the project's.
    Unwanted { name: String, loaded_with: Option<String> },
}

impl Fault {
    /// Returns the package to leave out of the image to mend the fault, if that is known.
    #[must_use]
    pub(crate) const fn culprit(&self) -> Option<&String> {
        match self {
            Self::Missing { name } | Self::Version { name, .. } => Some(name),
            Self::Unwanted { loaded_with, .. } => loaded_with.as_ref(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(formatter, "{name} is not in the image"),
            Self::Version { name, wanted, found } => {
                write!(formatter, "{name} is in the image as {found}, not as {wanted}")
            }
            Self::Unwanted { name, loaded_with: Some(package) } => {
                write!(formatter, "{package} loads {name}, which is not to be baked")
            }
            Self::Unwanted { name, loaded_with: None } => {
                write!(formatter, "{name} got into the image but was not to be baked")
            }
        }
    }
}

/// Compares the loaded modules with the packages to be baked.
///
/// `standard` holds the UUIDs of Julia's standard libraries, whose code is Julia's own. An extension comes with its
/// parent: if the parent was not to be baked, only the parent is reported.
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
    let mut list: Vec<Fault> = wanted.iter().filter_map(|package| fault(package, &by_uuid)).collect();
    let unwanted = by_uuid.iter().filter(|(uuid, module)| {
        // A standard library that the manifest takes from a registry is a package like others.
        let is_standard = standard.contains(uuid)
            && manifest.packages.get(uuid).is_none_or(|package| package.source.is_standard_library());
        !wanted_uuids.contains(uuid) && !is_standard && !module.is_extension
    });
    list.extend(unwanted.map(|(_, module)| Fault::Unwanted {
        name: module.name.clone(),
        loaded_with: module.loaded_with.clone(),
    }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::key::tests::inputs;
    use crate::model::loading::testing::{package, uuid};

    fn module(number: u128, name: &str) -> LoadedModule {
        LoadedModule {
            name: name.to_owned(),
            uuid: Some(uuid(number)),
            version: "1.0.0".to_owned(),
            is_extension: false,
            loaded_with: None,
        }
    }

    fn texts(loaded: &[LoadedModule], standard: &[u128]) -> Vec<String> {
        let manifest = Manifest::of([package(1, "Table", &[]), package(2, "Frame", &[1])]);
        let standard = standard.iter().map(|number| uuid(*number)).collect();
        let list = faults(&inputs(&manifest).packages, loaded, &manifest, &standard);
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_to_be_baked_and_what_is_julias_own_is_no_fault() {
        let base = LoadedModule { uuid: None, ..module(0, "Base") };
        let loaded = [base, module(1, "Table"), module(2, "Frame"), module(8, "Pkg"), module(9, "REPL")];
        assert_eq!(texts(&loaded, &[8, 9]), [""; 0]);
        // No manifest names it: Julia reports that it is an extension.
        let extension = LoadedModule { is_extension: true, ..module(7, "REPLExt") };
        assert_eq!(texts(&[&loaded[..], &[extension]].concat(), &[8, 9]), [""; 0]);
    }

    #[test]
    fn what_is_missing_another_version_or_not_wanted_is_named_with_who_brought_it() {
        let other = LoadedModule { version: "1.1.0".to_owned(), ..module(2, "Frame") };
        let guest = LoadedModule { loaded_with: Some("Table".to_owned()), ..module(5, "Guest") };
        let extension = LoadedModule { is_extension: true, ..module(6, "GuestExt") };
        assert_eq!(
            texts(&[other, guest.clone(), extension], &[]),
            [
                "Table is not in the image",
                "Frame is in the image as 1.1.0, not as 1.0.0",
                "Table loads Guest, which is not to be baked"
            ]
        );
        let unknown = LoadedModule { loaded_with: None, ..guest };
        assert_eq!(
            texts(&[module(1, "Table"), module(2, "Frame"), unknown], &[]),
            ["Guest got into the image but was not to be baked"]
        );
    }
}
