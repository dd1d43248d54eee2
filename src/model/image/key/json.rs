//! The JSON text of what is hashed.

use std::io;

use serde::Serialize;

/// Appends `value`, which has a JSON form: texts, numbers and lists of them always have one.
pub(super) fn append(text: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(Pieces(text), value).expect("what is hashed is plain data");
}

/// Appends in pieces of fixed lengths, which the compiler copies by itself. A thousand packages have thirty thousand texts
/// of few bytes, and musl's `memcpy` takes three times as long for them.
struct Pieces<'a>(&'a mut Vec<u8>);

impl io::Write for Pieces<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.reserve(bytes.len());
        let (long, rest) = bytes.as_chunks::<16>();
        for piece in long {
            self.0.extend_from_slice(piece);
        }
        let (short, rest) = rest.as_chunks::<4>();
        for piece in short {
            self.0.extend_from_slice(piece);
        }
        for byte in rest {
            self.0.push(*byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_serde_writes(texts in proptest::collection::vec(".{0,40}", 0..8)) {
            let mut text = b"before".to_vec();
            append(&mut text, &texts);
            prop_assert_eq!(&text[6..], serde_json::to_vec(&texts).unwrap());
        }
    }
}
