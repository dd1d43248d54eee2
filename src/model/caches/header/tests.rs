//! Real heads of 1.5.3, and heads of every layout by the table of the facts (2.1).

use proptest::prelude::*;

use super::*;

/// Written by Julia 1.5.3: a package with three files, the last in a module of its own, on another package, in a
/// folder that is not ASCII.
const SIZES: &[u8] = include_bytes!("../../../../tests/fixtures/ji/sizes-1.5.3.head");
const BASE64ISH: &[u8] = include_bytes!("../../../../tests/fixtures/ji/base64ish-1.5.3.head");

#[test]
fn real_heads_of_1_5_3_say_what_julia_reads_from_them() {
    // `Base.parse_cache_header` of that Julia on the whole files.
    let read = |bytes, source: &str| {
        let source = Some(source.as_bytes().to_vec());
        let expected = Header { julia: "1.5.3".to_owned(), flags: None, source, preferences: None };
        assert_eq!(parse(bytes), Ok(expected));
    };
    read(SIZES, "/tmp/w/Größe/src/Sizes.jl");
    read(BASE64ISH, "/tmp/w/Base64ish/src/Base64ish.jl");
}

/// A head as a Julia of the minor release writes it.
fn written(minor: u32, header: &Header, sources: usize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(11_u16.to_le_bytes());
    bytes.extend(0xfeff_u16.to_le_bytes());
    bytes.push(8);
    for text in ["Linux", "x86_64", &header.julia, "", "abc"] {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    }
    if minor >= 9 {
        bytes.extend([7; 25]);
        bytes.push(header.flags.expect("flags"));
    }
    for name in ["Sizes", "Größe"] {
        text(&mut bytes, name.as_bytes());
        bytes.extend([3; 24]);
    }
    bytes.extend([0; 4]);
    let mut list = Vec::new();
    // One that is no file: what a package depends on.
    let mut paths = vec![b"\0".to_vec()];
    paths.extend(header.source.clone());
    paths.extend((1..sources).map(|number| format!("/more/{number}.jl").into_bytes()));
    for (place, path) in paths.iter().enumerate() {
        text(&mut list, path);
        if minor >= 11 {
            list.extend([1; 12]);
        }
        list.extend(1.5_f64.to_le_bytes());
        let module = u32::from(place % 2 == 1);
        list.extend(module.to_le_bytes());
        if module != 0 {
            text(&mut list, b"Inner");
            list.extend([0; 4]);
        }
    }
    list.extend([0; 4]);
    if minor >= 13 {
        text(&mut list, header.preferences.as_ref().expect("preferences"));
    } else if minor >= 6 {
        text(&mut list, b"backend");
        list.extend([0; 4]);
        let digest = header.preferences.clone().expect("preferences");
        list.extend(if digest.is_empty() { vec![0; 8] } else { digest });
    }
    list.extend([9; 8]);
    bytes.extend((list.len() as u64).to_le_bytes());
    bytes.extend(list);
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend(i32::try_from(text.len()).expect("short").to_le_bytes());
    bytes.extend(text);
}

/// A head of a release, and its bytes.
fn head() -> impl Strategy<Value = (Header, Vec<u8>)> {
    (3..=13_u32).prop_flat_map(|minor| {
        ("/[a-zé/]{1,40}", 1..5_usize, any::<u8>(), any::<u64>(), any::<bool>()).prop_map(
            move |(source, sources, flags, digest, has_preferences)| {
                let preferences = match minor {
                    _ if !has_preferences => Vec::new(),
                    13.. => format!("[Größe]\nx = {digest}\n").into_bytes(),
                    _ => digest.max(1).to_le_bytes().to_vec(),
                };
                let header = Header {
                    julia: format!("1.{minor}.2"),
                    flags: (minor >= 9).then_some(flags),
                    source: Some(source.into_bytes()),
                    preferences: (minor >= 6).then_some(preferences),
                };
                let bytes = written(minor, &header, sources);
                (header, bytes)
            },
        )
    })
}

proptest! {
    #[test]
    fn heads_of_every_release_are_read((header, mut bytes) in head(), rest: Vec<u8>) {
        bytes.extend(rest);
        prop_assert_eq!(parse(&bytes), Ok(header));
    }

    #[test]
    fn of_a_part_more_is_asked_for((_, bytes) in head(), cut: prop::sample::Index) {
        let part = &bytes[..cut.index(bytes.len())];
        prop_assert_eq!(parse(part), Err(HeaderError::Truncated));
    }

    #[test]
    fn whatever_it_says_it_is_read_or_refused((_, mut bytes) in head(), place: prop::sample::Index, byte: u8) {
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = parse(&bytes);
    }

    #[test]
    fn no_bytes_are_too_much(bytes: Vec<u8>, after_magic: bool) {
        let magic = if after_magic { SIZES[..60].to_vec() } else { Vec::new() };
        let _ = parse(&[magic, bytes].concat());
    }
}

#[test]
fn what_is_no_head_of_a_known_julia_is_refused() {
    let with = |from: &[u8], to: &[u8]| {
        let place = SIZES.windows(from.len()).position(|part| part == from).expect("there");
        [&SIZES[..place], to, &SIZES[place + from.len()..]].concat()
    };
    assert_eq!(parse(b"\x7fELF\x02"), Err(HeaderError::NotACache));
    assert_eq!(parse(b""), Err(HeaderError::Truncated));
    for julia in ["1.2.0", "1.14.0", "2.5.3", "x.5.3", "1"] {
        let julia = julia.to_owned();
        let bytes = with(b"1.5.3\0", format!("{julia}\0").as_bytes());
        assert_eq!(parse(&bytes), Err(HeaderError::UnknownJulia { julia }));
    }
    // A length that is none, and one of more than there could be.
    for length in [-1_i32, i32::MAX] {
        let mut name = length.to_le_bytes().to_vec();
        name.extend(b"Sizes");
        assert_eq!(parse(&with(b"\x05\0\0\0Sizes", &name)), Err(HeaderError::Damaged("a length")));
    }
    assert_eq!(parse(&with(b"\xff\xfe", b"\xfe\xff")), Err(HeaderError::Damaged("another byte order")));
}
