//! The common part of Julia's TOML files: turns bytes into a table, and reads fields by type or refuses them.
//!
//! Unknown fields are never read, so they cannot be errors. Errors give the place in the file, but not its name:
//! the caller knows that.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};
use uuid::Uuid;

/// The largest file that is read as TOML: 4 MiB.
///
/// A manifest of all 12,000 packages in the General registry would have about 3 MB. The parser takes up to seventy
/// times the size of the text: without this limit a file could use up a machine's memory.
pub(crate) const LARGEST_FILE: usize = 4 << 20;

/// Why a TOML file cannot be used, with the place in the file; the caller adds its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TomlError {
    /// Bytes that are no text.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Number of bytes before it that are text.
        offset: usize,
    },
    /// Text that is no TOML.
    #[error("line {line}, column {column}: {text}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// The parser's message, on one line.
        text: String,
    },
    /// A field that we need has another type than Julia asks for.
    #[error("`{location}` is not {expected}")]
    WrongType {
        /// The keys that lead to the field, with dots.
        location: String,
        /// The type that it should have, with its article.
        expected: &'static str,
    },
    /// Longer than [`LARGEST_FILE`].
    #[error("{size} bytes long, more than the {LARGEST_FILE} that are read")]
    TooLarge {
        /// Its length in bytes.
        size: usize,
    },
}

/// The text of a TOML file.
///
/// # Errors
///
/// [`TomlError::TooLarge`] and [`TomlError::NotUtf8`].
pub(crate) fn text(bytes: &[u8]) -> Result<&str, TomlError> {
    if bytes.len() > LARGEST_FILE {
        return Err(TomlError::TooLarge { size: bytes.len() });
    }
    std::str::from_utf8(bytes).map_err(|error| TomlError::NotUtf8 { offset: error.valid_up_to() })
}

/// Reads a TOML file as a table of values, for data that is handed on whole (preferences, a manifest to filter).
///
/// # Errors
///
/// As [`text`], and [`TomlError::Syntax`].
pub(crate) fn table(bytes: &[u8]) -> Result<toml::Table, TomlError> {
    let text = text(bytes)?;
    toml::from_str(text).map_err(|error| syntax(text, &error))
}

/// A TOML text as a table that borrows from it.
///
/// # Errors
///
/// [`TomlError::Syntax`].
pub(crate) fn borrowed(text: &str) -> Result<DeTable<'_>, TomlError> {
    DeTable::parse(text).map(toml::Spanned::into_inner).map_err(|error| syntax(text, &error))
}

fn syntax(text: &str, error: &toml::de::Error) -> TomlError {
    let offset = error.span().map_or(0, |span| span.start);
    let before = text.get(..offset).unwrap_or_default();
    let message = error.message();
    TomlError::Syntax {
        line: 1 + before.matches('\n').count(),
        column: 1 + before.rsplit('\n').next().unwrap_or_default().chars().count(),
        text: message.lines().next().unwrap_or_default().to_owned(),
    }
}

/// A UUID in the one form that Julia reads (`base/uuid.jl`: 36 characters, with hyphens).
#[must_use]
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

/// A table with its location in the file; its fields are read by type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    table: &'a DeTable<'a>,
    /// The keys that lead to it, from the top; empty ones come last. Text only for an error: a manifest has thousands of
    /// tables.
    keys: [&'a str; DEEPEST],
}

/// Levels of tables in the files that are read: `deps.Example.extensions`.
const DEEPEST: usize = 3;

impl<'a> Fields<'a> {
    /// The whole file.
    #[must_use]
    pub(crate) fn root(table: &'a DeTable<'a>) -> Self {
        Self { table, keys: [""; DEEPEST] }
    }

    /// A table in this one.
    #[must_use]
    pub(crate) fn below(&self, key: &'a str, table: &'a DeTable<'a>) -> Self {
        let mut keys = self.keys;
        if let Some(free) = keys.iter_mut().find(|key| key.is_empty()) {
            *free = key;
        }
        Self { table, keys }
    }

    /// All fields by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a DeValue<'a>)> + use<'a> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()))
    }

    /// The field, whatever its type.
    #[must_use]
    pub(crate) fn value(&self, key: &str) -> Option<&'a DeValue<'a>> {
        self.table.get(key).map(toml::Spanned::get_ref)
    }

    /// The keys that lead to the field.
    fn location(&self, key: &str) -> String {
        let above = self.keys.iter().copied().filter(|key| !key.is_empty());
        above.chain([key]).collect::<Vec<_>>().join(".")
    }

    /// Returns the error that the field should have been `expected`.
    #[must_use]
    pub(crate) fn wrong(&self, key: &str, expected: &'static str) -> TomlError {
        TomlError::WrongType { location: self.location(key), expected }
    }

    /// A string.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`], as in all that follow.
    pub(crate) fn string(&self, key: &str) -> Result<Option<&'a str>, TomlError> {
        self.value(key).map(|value| self.as_string(key, value)).transpose()
    }

    fn as_string<'v>(&self, key: &str, value: &'v DeValue<'_>) -> Result<&'v str, TomlError> {
        value.as_str().ok_or_else(|| self.wrong(key, "a string"))
    }

    /// A string, as an owned one.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn owned(&self, key: &str) -> Result<Option<String>, TomlError> {
        Ok(self.string(key)?.map(str::to_owned))
    }

    /// A UUID.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn uuid(&self, key: &str) -> Result<Option<Uuid>, TomlError> {
        self.value(key).map(|value| self.as_uuid(key, value)).transpose()
    }

    fn as_uuid(&self, key: &str, value: &DeValue<'_>) -> Result<Uuid, TomlError> {
        uuid(self.as_string(key, value)?).ok_or_else(|| self.wrong(key, "a UUID"))
    }

    /// A table.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn table(&self, key: &'a str) -> Result<Option<Self>, TomlError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let table = value.as_table().ok_or_else(|| self.wrong(key, "a table"))?;
        Ok(Some(self.below(key, table)))
    }

    /// A list of strings.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn strings(&self, key: &str) -> Result<Vec<&'a str>, TomlError> {
        let wrong = || self.wrong(key, "a list of strings");
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter().map(|item| item.get_ref().as_str().ok_or_else(wrong)).collect()
    }

    /// A table from names to UUIDs, as in `[deps]`; empty if there is none.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn uuids(&self, key: &'a str) -> Result<BTreeMap<String, Uuid>, TomlError> {
        let Some(table) = self.table(key)? else {
            return Ok(BTreeMap::new());
        };
        table.iter().map(|(name, value)| Ok((name.to_owned(), table.as_uuid(name, value)?))).collect()
    }

    /// `[extensions]`: each extension's triggers, which the file gives as one string or a list.
    ///
    /// # Errors
    ///
    /// [`TomlError::WrongType`].
    pub(crate) fn extensions(&self) -> Result<BTreeMap<String, Vec<String>>, TomlError> {
        let Some(table) = self.table("extensions")? else {
            return Ok(BTreeMap::new());
        };
        let read = |(name, value): (&str, &DeValue<'a>)| {
            let triggers = match value.as_str() {
                Some(single) => vec![single.to_owned()],
                None => table.strings(name)?.into_iter().map(str::to_owned).collect(),
            };
            Ok((name.to_owned(), triggers))
        };
        table.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_say_where() {
        assert_eq!(table(b"a = \"\xff\""), Err(TomlError::NotUtf8 { offset: 5 }));
        let Err(TomlError::Syntax { line, column, text }) = table("a = 1\n\u{e9} = \n".as_bytes()) else {
            panic!("parsed")
        };
        assert_eq!((line, column), (2, 1), "{text}");
        assert!(!text.is_empty() && !text.contains('\n'));
    }

    #[test]
    fn a_huge_file_is_refused_unparsed() {
        let size = LARGEST_FILE + 1;
        assert_eq!(table(&vec![b'#'; size]), Err(TomlError::TooLarge { size }));
    }

    #[test]
    fn only_the_hyphenated_form_is_a_uuid() {
        assert!(uuid("7876af07-990d-54b4-ab0e-23690620f79a").is_some());
        assert!(uuid("7876af07990d54b4ab0e23690620f79a").is_none());
        assert!(uuid("urn:uuid:7876af07-990d-54b4-ab0e-23690620f79a").is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = table(&bytes);
        }

        #[test]
        fn arbitrary_text_never_panics(text in "[a-z\\[\\]{}=\".,'\n\u{e9} 0-9#-]{0,120}") {
            let _ = table(text.as_bytes());
        }
    }
}
