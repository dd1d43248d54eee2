//! A processor, as far as native code cares.

use serde::{Deserialize, Serialize};

/// The processor of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Processor {
    /// A text that is equal on two machines where code compiled for one's native target runs on the other.
    pub(crate) fingerprint: String,
    /// What it can do, in the words of bits in which Julia 1.12 and 1.13 write the targets of an image
    /// (`src/features_x86.h`); empty where they are not known.
    pub(crate) features: Vec<u32>,
}

impl Processor {
    /// The processor of which this is the fingerprint. It can do what the words in that say, and no more.
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
