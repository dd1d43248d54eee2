//! Compares the modules that a Julia of ours has loaded, as its script reports them, with the packages to bake.

use std::collections::BTreeSet;

use serde::Deserialize;
use uuid::Uuid;

use crate::installation::Installation;
use crate::model::image::key::BakedPackage;
use crate::model::image::verification::{Fault, LoadedModule, faults};
use crate::model::loading::manifest::Manifest;

/// A module in a script's answer (`module_row` of `exchange.jl`).
#[derive(Debug, Deserialize)]
pub(crate) struct ModuleAnswer {
    name: String,
    /// Empty for Core, Base and Main.
    #[serde(default)]
    uuid: String,
    /// Empty if Julia does not know it (before 1.8).
    #[serde(default)]
    version: String,
    /// UUID of the package that it is an extension of; empty if it is no extension.
    #[serde(default)]
    parent: String,
    /// Name of the package with which it was loaded; empty if unknown.
    #[serde(default)]
    loaded_with: String,
}

impl ModuleAnswer {
    /// Its UUID, if it has one.
    pub(crate) fn uuid(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.uuid).ok().filter(|uuid| !uuid.is_nil())
    }

    fn into_loaded(self) -> LoadedModule {
        LoadedModule {
            uuid: self.uuid(),
            is_extension: !self.parent.is_empty(),
            name: self.name,
            version: self.version,
            loaded_with: Some(self.loaded_with).filter(|name| !name.is_empty()),
        }
    }
}

/// Lists the faults of the loaded modules.
pub(crate) fn compare(
    modules: Vec<ModuleAnswer>,
    wanted: &[BakedPackage],
    manifest: &Manifest,
    julia: &Installation,
) -> Vec<Fault> {
    let loaded: Vec<LoadedModule> = modules.into_iter().map(ModuleAnswer::into_loaded).collect();
    let standard: BTreeSet<Uuid> = julia.standard_libraries.iter().map(|(uuid, _)| *uuid).collect();
    faults(wanted, &loaded, manifest, &standard)
}
