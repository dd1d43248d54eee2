//! Chooses the packages that go into an image, and gives a reason for each one that does not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use crate::model::loading::dependency_order::{DependencyOrder, dependency_order};
use crate::model::loading::manifest::{Manifest, Package, Source};
use crate::model::loading::reach::closure;

/// The user's settings for baking, and the project's own package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Names: only these packages and their dependencies. Empty: all.
    pub(crate) include: Vec<String>,
    /// Names: neither these packages nor those that depend on them.
    pub(crate) exclude: Vec<String>,
    /// The project's own package, if the project is one.
    pub(crate) own: Option<Uuid>,
    /// Packages with different code in two environments of a stack.
    pub(crate) conflicts: BTreeSet<Uuid>,
}

/// Why a package of the manifest stays outside of the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outside {
    /// Its code is in a folder that the user can edit (`Pkg.develop`).
    PathTracked,
    /// It is the project's own package.
    OwnPackage,
    /// The settings exclude it.
    Excluded,
    /// The settings include others only.
    NotIncluded,
    /// Two environments of the stack hold it with different code.
    TwoVersions,
    /// It depends on this package, which stays outside.
    DependsOn(String),
    /// The manifest does not identify these dependencies of it.
    Unresolved(Vec<String>),
    /// It is in a cycle of dependencies, or depends on one.
    Cycle,
    /// It did not load when the image was made, and nothing that is loaded by name needed it: for another system, say.
    DoesNotLoad,
}

impl fmt::Display for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PathTracked => formatter.write_str("in development (tracked by path)"),
            Self::OwnPackage => formatter.write_str("the project itself"),
            Self::Excluded => formatter.write_str("excluded by the settings"),
            Self::NotIncluded => formatter.write_str("not among the included"),
            Self::TwoVersions => formatter.write_str("another version is in the stacked environment"),
            Self::DependsOn(name) => write!(formatter, "depends on {name}"),
            Self::Unresolved(names) => write!(formatter, "the manifest lacks {}", names.join(", ")),
            Self::Cycle => formatter.write_str("in a cycle of dependencies"),
            Self::DoesNotLoad => formatter.write_str("does not load here, and nothing needs it"),
        }
    }
}

/// The packages that go into an image, and those that stay outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The packages to bake, each after its dependencies.
    pub(crate) baked: Vec<Uuid>,
    /// All other packages of the manifest.
    pub(crate) outside: BTreeMap<Uuid, Outside>,
}

/// Chooses the packages of `manifest` that can be baked.
///
/// No baked package depends, directly or through others, on one that is tracked by path: such code can change under the
/// user at any moment, while an image never does.
#[must_use]
pub(crate) fn select(manifest: &Manifest, rules: &Rules) -> Selection {
    let DependencyOrder { sorted, cyclic, mut lacking } = dependency_order(manifest);
    let included = included_closure(manifest, &rules.include);
    let mut selection = Selection::default();
    for uuid in sorted {
        // `sorted` holds packages of the manifest only.
        let Some(package) = manifest.packages.get(&uuid) else { continue };
        let reason = own_reason(package, rules)
            .or_else(|| lacking.remove(&uuid).map(Outside::Unresolved))
            .or_else(|| included.as_ref().filter(|set| !set.contains(&uuid)).map(|_| Outside::NotIncluded))
            .or_else(|| inherited_reason(package, &selection.outside));
        match reason {
            Some(reason) => {
                selection.outside.insert(uuid, reason);
            }
            None => selection.baked.push(uuid),
        }
    }
    selection.outside.extend(cyclic.into_iter().map(|uuid| (uuid, Outside::Cycle)));
    selection
}

/// Returns the package's own reason to stay outside, if it has one.
fn own_reason(package: &Package, rules: &Rules) -> Option<Outside> {
    if rules.own == Some(package.uuid) {
        Some(Outside::OwnPackage)
    } else if matches!(package.source, Source::Path(_)) {
        Some(Outside::PathTracked)
    } else if rules.exclude.contains(&package.name) {
        Some(Outside::Excluded)
    } else if rules.conflicts.contains(&package.uuid) {
        Some(Outside::TwoVersions)
    } else if package.unresolved_dependencies.is_empty() {
        None
    } else {
        Some(Outside::Unresolved(package.unresolved_dependencies.iter().cloned().collect()))
    }
}

/// Returns the reason to stay outside that comes from a dependency, if there is one.
fn inherited_reason(package: &Package, outside: &BTreeMap<Uuid, Outside>) -> Option<Outside> {
    let mut dependencies = package.dependencies.iter();
    dependencies.find_map(|(name, uuid)| outside.contains_key(uuid).then(|| Outside::DependsOn(name.clone())))
}

/// Returns the named packages and all their dependencies; `None` if no name is given.
fn included_closure(manifest: &Manifest, names: &[String]) -> Option<HashSet<Uuid>> {
    if names.is_empty() {
        return None;
    }
    let roots = manifest.packages.values().filter(|package| names.contains(&package.name));
    Some(closure(manifest, roots.map(|package| package.uuid)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::loading::testing::{self, package, uuid};

    fn names(manifest: &Manifest, selection: &Selection) -> Vec<String> {
        selection.baked.iter().map(|uuid| manifest.packages[uuid].name.clone()).collect()
    }

    #[test]
    fn what_depends_on_a_package_in_development_stays_outside_and_its_dependencies_go_in() {
        let manifest = Manifest::of([
            package(1, "Registered", &[]),
            package(2, "Developed", &[1]).at_path("../Developed"),
            package(3, "OnDeveloped", &[2]),
            package(4, "Apart", &[]),
        ]);
        let selection = select(&manifest, &Rules::default());
        assert_eq!(names(&manifest, &selection), ["Registered", "Apart"]);
        assert_eq!(selection.outside[&uuid(2)], Outside::PathTracked);
        assert_eq!(selection.outside[&uuid(3)], Outside::DependsOn("D2".to_owned()));
    }

    #[test]
    fn exclusion_takes_dependents_along_and_inclusion_dependencies() {
        let manifest = Manifest::of([
            package(1, "Base1", &[]),
            package(2, "Middle", &[1]),
            package(3, "Top", &[2]),
            package(4, "Apart", &[]),
        ]);
        let exclude = Rules { exclude: vec!["Middle".to_owned()], ..Rules::default() };
        assert_eq!(names(&manifest, &select(&manifest, &exclude)), ["Base1", "Apart"]);
        let include = Rules { include: vec!["Middle".to_owned()], ..Rules::default() };
        assert_eq!(names(&manifest, &select(&manifest, &include)), ["Base1", "Middle"]);
    }

    #[test]
    fn the_projects_own_package_and_cycles_stay_outside() {
        let manifest = Manifest::of([
            package(1, "Own", &[]),
            package(2, "Left", &[3]),
            package(3, "Right", &[2]),
            package(4, "Behind", &[2]),
        ]);
        let selection = select(&manifest, &Rules { own: Some(uuid(1)), ..Rules::default() });
        assert!(selection.baked.is_empty());
        assert_eq!(selection.outside[&uuid(1)], Outside::OwnPackage);
        assert_eq!(selection.outside[&uuid(4)], Outside::Cycle);
    }

    proptest! {
        #[test]
        fn no_package_in_development_is_reachable_from_a_baked_one(
            manifest in testing::arbitrary_manifest(),
            excluded in 0_u128..12,
        ) {
            let rules = Rules { exclude: vec![format!("P{excluded}")], ..Rules::default() };
            let selection = select(&manifest, &rules);
            let mut place = BTreeMap::new();
            for (index, uuid) in selection.baked.iter().enumerate() {
                place.insert(*uuid, index);
            }
            for uuid in &selection.baked {
                let package = &manifest.packages[uuid];
                prop_assert!(!matches!(package.source, Source::Path(_)));
                prop_assert!(!rules.exclude.contains(&package.name));
                for dependency in package.dependencies.values() {
                    // Baked, and earlier: by induction nothing outside is reachable.
                    prop_assert!(place.get(dependency).is_some_and(|index| *index < place[uuid]));
                }
            }
            prop_assert_eq!(selection.baked.len() + selection.outside.len(), manifest.packages.len());
        }
    }
}
