//! The modules that a Julia of ours has loaded, as its script tells them, compared with what was to be baked.

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
    /// Empty where Julia cannot tell it (before 1.8).
    #[serde(default)]
    version: String,
    /// The UUID of the package that it is an extension of; empty where it is none.
    #[serde(default)]
    parent: String,
    /// The name of the package with which it was loaded; empty where that is not known.
    #[serde(default)]
    loaded_with: String,
}

impl ModuleAnswer {
    /// Its UUID, where it has one.
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

/// What is wrong with what is loaded.
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
