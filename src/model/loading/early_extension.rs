//! Extensions that load sooner under an image than without one.
//!
//! An extension loads when its parent and all its triggers are loaded (`run_extension_callbacks`, `base/loading.jl` 1.9
//! to 1.14). The packages of an image are loaded from the start. So an extension of a package outside loads with its
//! parent; without the image it waits for a `using` of the trigger.

use std::collections::BTreeSet;

use serde::Serialize;
use uuid::Uuid;

use crate::model::loading::manifest::{Manifest, Package};
use crate::model::loading::reach::closure;

/// An extension that loads early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EarlyExtension {
    pub(crate) name: String,
    /// The package that it extends.
    pub(crate) parent: String,
    /// Its triggers in the image.
    pub(crate) triggers: Vec<String>,
}

/// Returns the extensions of packages of `manifest` outside of the image that load with their parents. `baked` are the
/// packages of the image, `always` those that Julia loads from the start without an image too.
#[must_use]
pub(crate) fn early_extensions(
    manifest: &Manifest,
    baked: &BTreeSet<Uuid>,
    always: &BTreeSet<Uuid>,
) -> Vec<EarlyExtension> {
    let outside = manifest.packages.values().filter(|package| !baked.contains(&package.uuid));
    outside.flat_map(|parent| of_parent(manifest, parent, baked, always)).collect()
}

fn of_parent(
    manifest: &Manifest,
    parent: &Package,
    baked: &BTreeSet<Uuid>,
    always: &BTreeSet<Uuid>,
) -> Vec<EarlyExtension> {
    if parent.extensions.is_empty() {
        return Vec::new();
    }
    let loaded_with_it = closure(manifest, [parent.uuid]);
    let identity = |trigger: &String| {
        parent.weak_dependencies.get(trigger).or_else(|| parent.dependencies.get(trigger)).copied()
    };
    let early = |(name, triggers): (&String, &Vec<String>)| {
        let sooner = |uuid: &Uuid| baked.contains(uuid) && !loaded_with_it.contains(uuid);
        let is_there = |uuid: Uuid| sooner(&uuid) || always.contains(&uuid) || loaded_with_it.contains(&uuid);
        let all = triggers.iter().all(|trigger| identity(trigger).is_some_and(is_there));
        let by = triggers.iter().filter(|trigger| identity(trigger).is_some_and(|uuid| sooner(&uuid)));
        let triggers: Vec<String> = by.cloned().collect();
        (all && !triggers.is_empty()).then(|| EarlyExtension {
            name: name.clone(),
            parent: parent.name.clone(),
            triggers,
        })
    };
    parent.extensions.iter().filter_map(early).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::testing::{package, uuid};

    #[test]
    fn an_extension_is_early_where_the_image_brings_what_triggers_it() {
        let mut parent = package(1, "DevA", &[2]).at_path("DevA");
        for (name, number) in [("Parsers", 3), ("Dates", 4), ("Plots", 5)] {
            parent.weak_dependencies.insert(name.to_owned(), uuid(number));
        }
        for (name, triggers) in [
            ("ParsersExt", &["Parsers"][..]),
            ("DatesExt", &["Dates"]),
            ("PlotsExt", &["Parsers", "Plots"]),
            ("BothExt", &["Dates", "Parsers"]),
        ] {
            let triggers = triggers.iter().map(|&trigger| trigger.to_owned()).collect();
            parent.extensions.insert(name.to_owned(), triggers);
        }
        let packages =
            [parent, package(2, "Base64", &[]), package(3, "Parsers", &[]), package(4, "Dates", &[])];
        let manifest = Manifest::of(packages);
        let early = |baked: &[u128], always: &[u128]| {
            let set = |numbers: &[u128]| numbers.iter().map(|number| uuid(*number)).collect();
            let list = early_extensions(&manifest, &set(baked), &set(always));
            list.into_iter().map(|extension| extension.name).collect::<Vec<_>>()
        };
        assert_eq!(early(&[], &[4]), [""; 0]);
        // Packages that Julia has loaded by itself trigger without an image as well.
        assert_eq!(early(&[3], &[4]), ["BothExt", "ParsersExt"]);
        assert_eq!(early(&[3], &[]), ["ParsersExt"]);
        // Its parent is baked: so is it.
        assert_eq!(early(&[1, 3], &[4]), [""; 0]);
        // Packages that the parent loads anyway make no difference.
        assert_eq!(early(&[2], &[]), [""; 0]);
    }
}
