//! Finds what a project can load of a manifest that may hold more: a workspace has one for all of its projects.

use std::collections::HashSet;

use uuid::Uuid;

use crate::model::loading::manifest::{Manifest, Package};
use crate::model::loading::project::Project;

/// A manifest in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The packages that the projects load by name, and all their dependencies.
    pub(crate) reached: Manifest,
    /// The rest.
    pub(crate) unreached: Vec<Package>,
}

/// Divides `manifest` by what `projects` can load: their own packages and their `[deps]` (`explicit_project_deps_get`,
/// `base/loading.jl` 1.5 to 1.12), with all dependencies of those. An extension adds nothing: it loads only with its
/// triggers.
#[must_use]
pub(crate) fn reach<'a>(manifest: Manifest, projects: impl IntoIterator<Item = &'a Project>) -> Reach {
    let roots = projects.into_iter().flat_map(|project| project.dependencies.values().chain(&project.uuid));
    let closure = closure(&manifest, roots.copied());
    let mut reached = manifest;
    // In general few, if any: most manifests belong to one project.
    let others: Vec<Uuid> = reached.packages.keys().copied().filter(|uuid| !closure.contains(uuid)).collect();
    let unreached =
        others.iter().filter_map(|uuid| reached.packages.remove(uuid)).map(|package| *package).collect();
    Reach { reached, unreached }
}

/// Returns these packages and all their dependencies.
#[must_use]
pub(crate) fn closure(manifest: &Manifest, packages: impl IntoIterator<Item = Uuid>) -> HashSet<Uuid> {
    let mut waiting: Vec<Uuid> = packages.into_iter().collect();
    let mut closure = HashSet::with_capacity(manifest.packages.len());
    while let Some(uuid) = waiting.pop() {
        if closure.insert(uuid) {
            let package = manifest.packages.get(&uuid);
            waiting.extend(package.into_iter().flat_map(|package| package.dependencies.values().copied()));
        }
    }
    closure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::loading::testing::{self, package, uuid};

    fn project(own: Option<u128>, dependencies: &[u128]) -> Project {
        let dependencies = dependencies.iter().map(|number| (format!("D{number}"), uuid(*number))).collect();
        Project { uuid: own.map(uuid), dependencies, ..Project::default() }
    }

    #[test]
    fn a_project_reaches_its_own_package_its_dependencies_and_theirs() {
        let manifest = Manifest::of([
            package(1, "Base1", &[]),
            package(2, "Direct", &[1]),
            package(3, "Docs", &[1]),
            package(4, "Own", &[5]),
            package(5, "OfOwn", &[]),
        ]);
        let names = |reach: &Reach| {
            let packages = reach.reached.packages.values();
            packages.map(|package| package.name.clone()).collect::<Vec<_>>().join(" ")
        };
        let root = reach(manifest.clone(), [&project(Some(4), &[2])]);
        assert_eq!(names(&root), "Base1 Direct Own OfOwn");
        assert_eq!(root.unreached.len(), 1);
        let docs = project(None, &[3]);
        assert_eq!(names(&reach(manifest.clone(), [&docs])), "Base1 Docs");
        assert_eq!(names(&reach(manifest.clone(), [&docs, &project(None, &[2])])), "Base1 Direct Docs");
        assert_eq!(names(&reach(manifest, [&project(None, &[])])), "");
    }

    proptest! {
        #[test]
        fn what_is_reached_is_closed_and_nothing_is_lost(
            manifest in testing::arbitrary_manifest(),
            roots in proptest::collection::vec(0_u128..13, 0..4),
        ) {
            let Reach { reached, unreached } = reach(manifest.clone(), [&project(None, &roots)]);
            for package in reached.packages.values() {
                for dependency in package.dependencies.values() {
                    prop_assert_eq!(reached.packages.get(dependency), manifest.packages.get(dependency));
                }
            }
            let all = Manifest::of(reached.packages.into_values().map(|package| *package).chain(unreached));
            prop_assert_eq!(all.packages, manifest.packages);
        }
    }
}
