//! The environments of a load path as one, as Julia sees them when it searches them in turn.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::loading::manifest::Manifest;

/// Several manifests as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stack {
    /// The first manifest, and the packages that only later ones hold.
    pub(crate) manifest: Manifest,
    /// Packages with different code in two of them. Julia loads the first one's.
    pub(crate) conflicts: BTreeSet<Uuid>,
}

/// Puts `others` below `first`, in this order. Of two packages of one name, only the first one's is there: a name alone
/// could not distinguish them.
#[must_use]
pub(crate) fn stack(first: &Manifest, others: &[Manifest]) -> Stack {
    let mut stack = Stack { manifest: first.clone(), conflicts: BTreeSet::new() };
    let mut names: BTreeMap<String, Uuid> =
        first.packages.values().map(|package| (package.name.clone(), package.uuid)).collect();
    for package in others.iter().flat_map(|manifest| manifest.packages.values()) {
        match stack.manifest.packages.get(&package.uuid) {
            Some(known) if known.source == package.source => {}
            Some(_) => {
                stack.conflicts.insert(package.uuid);
            }
            None if names.contains_key(&package.name) => {}
            None => {
                names.insert(package.name.clone(), package.uuid);
                stack.manifest.packages.insert(package.uuid, package.clone());
            }
        }
    }
    stack
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::image::bake::{Outside, Rules, select};
    use crate::model::loading::testing::{arbitrary_manifest, package, uuid};

    #[test]
    fn what_two_hold_alike_is_one_and_what_differs_stays_outside_with_its_dependents() {
        let project =
            Manifest::of([package(1, "Shared", &[]), package(2, "Twice", &[]), package(3, "Own", &[2])]);
        let mut other = package(2, "Twice", &[]);
        other.source = crate::model::loading::manifest::Source::Tree("f".repeat(40));
        let default = Manifest::of([
            package(1, "Shared", &[]),
            other,
            package(4, "Tool", &[1]),
            package(5, "OnTwice", &[2]),
        ]);
        let Stack { manifest, conflicts } = stack(&project, &[default]);
        assert_eq!(conflicts, BTreeSet::from([uuid(2)]));
        let selection = select(&manifest, &Rules { conflicts, ..Rules::default() });
        assert_eq!(selection.baked, [uuid(1), uuid(4)]);
        assert_eq!(selection.outside[&uuid(2)], Outside::TwoVersions);
        assert!(selection.outside.contains_key(&uuid(3)) && selection.outside.contains_key(&uuid(5)));
    }

    #[test]
    fn of_two_packages_of_one_name_the_first_is_there() {
        let project = Manifest::of([package(1, "Name", &[])]);
        let default = Manifest::of([package(2, "Name", &[]), package(3, "Needs", &[2])]);
        let stack = stack(&project, &[default]);
        assert!(!stack.manifest.packages.contains_key(&uuid(2)));
        assert_eq!(select(&stack.manifest, &Rules::default()).baked, [uuid(1)]);
    }

    proptest! {
        #[test]
        fn the_first_manifest_always_wins(first in arbitrary_manifest(), second in arbitrary_manifest()) {
            let stacked = stack(&first, std::slice::from_ref(&second));
            for (uuid, package) in &first.packages {
                prop_assert_eq!(&stacked.manifest.packages[uuid], package);
            }
            prop_assert_eq!(stack(&first, std::slice::from_ref(&first)).manifest, first.clone());
            for uuid in &stacked.conflicts {
                prop_assert!(first.packages[uuid].source != second.packages[uuid].source);
            }
        }
    }
}
