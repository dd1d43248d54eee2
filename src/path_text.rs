//! Paths as text in our files: any byte survives, and ordinary names stay readable.

use std::fmt::Write as _;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::platform;

/// A path that is kept as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct PathText(pub(crate) PathBuf);

impl From<String> for PathText {
    fn from(text: String) -> Self {
        Self(decode(&text))
    }
}

impl From<PathText> for String {
    fn from(path: PathText) -> Self {
        encode(&path.0)
    }
}

impl Deref for PathText {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

/// The path as text: UTF-8 as it is; `%`, control characters and bytes that are not UTF-8 as `%XX`.
pub(crate) fn encode(path: &Path) -> String {
    let bytes = platform::bytes(path.as_os_str());
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '%' || character.is_control() {
                let mut buffer = [0; 4];
                escape(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(character);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

/// Decodes a path that [`encode`] wrote. A `%` without two hexadecimal digits after it stands for itself.
pub(crate) fn decode(text: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    PathBuf::from(platform::os_string(bytes))
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "%{byte:02X}");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn readable_names_stay_readable() {
        assert_eq!(encode(Path::new("/home/zoë/my project")), "/home/zoë/my project");
        assert_eq!(encode(Path::new("/a\nb%")), "/a%0Ab%25");
    }

    proptest! {
        #[test]
        fn any_path_survives(bytes in proptest::collection::vec(1_u8.., 0..40)) {
            let path = PathBuf::from(platform::os_string(bytes));
            prop_assert_eq!(decode(&encode(&path)), path);
        }
    }
}
