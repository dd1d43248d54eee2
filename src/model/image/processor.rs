//! A processor, as far as native code cares.

use serde::{Deserialize, Serialize};

/// The processor of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Processor {
    /// A text that is equal on two machines if code compiled for one's native target runs on the other.
    pub(crate) fingerprint: String,
    /// Its features, in the words of bits in which Julia 1.12 and 1.13 write the targets of an image
    /// (`src/features_x86.h`); empty if unknown.
    pub(crate) features: Vec<u32>,
}

impl Processor {
    /// Rebuilds a processor from its fingerprint. It has the features of the words in that, and no others.
    #[must_use]
    pub(crate) fn of_fingerprint(text: &str) -> Self {
        let words = text.split(' ').filter(|word| word.len() == 8);
        let features = words.filter_map(|word| u32::from_str_radix(word, 16).ok()).collect();
        Self { fingerprint: text.to_owned(), features }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_says_what_a_processor_can_do() {
        let processor = Processor::of_fingerprint("GenuineIntel family 6 model 143 fffa3203 0000000a");
        assert_eq!(processor.features, [0xfffa_3203, 10]);
        assert!(Processor::of_fingerprint("").features.is_empty());
    }
}
