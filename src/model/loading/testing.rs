//! Manifests for tests.

use proptest::prelude::*;
use uuid::Uuid;

use crate::model::loading::manifest::{Manifest, Package, Source};

/// The UUID that stands for a number.
pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A registered package that depends on others, given by number.
pub(crate) fn package(number: u128, name: &str, dependencies: &[u128]) -> Package {
    Package {
        version: Some("1.0.0".to_owned()),
        source: Source::Tree(format!("{number:040x}")),
        dependencies: dependencies.iter().map(|other| (format!("D{other}"), uuid(*other))).collect(),
        ..Package::standard_library(uuid(number), name)
    }
}

impl Package {
    /// The same, in development in this folder.
    pub(crate) fn at_path(self, path: &str) -> Self {
        Self { source: Source::Path(path.to_owned()), ..self }
    }
}

/// Manifests of up to twelve packages `P0`, `P1`, …: any dependencies, cycles among them, some in development,
/// some with dependencies that the manifest lacks.
pub(crate) fn arbitrary_manifest() -> impl Strategy<Value = Manifest> {
    let shape = (any::<bool>(), proptest::collection::btree_set(0_u128..13, 0..4), 0_u8..6);
    proptest::collection::vec(shape, 0..12).prop_map(|packages| {
        Manifest::of(packages.into_iter().enumerate().map(|(index, (is_developed, dependencies, odd))| {
            let number = index as u128;
            let dependencies: Vec<u128> = dependencies
                .into_iter()
                .filter(|other| *other != number && (odd == 0 || *other < number))
                .collect();
            let made = package(number, &format!("P{number}"), &dependencies);
            if is_developed && odd < 2 { made.at_path("dev") } else { made }
        }))
    })
}
