use proptest::prelude::*;

use super::*;

const EXPORTED: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/exported.so");
const FOUR_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/four-pointers.so");
const FIVE_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/five-pointers.so");
const WINDOWS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/five-pointers.dll");
const MACOS: &[u8] = include_bytes!("../../../../tests/fixtures/libraries/five-pointers.dylib");

/// All that can be asked of a file.
fn ask_everything(bytes: &[u8]) -> Option<Symbol> {
    let library = Library::open(bytes)?;
    let symbol = library.symbol("jl_image_pointers").or_else(|| library.symbol("jl_dispatch_target_ids"))?;
    let _ = library.read(symbol.address, usize::MAX);
    let _ = library.pointer(symbol.address);
    Some(symbol)
}

// `readelf -sWr` says the same.
#[test]
fn symbols_are_found_and_pointers_followed() {
    let symbol = |bytes: &'static [u8], name| Library::open(bytes).and_then(|library| library.symbol(name));
    let at = |address, size| Some(Symbol { address, size });
    assert_eq!(symbol(EXPORTED, "jl_dispatch_target_ids"), at(0x1000, 341));
    assert_eq!(symbol(FOUR_POINTERS, "jl_dispatch_target_ids"), at(0x1000, 341));
    assert_eq!(symbol(FOUR_POINTERS, "jl_image_pointers"), at(0x2f00, 32));
    assert_eq!(symbol(FIVE_POINTERS, "jl_dispatch_target_ids"), None);
    assert_eq!(symbol(FIVE_POINTERS, "jl_image_pointers"), at(0x2ef8, 40));
    let library = Library::open(FIVE_POINTERS).expect("a library");
    assert_eq!((library.pointer(0x2ef8), library.pointer(0x2f18)), (Some(0x3000), Some(0x1000)));
}

#[test]
fn what_is_no_such_file_has_no_symbols() {
    for bytes in
        [&b""[..], b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"#!/bin/sh\n", &EXPORTED[..63], &[0; 4096]]
    {
        assert_eq!(ask_everything(bytes), None);
    }
}

proptest! {
    #[test]
    fn damage_is_no_reason_to_fall(
        base in 0_usize..5,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..40),
        head in any::<bool>(),
        length in any::<proptest::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = [EXPORTED, FOUR_POINTERS, FIVE_POINTERS, WINDOWS, MACOS][base].to_vec();
        let range = if head { 64 } else { bytes.len() };
        for (place, value) in changes {
            let place = place.index(range);
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        ask_everything(&bytes);
    }
}
