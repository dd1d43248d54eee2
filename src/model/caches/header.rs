//! Reads the head of a precompile file: the Julia that wrote it, its flags, source and preferences
//! (`parse_cache_header`, `base/loading.jl`: 1.5.3:1314, 1.6.0:1376, 1.9.0:2296, 1.10.4:2504, 1.11.7:3243, 1.12.2:3426;
//! written by `write_header`, `src/dump.c` and `src/staticdata_utils.c`).
//!
//! One format number stands for two layouts, so the layout is chosen by the version of Julia. All numbers are
//! little-endian. In 1.13 (rc1, 2026-07-28) one text after its length replaces the names and the digest of preferences:
//! TOML, with the preferences that were not set in a table `unset` (`a25da50839`).
//!
//! 1.14 is not final and not supported here. On master of 2026-06-12 its format is 13, and a byte for the version of the
//! syntax follows the flags (`3484331cb1`, 2025-11-25).

use thiserror::Error;

use crate::model::caches::slug::TEXT_OF_PREFERENCES;

#[cfg(test)]
mod tests;

/// First bytes of every precompile file: a transfer that changes bytes shows in them.
const MAGIC: [u8; 8] = *b"\xfbjli\r\n\x1a\n";

/// Longest name of a module that is accepted.
const LONGEST_NAME: usize = 4096;

/// Longest path that is accepted.
const LONGEST_PATH: usize = 64 << 10;

/// The fields of a head that are used. The lists of modules, in the file and needed by it, are skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// `VERSION` of the Julia that wrote the file.
    pub(crate) julia: String,
    /// The flags that are in the file's name (1.9 and later).
    pub(crate) flags: Option<u8>,
    /// The file that the package is loaded from: absolute up to 1.10, then with `@depot` for a depot.
    pub(crate) source: Option<Vec<u8>>,
    /// What is known of the preferences that were read, as it goes into the file's name (1.6 and later): the bytes of a
    /// digest, from 1.13 on a text; nothing if there were none.
    pub(crate) preferences: Option<Vec<u8>>,
}

/// Why a head cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum HeaderError {
    /// More of the file is needed.
    #[error("the file goes on")]
    Truncated,
    #[error("not a precompile file")]
    NotACache,
    #[error("the layout is not known for Julia `{julia}`")]
    UnknownJulia { julia: String },
    #[error("damaged: {0}")]
    Damaged(&'static str),
}

/// What a head has of the preferences that were read.
#[derive(Clone, Copy, Debug)]
enum FormOfPreferences {
    /// Before 1.6.
    Nothing,
    /// Their names and one digest.
    Digest,
    /// 1.13.
    Text,
}

/// Parts of the layout that depend on the release.
#[derive(Clone, Copy, Debug)]
struct Layout {
    preferences: FormOfPreferences,
    /// 1.9: checksum and place of the data, and flags.
    has_package_images: bool,
    /// 1.11: size and checksum of each source.
    has_source_checksums: bool,
}

impl Layout {
    fn of(julia: &str) -> Option<Self> {
        let mut numbers = julia.split('.');
        let (Some("1"), Some(minor)) = (numbers.next(), numbers.next()) else { return None };
        let minor: u64 = minor.parse().ok().filter(|minor| (3..=13).contains(minor))?;
        Some(Self {
            preferences: match minor {
                TEXT_OF_PREFERENCES.. => FormOfPreferences::Text,
                6.. => FormOfPreferences::Digest,
                _ => FormOfPreferences::Nothing,
            },
            has_package_images: minor >= 9,
            has_source_checksums: minor >= 11,
        })
    }
}

/// Reads the head of a file from its first bytes. Takes no more memory than they do, whatever lengths they claim.
///
/// # Errors
/// [`HeaderError::Truncated`] if the head does not end within `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Result<Header, HeaderError> {
    let mut rest = Reader { bytes };
    let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(magic) {
        return Err(HeaderError::NotACache);
    }
    rest.take(MAGIC.len())?;
    // Format, byte order and the size of a pointer.
    let (_, order, _) = (rest.u16()?, rest.u16()?, rest.u8()?);
    if order != 0xfeff {
        return Err(HeaderError::Damaged("another byte order"));
    }
    let (_system, _architecture) = (rest.line()?, rest.line()?);
    let julia = rest.line()?;
    let (_branch, _commit) = (rest.line()?, rest.line()?);
    let layout = Layout::of(&julia).ok_or_else(|| HeaderError::UnknownJulia { julia: julia.clone() })?;
    let mut flags = None;
    if layout.has_package_images {
        // Flag for native code, checksum, start and end of the data.
        rest.take(1 + 3 * 8)?;
        flags = Some(rest.u8()?);
    }
    // The modules in the file, each with its UUID and the number of its build.
    while rest.text(LONGEST_NAME)?.is_some() {
        rest.take(2 * 8 + 8)?;
    }
    let length = rest.u64()?;
    let length = usize::try_from(length).map_err(|_| HeaderError::Damaged("a list without end"))?;
    let mut list = Reader { bytes: rest.take(length)? };
    // The list is complete in `list`: an early end is damage.
    let within = |error| {
        if error == HeaderError::Truncated { HeaderError::Damaged("a list breaks off") } else { error }
    };
    let source = list.source(layout).map_err(within)?;
    let preferences = match layout.preferences {
        FormOfPreferences::Nothing => None,
        FormOfPreferences::Digest => {
            while list.text(LONGEST_NAME).map_err(within)?.is_some() {}
            let digest = list.u64().map_err(within)?;
            Some(if digest == 0 { Vec::new() } else { digest.to_le_bytes().to_vec() })
        }
        FormOfPreferences::Text => Some(list.text(usize::MAX).map_err(within)?.unwrap_or_default().to_vec()),
    };
    Ok(Header { julia, flags, source, preferences })
}

/// Bytes that are not read yet.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], HeaderError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(HeaderError::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], HeaderError> {
        self.take(COUNT)?.try_into().map_err(|_| HeaderError::Truncated)
    }

    fn u8(&mut self) -> Result<u8, HeaderError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, HeaderError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn i32(&mut self) -> Result<i32, HeaderError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, HeaderError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Reads a zero-terminated text.
    fn line(&mut self) -> Result<String, HeaderError> {
        let end = self.bytes.iter().take(LONGEST_NAME).position(|byte| *byte == 0);
        let end = match end {
            Some(end) => end,
            None if self.bytes.len() < LONGEST_NAME => return Err(HeaderError::Truncated),
            None => return Err(HeaderError::Damaged("a text without end")),
        };
        let text = self.take(end)?;
        self.take(1)?;
        String::from_utf8(text.to_vec()).map_err(|_| HeaderError::Damaged("no text"))
    }

    /// Reads a text after its length; `None` if the length is 0, which ends a list.
    fn text(&mut self, longest: usize) -> Result<Option<&'a [u8]>, HeaderError> {
        let length = self.i32()?;
        if length == 0 {
            return Ok(None);
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= longest);
        self.take(length.ok_or(HeaderError::Damaged("a length"))?).map(Some)
    }

    /// Returns the first file of the list. A name that starts with a zero byte is that of a package.
    fn source(&mut self, layout: Layout) -> Result<Option<Vec<u8>>, HeaderError> {
        let mut source = None;
        while let Some(path) = self.text(LONGEST_PATH)? {
            if layout.has_source_checksums {
                self.take(8 + 4)?;
            }
            // The time of its last change.
            self.take(8)?;
            // Index of the module that includes it; unless 0, the names of the modules on the way, until 0.
            if self.i32()? != 0 {
                while self.text(LONGEST_NAME)?.is_some() {}
            }
            if path.first() != Some(&0) {
                source.get_or_insert_with(|| path.to_vec());
            }
        }
        Ok(source)
    }
}
