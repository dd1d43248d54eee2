//! Sorts the packages of a manifest so that each comes after its dependencies.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::loading::manifest::Manifest;

/// Packages sorted by dependency.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DependencyOrder {
    /// Each package after its dependencies; ties by UUID, so that the order is unique.
    pub(crate) sorted: Vec<Uuid>,
    /// Packages that are in a cycle of dependencies or depend on one: they have no place in the order.
    pub(crate) cyclic: BTreeSet<Uuid>,
}

/// Sorts the packages of `manifest`. Dependencies that it does not hold are skipped.
///
/// Uses no recursion: a manifest can be made arbitrarily deep.
#[must_use]
pub(crate) fn dependency_order(manifest: &Manifest) -> DependencyOrder {
    let mut waiting_for: BTreeMap<Uuid, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (uuid, package) in &manifest.packages {
        let held = package.dependencies.values().filter(|uuid| manifest.packages.contains_key(uuid));
        // One that is listed under two names is waited for twice, and comes twice.
        let mut count = 0;
        for dependency in held {
            dependents.entry(*dependency).or_default().push(*uuid);
            count += 1;
        }
        waiting_for.insert(*uuid, count);
    }
    let mut ready: BTreeSet<Uuid> =
        waiting_for.iter().filter(|(_, count)| **count == 0).map(|(uuid, _)| *uuid).collect();
    let mut sorted = Vec::with_capacity(manifest.packages.len());
    while let Some(uuid) = ready.pop_first() {
        sorted.push(uuid);
        waiting_for.remove(&uuid);
        for dependent in dependents.remove(&uuid).unwrap_or_default() {
            if let Some(count) = waiting_for.get_mut(&dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependent);
                }
            }
        }
    }
    DependencyOrder { sorted, cyclic: waiting_for.into_keys().collect() }
}
