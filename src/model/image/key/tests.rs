use proptest::prelude::*;

use super::*;
use crate::model::image::bake::{Rules, select};
use crate::model::loading::testing::{arbitrary_manifest, package, uuid};

fn digests(manifest: &Manifest) -> BTreeMap<Uuid, Digest> {
    let selection = select(manifest, &Rules::default());
    baked_packages(manifest, &selection, |_| String::new())
        .into_iter()
        .map(|package| (package.uuid, package.digest))
        .collect()
}

fn three() -> Manifest {
    Manifest::of([package(1, "Bottom", &[]), package(2, "Middle", &[1]), package(3, "Apart", &[])])
}

/// Inputs that no machine has anything to do with.
pub(crate) fn inputs(manifest: &Manifest) -> KeyInputs {
    let selection = select(manifest, &Rules::default());
    KeyInputs {
        key_version: KEY_VERSION,
        julia: JuliaIdentity {
            version: "1.10.4".to_owned(),
            commit: "48d4fd4843".to_owned(),
            architecture: "x86_64".to_owned(),
            system: "Linux".to_owned(),
            default_image: Digest::of(b"image"),
        },
        cpu_target: "native".to_owned(),
        processor: "GenuineIntel".to_owned(),
        builder: "direct 1".to_owned(),
        template: Digest::of(b"template"),
        packages: baked_packages(manifest, &selection, |_| String::new()),
        workload: Vec::new(),
        statements: Vec::new(),
        arguments: Vec::new(),
        depots: vec!["/home/user/.julia".to_owned()],
        other_preferences: BTreeMap::new(),
        libpython: None,
    }
}

/// A change of this key makes every user build every image again: raise `KEY_VERSION` and say so in the
/// changelog, or undo what changed it.
#[test]
fn the_key_of_these_inputs_is_for_ever() {
    assert_eq!(
        inputs(&three()).key().as_str(),
        "1591864253293e835eb2861c7826aa5c9666b3d929a4b83c00b8fb4fa4ac457c"
    );
}

#[test]
fn a_digest_reaches_through_dependencies_and_no_further() {
    let before = digests(&three());
    let mut changed = three();
    if let Some(bottom) = changed.packages.get_mut(&uuid(1)) {
        bottom.source = Source::Tree("f".repeat(40));
    }
    let after = digests(&changed);
    assert_ne!(before[&uuid(1)], after[&uuid(1)]);
    assert_ne!(before[&uuid(2)], after[&uuid(2)]);
    assert_eq!(before[&uuid(3)], after[&uuid(3)]);
}

#[test]
fn extensions_weak_dependencies_syntax_and_preferences_count() {
    let base = digests(&three());
    let mut weak = three();
    weak.packages.entry(uuid(3)).and_modify(|package| {
        package.weak_dependencies.insert("Trigger".to_owned(), uuid(9));
    });
    assert_ne!(base[&uuid(3)], digests(&weak)[&uuid(3)]);
    let mut extended = three();
    extended.packages.entry(uuid(3)).and_modify(|package| {
        package.extensions.insert("Ext".to_owned(), vec!["Trigger".to_owned()]);
    });
    assert_ne!(base[&uuid(3)], digests(&extended)[&uuid(3)]);
    let mut later = three();
    later.packages.entry(uuid(3)).and_modify(|package| package.syntax = Some("1.14".to_owned()));
    assert_ne!(base[&uuid(3)], digests(&later)[&uuid(3)]);
    let selection = select(&three(), &Rules::default());
    let preferred = baked_packages(&three(), &selection, |package| {
        if package == uuid(1) { "a = 1\n".to_owned() } else { String::new() }
    });
    for package in preferred {
        let same = package.digest == base[&package.uuid];
        assert_eq!(same, package.uuid == uuid(3), "{}", package.name);
    }
}

#[test]
fn of_a_standard_library_it_does_not_matter_what_a_manifest_writes() {
    let bare = Package::standard_library(uuid(7), "Pkg");
    let mut written = Package { version: Some("1.12.1".to_owned()), ..bare.clone() };
    written.dependencies.insert("Bottom".to_owned(), uuid(1));
    written.weak_dependencies.insert("REPL".to_owned(), uuid(8));
    written.extensions.insert("REPLExt".to_owned(), vec!["REPL".to_owned()]);
    let alone = digests(&Manifest::of([bare]));
    let among = digests(&Manifest::of([package(1, "Bottom", &[]), written]));
    assert_eq!(alone[&uuid(7)], among[&uuid(7)]);
    let from_registry = digests(&Manifest::of([package(7, "Pkg", &[])]));
    assert_ne!(alone[&uuid(7)], from_registry[&uuid(7)]);
}

#[test]
fn every_field_of_the_inputs_is_in_the_key() {
    let mut base = inputs(&three());
    base.libpython = Some("/usr/lib/libpython3.so".to_owned());
    let value = serde_json::to_value(&base).expect("plain data");
    let mut keys = vec![base.key()];
    for field in value.as_object().expect("an object").keys() {
        let mut other = value.clone();
        other[field] = match &other[field] {
            serde_json::Value::String(text) if Digest::parse(text).is_some() => "0".repeat(64).into(),
            serde_json::Value::String(text) => format!("{text} other").into(),
            serde_json::Value::Number(_) => 99.into(),
            serde_json::Value::Array(_) if field == "packages" => Vec::<String>::new().into(),
            serde_json::Value::Array(_) if field == "workload" || field == "statements" => {
                serde_json::json!([{ "path": "a.jl", "digest": "0".repeat(64) }])
            }
            serde_json::Value::Array(_) => vec!["other".to_owned()].into(),
            serde_json::Value::Object(_) => {
                let mut julia = other[field].clone();
                julia["version"] = "1.10.5".into();
                julia
            }
            other => panic!("`{field}` is {other}"),
        };
        let changed: KeyInputs = serde_json::from_value(other).expect("still inputs");
        keys.push(changed.key());
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count, "a field does not change the key");
}

#[test]
fn a_key_reads_back_from_what_is_kept() {
    let base = inputs(&three());
    let kept: KeyInputs = serde_json::from_slice(&base.canonical()).expect("kept inputs");
    assert_eq!(kept.key(), base.key());
}

#[test]
fn a_digest_is_64_small_hexadecimal_digits() {
    assert_eq!(Digest::of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert!(Digest::parse(&"A".repeat(64)).is_none());
    assert!(Digest::parse("../../etc").is_none());
}

proptest! {
    #[test]
    fn a_package_that_is_added_changes_no_other_digest(manifest in arbitrary_manifest()) {
        let before = digests(&manifest);
        let mut larger = manifest;
        larger.packages.insert(uuid(100), Box::new(package(100, "New", &[])));
        let after = digests(&larger);
        for (uuid, digest) in before {
            prop_assert_eq!(&after[&uuid], &digest);
        }
    }
}
