//! Reads from a finished image the processors that it is for, and compares them with this one.
//!
//! Julia writes the list into the image, and searches it on loading (`src/processor.cpp`, `src/processor_x86.cpp`).
//! From Julia 1.4 to 1.8 the list is an exported symbol of its own; from 1.9 on a pointer in `jl_image_pointers` leads
//! to it (`jl_image_pointers_t`, `src/processor.h`), and its symbol is there only in an image that was not stripped.
//! `--compress-sysimage` (1.13) changes `jl_system_image_data` alone, and nothing that is read here (`jl_dump_native`,
//! `src/aotcompile.cpp` of the 1.13 branch point).
//!
//! A list of an unknown later form is not read. Julia 1.14 (master since `d5c76d6dcb`, 2026-04-14) lists LLVM's
//! features, in words of 64 bits. Before their number it puts the target that each one is based on: -1 for the first,
//! which is no number of words.

#[cfg(test)]
mod tests;

use object::ReadRef;
use serde::{Deserialize, Serialize};

use crate::model::image::library::{Library, Symbol};
use crate::model::image::processor::Processor;

/// One of the processors that an image is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageTarget {
    /// Name in Julia or LLVM: `haswell`; `generic` and `x86-64` stand for all of an architecture.
    pub(crate) name: String,
    /// Features that it needs: Julia's words of bits, as hexadecimal digits.
    pub(crate) features: String,
}

/// Whether an image runs on a processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fitness {
    Fits,
    /// Julia would end with `Unable to find compatible target`.
    Unfit,
    /// Too little is known of the targets or the processor.
    Unknown,
}

/// Returns the processors that an image is for. `None` if its form is unknown, whatever is in the file.
pub(crate) fn targets_of<'data>(image: impl ReadRef<'data>) -> Option<Vec<ImageTarget>> {
    /// Longer than any list: 64 targets have 20 kilobytes.
    const LONGEST: usize = 64 << 10;
    let library = Library::open(image)?;
    if let Some(Symbol { address, size }) = library.symbol("jl_dispatch_target_ids") {
        let size = usize::try_from(size).ok().filter(|size| *size <= LONGEST)?;
        let (targets, length) = parse(library.read(address, if size == 0 { LONGEST } else { size })?)?;
        return (size == 0 || length == size).then_some(targets);
    }
    let pointers = library.symbol("jl_image_pointers")?;
    // Pointers to header, shards, thread-local state, since 1.11 the small types; then to the targets, and since 1.13
    // (`3b29187855`) to the text from which they were parsed.
    let places: &[u64] = match pointers.size {
        32 => &[24],
        40 | 48 => &[32],
        // Only Linux tells how many there are; what is no list is not read as one.
        0 => &[32, 24],
        _ => return None,
    };
    places.iter().find_map(|place| {
        let address = library.pointer(pointers.address.checked_add(*place)?)?;
        parse(library.read(address, LONGEST)?).map(|(targets, _)| targets)
    })
}

/// Reads a list of targets from the start of `bytes`; returns it with its length in bytes.
fn parse(bytes: &[u8]) -> Option<(Vec<ImageTarget>, usize)> {
    const MOST_TARGETS: u32 = 64;
    let mut rest = bytes;
    let count = number(&mut rest)?;
    if !(1..=MOST_TARGETS).contains(&count) {
        return None;
    }
    let targets = (0..count).map(|_| target(&mut rest)).collect::<Option<Vec<_>>>()?;
    Some((targets, bytes.len() - rest.len()))
}

/// Reads one target: flags, number of words, enabled words, disabled words, name, further features.
fn target(rest: &mut &[u8]) -> Option<ImageTarget> {
    const MOST_WORDS: u32 = 64;
    const LONGEST_NAME: usize = 64;
    let _flags = number(rest)?;
    let count = number(rest)?;
    if count > MOST_WORDS {
        return None;
    }
    let words: Vec<String> =
        (0..count).map(|_| number(rest).map(|word| format!("{word:08x}"))).collect::<Option<_>>()?;
    for _ in 0..count {
        number(rest)?;
    }
    let name = text(rest, LONGEST_NAME)?;
    let _further = text(rest, 4096)?;
    (!name.is_empty()).then_some(ImageTarget { name, features: words.join(" ") })
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(*first))
}

/// Reads a text after its length.
fn text(rest: &mut &[u8], longest: usize) -> Option<String> {
    let length = usize::try_from(number(rest)?).ok().filter(|length| *length <= longest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    let is_plain = text.iter().all(u8::is_ascii_graphic);
    is_plain.then(|| String::from_utf8_lossy(text).into_owned())
}

/// Returns the place that a word of a list of `count` words has in 1.12 and later. Up to 1.11 there are eleven words,
/// and the last of them is the last of twelve since (`4250be80f5`; `feature_sz`, `src/processor_x86.cpp` 1.11.2:101,
/// 1.12.5:102).
const fn place_since_1_12(place: usize, count: usize) -> usize {
    if count == 11 && place == 10 { 11 } else { place }
}

/// Returns whether Julia finds a target of the image that suits this processor: one whose features it has all
/// (`match_sysimg_targets`). No targets: they are unknown.
#[must_use]
pub(crate) fn fitness(targets: &[ImageTarget], processor: &Processor) -> Fitness {
    let fits = targets.iter().map(|target| fits(target, processor));
    let best = fits.max_by_key(|fit| match fit {
        Fitness::Unfit => 0,
        Fitness::Unknown => 1,
        Fitness::Fits => 2,
    });
    best.unwrap_or(Fitness::Unknown)
}

fn fits(target: &ImageTarget, processor: &Processor) -> Fitness {
    let words: Vec<&str> = target.features.split_ascii_whitespace().collect();
    for (place, word) in words.iter().enumerate() {
        let Ok(needed) = u32::from_str_radix(word, 16) else { return Fitness::Unknown };
        let place = place_since_1_12(place, words.len());
        match processor.features.get(place) {
            Some(has) if needed & !has != 0 => return Fitness::Unfit,
            None if needed != 0 => return Fitness::Unknown,
            _ => {}
        }
    }
    Fitness::Fits
}
