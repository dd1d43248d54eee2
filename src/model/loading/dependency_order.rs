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
    /// Names of the dependencies that the manifest does not hold, of each package that has some.
    pub(crate) lacking: BTreeMap<Uuid, Vec<String>>,
}

/// Sorts the packages of `manifest`. Dependencies that it does not hold are skipped.
///
/// Uses no recursion: a manifest can be made arbitrarily deep.
#[must_use]
pub(crate) fn dependency_order(manifest: &Manifest) -> DependencyOrder {
    // By place in the manifest, which is sorted by UUID.
    let uuids: Vec<Uuid> = manifest.packages.keys().copied().collect();
    let mut waiting_for = vec![0_usize; uuids.len()];
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); uuids.len()];
    let mut lacking: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for ((place, package), count) in manifest.packages.values().enumerate().zip(&mut waiting_for) {
        // One that is listed under two names is waited for twice, and comes twice.
        for (name, dependency) in &package.dependencies {
            if let Some(dependents) =
                uuids.binary_search(dependency).ok().and_then(|at| dependents.get_mut(at))
            {
                dependents.push(place);
                *count += 1;
            } else {
                lacking.entry(package.uuid).or_default().push(name.clone());
            }
        }
    }
    let mut ready: BTreeSet<usize> =
        waiting_for.iter().enumerate().filter(|(_, count)| **count == 0).map(|(place, _)| place).collect();
    let mut sorted = Vec::with_capacity(uuids.len());
    while let Some(place) = ready.pop_first() {
        sorted.extend(uuids.get(place));
        for dependent in dependents.get(place).into_iter().flatten() {
            if let Some(count) = waiting_for.get_mut(*dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*dependent);
                }
            }
        }
    }
    let waiting = uuids.into_iter().zip(waiting_for).filter(|(_, count)| *count > 0);
    DependencyOrder { sorted, cyclic: waiting.map(|(uuid, _)| uuid).collect(), lacking }
}
