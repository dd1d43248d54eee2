use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::image::bake::{Rules, select};
use crate::model::image::key::tests::inputs;
use crate::model::image::record::{FileRecord, ImageRecord, Measurements, RECORD_FORMAT};
use crate::model::image::tracked::Change;
use crate::model::loading::manifest::{Manifest, Package, Source};
use crate::model::loading::testing::{arbitrary_manifest, package, uuid};

const PROJECT: &str = "/home/user/project";
const NO_LIMIT: Limits = Limits { outside: None };

/// With the keys computed on the spot.
fn decide(wanted: &Wanted, images: &[KnownImage], limits: Limits, project: &str) -> Verdict {
    decide_hindered(wanted, images, limits, project, &|_| Vec::new())
}

/// The same where something may stand in the way of an image.
fn decide_hindered(
    wanted: &Wanted,
    images: &[KnownImage],
    limits: Limits,
    project: &str,
    obstacles: &dyn Fn(&KnownImage) -> Vec<Obstacle>,
) -> Verdict {
    let (keys, elsewhere) = (wanted.keys(), BTreeSet::new());
    let case = Case {
        wanted,
        keys: &keys,
        limits,
        project,
        accepted: &[],
        elsewhere: &elsewhere,
        compile_time: &|_| 1.0,
        obstacles,
    };
    super::decide(&case, images)
}

fn wanted(manifest: &Manifest) -> Wanted {
    let selection = select(manifest, &Rules::default());
    let outside = selection
        .outside
        .into_iter()
        .map(|(uuid, reason)| (uuid, (manifest.packages[&uuid].name.clone(), reason)))
        .collect();
    Wanted {
        inputs: Arc::new(inputs(manifest)),
        alternatives: Vec::new(),
        outside,
        replaced: BTreeSet::new(),
    }
}

/// An image of a project with the packages of a manifest.
pub(crate) fn image(manifest: &Manifest, project: &str, built: i64) -> KnownImage {
    let inputs = inputs(manifest);
    let digest = Digest::of(b"");
    let record = ImageRecord {
        format: RECORD_FORMAT,
        key: inputs.key(),
        built,
        project: project.to_owned(),
        julia: "/usr/bin/julia".to_owned(),
        file: FileRecord { size: 1, modified: 1, inode: 1, path: digest.clone(), contents: digest },
        measured: Measurements::default(),
        precompiled_for: Vec::new(),
        shared_with: Vec::new(),
        recorded: None,
        tried_on: None,
        targets: Vec::new(),
        loaded: Vec::new(),
        removes_marks: true,
        tracked: Vec::new(),
        artifacts: Vec::new(),
        direct_only: BTreeMap::new(),
    };
    KnownImage {
        record,
        inputs: Arc::new(inputs),
        flaw: None,
        unfit: None,
        path: "/image".into(),
        is_shared: false,
    }
}

fn two() -> Manifest {
    Manifest::of([package(1, "One", &[]), package(2, "Two", &[1])])
}

fn three() -> Manifest {
    Manifest::of([package(1, "One", &[]), package(2, "Two", &[1]), package(3, "Three", &[])])
}

fn with_other_tree(mut manifest: Manifest, number: u128) -> Manifest {
    if let Some(package) = manifest.packages.get_mut(&uuid(number)) {
        package.source = Source::Tree("e".repeat(40));
        package.version = Some("1.0.1".to_owned());
    }
    manifest
}

#[test]
fn the_same_inputs_are_exact() {
    let image = image(&two(), PROJECT, 1);
    let verdict = decide(&wanted(&two()), std::slice::from_ref(&image), NO_LIMIT, PROJECT);
    assert_eq!(verdict, Verdict::Exact { key: image.record.key });
}

#[test]
fn an_added_package_leaves_the_image_in_force() {
    let image = image(&two(), PROJECT, 1);
    let verdict = decide(&wanted(&three()), std::slice::from_ref(&image), NO_LIMIT, PROJECT);
    let Verdict::Contained { key, missing, differences } = verdict else { panic!("{verdict:?}") };
    assert_eq!((key, missing), (image.record.key, vec!["Three".to_owned()]));
    assert!(differences.is_empty());
}

#[test]
fn an_updated_package_makes_the_image_stale_and_is_named() {
    let image = image(&two(), PROJECT, 1);
    let verdict = decide(&wanted(&with_other_tree(two(), 1)), &[image], NO_LIMIT, PROJECT);
    let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["One 1.0.0 → 1.0.1"]);
}

#[test]
fn an_image_that_is_hindered_is_not_used_and_another_one_is() {
    let (small, large) = (image(&two(), PROJECT, 1), image(&three(), PROJECT, 2));
    let changed = |key: &Digest| {
        let key = key.clone();
        move |image: &KnownImage| {
            let (package, path) = ("One".to_owned(), "/schema".to_owned());
            let changed = Obstacle::Changed { package, path, change: Change::Contents };
            if image.record.key == key { vec![changed] } else { Vec::new() }
        }
    };
    let images = [small.clone(), large.clone()];
    let decide = |wanted, images: &[KnownImage], obstacles: &dyn Fn(&KnownImage) -> Vec<Obstacle>| {
        decide_hindered(&wanted, images, NO_LIMIT, PROJECT, obstacles)
    };
    let verdict = decide(wanted(&three()), &images, &changed(&large.record.key));
    assert!(matches!(&verdict, Verdict::Contained { key, .. } if *key == small.record.key), "{verdict:?}");
    // Exact, or contained in the project that it was built for: the file is named.
    for project in [two(), three()] {
        let verdict = decide(wanted(&project), &images[..1], &changed(&small.record.key));
        let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
        let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["`/schema`, which One reads, changed"]);
    }
    // Reasons that another build removes come first.
    let artifact = Artifact { package: "Two".to_owned(), name: "data".to_owned(), trees: Vec::new() };
    let absent = Obstacle::NoArtifact(artifact.clone());
    let indirect = Obstacle::Indirect { package: "One".to_owned() };
    let both = |image: &KnownImage| [vec![absent.clone()], changed(&small.record.key)(image)].concat();
    let verdict = decide(wanted(&two()), &images[..1], &both);
    assert!(matches!(verdict, Verdict::Plain(Plain::Stale { .. })), "{verdict:?}");
    let verdict = decide(wanted(&two()), &images[..1], &|_| vec![absent.clone(), indirect.clone()]);
    assert_eq!(verdict, Verdict::Plain(Plain::NoArtifact { key: small.record.key.clone(), artifact }));
    let verdict = decide(wanted(&two()), &images[..1], &|_| vec![indirect.clone()]);
    assert!(matches!(verdict, Verdict::Plain(Plain::Indirect { package, .. }) if package == "One"));
}

#[test]
fn preferences_of_a_package_that_is_only_named_are_part_of_an_image() {
    let image = image(&two(), PROJECT, 1);
    let mut wanted = wanted(&three());
    Arc::make_mut(&mut wanted.inputs).other_preferences.insert("Named".to_owned(), "{}".to_owned());
    let verdict = decide(&wanted, &[image], NO_LIMIT, PROJECT);
    let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["preferences of Named changed"]);
}

#[test]
fn an_image_with_pycall_is_for_its_libpython_and_others_do_not_care() {
    let mut pycall = package(9, "PyCall", &[]);
    pycall.uuid = crate::model::image::pycall::PYCALL;
    let with_pycall = Manifest::of([package(1, "One", &[]), pycall]);
    let bound = |manifest: &Manifest, libpython: Option<&str>| {
        let mut image = image(manifest, PROJECT, 1);
        Arc::make_mut(&mut image.inputs).libpython = libpython.map(str::to_owned);
        image.record.key = image.inputs.key();
        image
    };
    let mut wanted = wanted(&with_pycall);
    Arc::make_mut(&mut wanted.inputs).libpython = Some("/lib/libpython3.12.so".to_owned());
    let other = bound(&with_pycall, Some("/lib/libpython3.11.so"));
    let verdict = decide(&wanted, &[other, bound(&with_pycall, None)], NO_LIMIT, PROJECT);
    let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
    assert!(differences[0].to_string().ends_with(" → /lib/libpython3.12.so"), "{differences:?}");
    let own = bound(&with_pycall, Some("/lib/libpython3.12.so"));
    assert!(matches!(decide(&wanted, &[own], NO_LIMIT, PROJECT), Verdict::Exact { .. }));
    let without = bound(&Manifest::of([package(1, "One", &[])]), None);
    let verdict = decide(&wanted, &[without], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Contained { differences, .. } if differences.is_empty()));
}

#[test]
fn a_package_that_is_now_in_development_makes_the_image_stale() {
    let image = image(&two(), PROJECT, 1);
    let developed = Manifest::of([package(1, "One", &[]).at_path("dev/One"), package(2, "Two", &[1])]);
    // With both of them outside there would be nothing to bake.
    let mut developed = developed;
    developed.packages.insert(uuid(3), Box::new(package(3, "Three", &[])));
    let verdict = decide(&wanted(&developed), &[image], NO_LIMIT, PROJECT);
    let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["One 1.0.0 → in development (tracked by path)", "Two 1.0.0 → depends on D1"]);
}

#[test]
fn another_projects_image_serves_where_it_is_contained_and_the_larger_one_wins() {
    let small = image(&Manifest::of([package(1, "One", &[])]), "/other", 9);
    let large = image(&two(), "/another", 1);
    let verdict = decide(&wanted(&three()), &[small, large.clone()], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Contained { key, .. } if key == large.record.key));
}

#[test]
fn a_flawed_image_is_never_used() {
    let mut flawed = image(&two(), PROJECT, 1);
    flawed.flaw = Some("its file is missing".to_owned());
    let verdict = decide(&wanted(&two()), &[flawed.clone()], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Plain(Plain::Broken { .. })), "{verdict:?}");
    let verdict = decide(&wanted(&three()), &[flawed], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Plain(_)), "{verdict:?}");
}

#[test]
fn an_image_that_leaves_outside_what_takes_long_to_compile_is_used_only_where_that_is_compiled() {
    let mut small = image(&Manifest::of([package(1, "One", &[])]), "/other", 1);
    let limits = Limits { outside: Some(1.5) };
    let wanted = wanted(&three());
    let verdict = decide(&wanted, &[small.clone()], limits, PROJECT);
    assert_eq!(verdict, Verdict::Plain(Plain::TooMuchOutside { key: small.record.key.clone(), missing: 2 }));
    // Two packages, a second each.
    let verdict = decide(&wanted, &[small.clone()], Limits { outside: Some(2.0) }, PROJECT);
    assert!(matches!(verdict, Verdict::Contained { .. }), "{verdict:?}");
    small.record.precompiled_for.push(wanted.packages_digest());
    let verdict = decide(&wanted, &[small], limits, PROJECT);
    assert!(matches!(verdict, Verdict::Contained { .. }), "{verdict:?}");
}

#[test]
fn a_standard_library_that_came_with_an_image_is_not_outside_and_hides_no_other_form_of_it() {
    let mut small = image(&Manifest::of([package(1, "One", &[])]), "/other", 1);
    small.record.loaded = vec![uuid(1), uuid(9)];
    let library = Manifest::of([package(1, "One", &[]), Package::standard_library(uuid(9), "Markdown")]);
    let case = wanted(&library);
    let verdict = decide(&case, &[small.clone()], Limits { outside: Some(0.0) }, PROJECT);
    assert!(matches!(&verdict, Verdict::Contained { missing, .. } if missing.is_empty()), "{verdict:?}");
    // The project has another version of it, from a registry or in development.
    let case = Wanted { replaced: BTreeSet::from([uuid(9)]), ..case };
    let verdict = decide(&case, &[small.clone()], NO_LIMIT, PROJECT);
    assert_eq!(verdict, Verdict::Plain(Plain::NeverBuilt));
    // Where that very one is baked, its digest decides.
    let manifest = Manifest::of([package(1, "One", &[]), package(9, "Markdown", &[])]);
    let mut baked = image(&manifest, "/other", 1);
    baked.record.loaded = vec![uuid(1), uuid(9)];
    let case = Wanted { replaced: BTreeSet::from([uuid(9)]), ..wanted(&manifest) };
    let verdict = decide(&case, &[baked], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Exact { .. }), "{verdict:?}");
}

#[test]
fn another_julia_processor_or_depot_never_shares_an_image() {
    let image = image(&two(), PROJECT, 1);
    let changes: [fn(&mut KeyInputs); 4] = [
        |inputs| inputs.julia.version = "1.10.5".to_owned(),
        |inputs| inputs.julia.default_image = Digest::of(b"rebuilt"),
        |inputs| inputs.processor = "another".to_owned(),
        |inputs| inputs.depots = vec!["/elsewhere".to_owned()],
    ];
    for change in changes {
        let mut wanted = wanted(&two());
        change(Arc::make_mut(&mut wanted.inputs));
        let verdict = decide(&wanted, std::slice::from_ref(&image), NO_LIMIT, PROJECT);
        let Verdict::Plain(Plain::Stale { differences, .. }) = verdict else { panic!("{verdict:?}") };
        assert_eq!(differences.len(), 1, "{differences:?}");
    }
}

#[test]
fn code_for_named_processors_serves_where_it_fits_and_is_second_to_what_is_wanted() {
    let native = image(&two(), PROJECT, 1);
    let mut portable = image(&two(), PROJECT, 2);
    let inputs = Arc::make_mut(&mut portable.inputs);
    (inputs.cpu_target, inputs.processor) = ("generic".to_owned(), String::new());
    portable.record.key = portable.inputs.key();
    let verdict = decide(&wanted(&three()), &[portable.clone(), native.clone()], NO_LIMIT, PROJECT);
    assert!(matches!(&verdict, Verdict::Contained { key, .. } if *key == native.record.key), "{verdict:?}");
    let verdict = decide(&wanted(&two()), std::slice::from_ref(&portable), NO_LIMIT, PROJECT);
    let Verdict::Contained { differences, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(differences[0].to_string(), "processor generic → native GenuineIntel");
    portable.unfit = Some("it is for `znver4`, which this processor is not".to_owned());
    let verdict = decide(&wanted(&two()), std::slice::from_ref(&portable), NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Plain(Plain::Stale { .. })), "{verdict:?}");
    let mut wanted = wanted(&two());
    let inputs = Arc::make_mut(&mut wanted.inputs);
    (inputs.cpu_target, inputs.processor) = ("generic".to_owned(), String::new());
    let verdict = decide(&wanted, &[portable], NO_LIMIT, PROJECT);
    assert!(matches!(verdict, Verdict::Plain(Plain::Unfit { .. })), "{verdict:?}");
}

#[test]
fn any_acceptable_builder_is_exact_and_another_one_still_sound() {
    let image = image(&two(), PROJECT, 1);
    let mut wanted = wanted(&two());
    Arc::make_mut(&mut wanted.inputs).builder = "packagecompiler 2.2.5".to_owned();
    let verdict = decide(&wanted, std::slice::from_ref(&image), NO_LIMIT, PROJECT);
    let Verdict::Contained { differences, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(differences[0].to_string(), "builder direct 1 → packagecompiler 2.2.5");
    wanted.alternatives.push((image.inputs.builder.clone(), image.inputs.template.clone()));
    assert!(matches!(decide(&wanted, &[image], NO_LIMIT, PROJECT), Verdict::Exact { .. }));
}

#[test]
fn a_project_that_never_had_an_image_is_told_so_and_an_empty_one_too() {
    assert_eq!(decide(&wanted(&two()), &[], NO_LIMIT, PROJECT), Verdict::Plain(Plain::NeverBuilt));
    let empty = wanted(&Manifest::of([]));
    assert_eq!(
        decide(&empty, &[], NO_LIMIT, PROJECT),
        Verdict::Plain(Plain::NothingToBake { empty_manifest: None })
    );
}

proptest! {
    /// Promise 1: never old code.
    #[test]
    fn a_used_image_holds_only_what_the_project_loads(
        project in arbitrary_manifest(),
        others in proptest::collection::vec((arbitrary_manifest(), proptest::option::of(0_u128..12)), 0..6),
        updated in 0_u128..12,
        is_built in any::<bool>(),
    ) {
        let wanted = wanted(&project);
        let images: Vec<KnownImage> = others
            .into_iter()
            .chain([(project.clone(), Some(updated))])
            .chain(is_built.then(|| (project.clone(), None)))
            .enumerate()
            .map(|(index, (manifest, changed))| {
                let manifest = match changed {
                    Some(number) => with_other_tree(manifest, number),
                    None => manifest,
                };
                image(&manifest, PROJECT, i64::try_from(index).unwrap_or_default())
            })
            .collect();
        if let Verdict::Exact { key } | Verdict::Contained { key, .. } =
            decide(&wanted, &images, NO_LIMIT, PROJECT)
        {
            let used = images.iter().find(|image| image.record.key == key).expect("a known image");
            for package in &used.inputs.packages {
                let loaded = find(&wanted.inputs.packages, package.uuid);
                prop_assert_eq!(loaded.map(|loaded| &loaded.digest), Some(&package.digest));
                prop_assert!(!wanted.outside.contains_key(&package.uuid));
            }
        } else {
            prop_assert!(wanted.inputs.packages.is_empty() || !is_built);
        }
    }
}
