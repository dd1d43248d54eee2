//! Reads the head of a precompile file: the Julia that wrote it, its flags, source and preferences
//! (`parse_cache_header`, `base/loading.jl`: 1.5.3:1314, 1.6.0:1376, 1.9.0:2296, 1.10.4:2504, 1.11.7:3243, 1.12.2:3426;
//! written by `write_header`, `src/dump.c` and `src/staticdata_utils.c`).
//!
//! One format number stands for two layouts, so the layout is chosen by the version of Julia. All numbers are
//! little-endian. 1.13 has the layout of 1.12 (read at its branch point, 2025-10-28).
//!
//! 1.14 is not final and not supported here. On master of 2026-06-12 its format is 13. A byte for the version of the
//! syntax follows the flags (`3484331cb1`, 2025-11-25), and one text after its length replaces the names and the digest
//! of preferences: TOML, with the preferences that were not set in a table `unset` (`a25da50839`, 2026-03-05).

use thiserror::Error;

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
    /// Digest of the preferences that were read (1.6 and later); 0 if there were none.
    pub(crate) preferences: Option<u64>,
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

/// Parts of the layout that depend on the release.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// 1.6: preferences.
    has_preferences: bool,
    /// 1.9: checksum and place of the data, and flags.
    has_package_images: bool,
    /// 1.11: size and checksum of each source.
    has_source_checksums: bool,
}

impl Layout {
    fn of(julia: &str) -> Option<Self> {
        let mut numbers = julia.split('.');
        let (Some("1"), Some(minor)) = (numbers.next(), numbers.next()) else { return None };
        let minor: u32 = minor.parse().ok().filter(|minor| (3..=13).contains(minor))?;
        Some(Self {
            has_preferences: minor >= 6,
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
    let mut preferences = None;
    if layout.has_preferences {
        while list.text(LONGEST_NAME).map_err(within)?.is_some() {}
        preferences = Some(list.u64().map_err(within)?);
    }
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
