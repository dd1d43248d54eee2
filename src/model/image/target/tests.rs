use proptest::prelude::*;

use super::*;

const EXPORTED: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/exported.so");
const FOUR_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/four-pointers.so");
const FIVE_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/five-pointers.so");
const SIX_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/six-pointers.so");
const OF_OTHER_SYSTEMS: [&[u8]; 4] = [
    include_bytes!("../../../../tests/fixtures/libraries/four-pointers.dll"),
    include_bytes!("../../../../tests/fixtures/libraries/five-pointers.dll"),
    include_bytes!("../../../../tests/fixtures/libraries/four-pointers.dylib"),
    include_bytes!("../../../../tests/fixtures/libraries/five-pointers.dylib"),
];

fn of(names: &[(&str, &str)]) -> Vec<ImageTarget> {
    let target = |(name, features): &(&str, &str)| ImageTarget {
        name: (*name).to_owned(),
        features: (*features).to_owned(),
    };
    names.iter().map(target).collect()
}

fn names(targets: &[ImageTarget]) -> String {
    targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A list as Julia writes it.
fn written(targets: &[(&str, &[u32])]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
    let mut bytes = number(targets.len()).to_vec();
    for (name, words) in targets {
        bytes.extend(number(0));
        bytes.extend(number(words.len()));
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(words.iter().flat_map(|word| (!word).to_le_bytes()));
        bytes.extend(number(name.len()));
        bytes.extend(name.as_bytes());
        bytes.extend(number(0));
    }
    bytes
}

/// The libraries hold what is in the default image of Debian's Julia 1.5.3, which was made for these three.
#[test]
fn the_targets_of_julias_own_image_are_read_in_every_form() {
    let of_linux = [EXPORTED, FOUR_POINTERS, FIVE_POINTERS, SIX_POINTERS];
    for library in of_linux.into_iter().chain(OF_OTHER_SYSTEMS) {
        let targets = targets_of(library).expect("targets");
        assert_eq!(names(&targets), "generic, sandybridge, haswell");
        let words: Vec<&str> = targets[2].features.split(' ').collect();
        assert_eq!((words.len(), words[0], words[2], words[5]), (11, "34d83203", "00000129", "00000021"));
    }
}

#[test]
fn a_list_is_read_and_what_is_none_is_not() {
    let bytes = written(&[("generic", &[0x2000]), ("znver4", &[1, 2, 3])]);
    let (targets, length) = parse(&bytes).expect("a list");
    assert_eq!(targets, of(&[("generic", "00002000"), ("znver4", "00000001 00000002 00000003")]));
    assert_eq!(length, bytes.len());
    for length in 0..bytes.len() {
        assert!(parse(&bytes[..length]).is_none(), "{length}");
    }
    for bytes in [written(&[]), written(&[("", &[])]), written(&[("a b", &[])]), vec![0xff; 4096]] {
        assert!(parse(&bytes).is_none());
    }
}

/// As `serialize_targets` of JuliaLang/cpufeatures writes it, which Julia 1.14 uses.
#[test]
fn the_list_of_1_14_is_none_that_is_known() {
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (base, name) in [(-1_i32, &b"x86-64"[..]), (0, b"haswell")] {
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(base.to_le_bytes());
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend([0x41; 2 * 4 * 8]);
        bytes.extend(u32::try_from(name.len()).expect("small").to_le_bytes());
        bytes.extend(name);
        bytes.extend(0_u32.to_le_bytes());
    }
    assert_eq!(parse(&bytes), None);
}

#[test]
fn an_image_runs_where_one_of_its_targets_is_fulfilled() {
    let processor = Processor { fingerprint: String::new(), features: vec![0b0110, 0, 0b1] };
    let fitness = |targets: &[(&str, &str)]| fitness(&of(targets), &processor);
    assert_eq!(fitness(&[("generic", "00000000")]), Fitness::Fits);
    assert_eq!(fitness(&[("a", "00000006 00000000 00000001 00000000")]), Fitness::Fits);
    assert_eq!(fitness(&[("b", "00000001")]), Fitness::Unfit);
    assert_eq!(fitness(&[("b", "00000001"), ("a", "00000002")]), Fitness::Fits);
    // A word that is not known of this processor.
    assert_eq!(fitness(&[("c", "00000002 00000000 00000000 00000001")]), Fitness::Unknown);
    assert_eq!(fitness(&[("b", "00000001"), ("c", "0 0 0 1")]), Fitness::Unknown);
    assert_eq!(fitness(&[("c", "zebra")]), Fitness::Unknown);
    assert_eq!(fitness(&[]), Fitness::Unknown);
}

/// Lists of eleven words up to 1.11, of twelve since: the last one holds `ptwrite` in both.
#[test]
fn the_last_word_means_the_same_in_every_release() {
    const PTWRITE: &str = "00000010";
    let fitness = |words: usize, has: usize| {
        let mut features = vec![0; 12];
        features[has] = 0x10;
        let processor = Processor { fingerprint: String::new(), features };
        let list = format!("{}{PTWRITE}", "00000000 ".repeat(words - 1));
        fitness(&of(&[("tigerlake", &list)]), &processor)
    };
    for words in [11, 12] {
        assert_eq!(fitness(words, 11), Fitness::Fits, "{words}");
        assert_eq!(fitness(words, 10), Fitness::Unfit, "{words}");
    }
}

proptest! {
    #[test]
    fn no_bytes_are_a_reason_to_fall(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&bytes);
        targets_of(bytes.as_slice());
    }

    #[test]
    fn no_damage_to_a_list_is(
        changes in proptest::collection::vec((0_usize..360, any::<u8>()), 1..20),
    ) {
        let mut bytes = EXPORTED.to_vec();
        for (place, value) in changes {
            bytes[0x1000 + place] = value;
        }
        if let Some(targets) = targets_of(bytes.as_slice()) {
            prop_assert!(targets.iter().all(|target| target.name.bytes().all(|byte| byte.is_ascii_graphic())));
        }
    }
}
