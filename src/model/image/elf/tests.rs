use std::cell::Cell;

use proptest::prelude::*;

use super::*;

const EXPORTED: &[u8] = include_bytes!("../../../../tests/fixtures/elf/exported.so");
const FOUR_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/elf/four-pointers.so");
const FIVE_POINTERS: &[u8] = include_bytes!("../../../../tests/fixtures/elf/five-pointers.so");

/// Bytes that count what is read of them.
struct Counted<'a> {
    bytes: &'a [u8],
    read: Cell<usize>,
}

impl RandomAccess for Counted<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<()> {
        self.read.set(self.read.get() + buffer.len());
        self.bytes.read_at(offset, buffer)
    }
}

/// All that can be asked of a file.
fn ask_everything(bytes: &dyn RandomAccess) -> Option<Symbol> {
    let elf = Elf::open(bytes)?;
    let symbol = elf.symbol("jl_image_pointers").or_else(|| elf.symbol("jl_dispatch_target_ids"))?;
    let _ = elf.read(symbol.address, usize::MAX);
    let _ = elf.pointer(symbol.address);
    Some(symbol)
}

// `readelf -sWr` says the same.
#[test]
fn symbols_are_found_and_pointers_followed() {
    let symbol = |bytes: &'static [u8], name| Elf::open(&bytes).and_then(|elf| elf.symbol(name));
    let at = |address, size| Some(Symbol { address, size });
    assert_eq!(symbol(EXPORTED, "jl_dispatch_target_ids"), at(0x1000, 341));
    assert_eq!(symbol(FOUR_POINTERS, "jl_dispatch_target_ids"), at(0x1000, 341));
    assert_eq!(symbol(FOUR_POINTERS, "jl_image_pointers"), at(0x2f00, 32));
    assert_eq!(symbol(FIVE_POINTERS, "jl_dispatch_target_ids"), None);
    assert_eq!(symbol(FIVE_POINTERS, "jl_image_pointers"), at(0x2ef8, 40));
    let elf = Elf::open(&FIVE_POINTERS).expect("a library");
    assert_eq!((elf.pointer(0x2ef8), elf.pointer(0x2f18)), (Some(0x3000), Some(0x1000)));
}

#[test]
fn what_is_no_such_file_has_no_symbols() {
    for bytes in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &EXPORTED[..63], &[0; 4096]] {
        assert_eq!(ask_everything(&bytes), None);
    }
}

/// As much as a table may claim, and no more memory than a chunk.
#[test]
fn a_table_of_absurd_size_ends_with_the_file() {
    let mut bytes = EXPORTED.to_vec();
    let sections = u64_at(&bytes, 40).expect("a header");
    for section in 0..u64::from(u16_at(&bytes, 60).expect("a header")) {
        let place = usize::try_from(sections + section * 64 + 32).expect("small");
        bytes[place..place + 8].fill(0xff);
    }
    let counted = Counted { bytes: &bytes, read: Cell::new(0) };
    assert_eq!(ask_everything(&counted), None);
    assert!(counted.read.get() < 1 << 20, "{}", counted.read.get());
}

#[test]
fn a_name_across_the_end_of_a_chunk_is_found() {
    let name = "jl_dispatch_target_ids";
    for before in CHUNK - 25..CHUNK + 2 {
        let mut names = vec![b'x'; before];
        names.extend(name.as_bytes());
        names.extend([0, b'y', 0]);
        let section = Section { kind: 3, offset: 0, size: names.len() as u64, link: 0 };
        let names = names.as_slice();
        let elf = Elf { bytes: &names, sections: Vec::new(), segments: Vec::new() };
        assert_eq!(elf.places(&section, name), [before as u64]);
    }
}

proptest! {
    #[test]
    fn damage_is_no_reason_to_fall(
        base in 0_usize..3,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..40),
        head in any::<bool>(),
        length in any::<proptest::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = [EXPORTED, FOUR_POINTERS, FIVE_POINTERS][base].to_vec();
        let range = if head { 64 } else { bytes.len() };
        for (place, value) in changes {
            let place = place.index(range);
            bytes[place] = value;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        ask_everything(&bytes.as_slice());
    }
}
