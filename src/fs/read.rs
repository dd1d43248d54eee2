//! Reading files that may be anything: large, odd, or gone.

use std::io::{self, BufRead as _, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use crate::model::image::key::Digest;

/// Largest text file that is read, in bytes; a manifest of a thousand packages has a third of a megabyte.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;

/// Reads a regular file; `None` if there is none.
///
/// # Errors
/// Where it cannot be read, is no regular file (a pipe would never end) or is larger than 64 MiB.
pub(crate) fn read_limited(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !is_regular(path)? {
        return Ok(None);
    }
    let size = fs_err::metadata(path)?.len();
    if size > LARGEST_TEXT {
        let text = format!("`{}` is too large ({size} bytes; at most {LARGEST_TEXT})", path.display());
        return Err(io::Error::other(text));
    }
    fs_err::read(path).map(Some)
}

/// Reader of the lines of a regular file of any length.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: io::BufReader<fs_err::File>,
    line: Vec<u8>,
}

impl Lines {
    /// Opens a file; `None` if there is none.
    ///
    /// # Errors
    /// Where it cannot be read, or is no regular file (a pipe would never end).
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        Self::open_from(path, 0)
    }

    /// Opens a file at an offset in bytes.
    ///
    /// # Errors
    /// As [`Lines::open`].
    pub(crate) fn open_from(path: &Path, start: u64) -> io::Result<Option<Self>> {
        const CHUNK: usize = 1 << 20;
        if !is_regular(path)? {
            return Ok(None);
        }
        let mut file = fs_err::File::open(path)?;
        file.seek(io::SeekFrom::Start(start))?;
        let reader = io::BufReader::with_capacity(CHUNK, file);
        Ok(Some(Self { reader, line: Vec::new() }))
    }

    /// Returns the next line without its line end; `None` after the last one. A line of 64 KiB or more comes out empty.
    ///
    /// # Errors
    /// Where the file cannot be read on.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        const LONGEST: u64 = 64 << 10;
        self.line.clear();
        if self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() as u64 == LONGEST {
            self.reader.skip_until(b'\n')?;
            self.line.clear();
        }
        Ok(Some(&self.line))
    }
}

/// Whether there is a regular file; `false` if nothing is there.
///
/// # Errors
/// Where `stat` fails, or something without contents is there, such as a folder or a pipe.
fn is_regular(path: &Path) -> io::Result<bool> {
    match fs_err::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(io::Error::other(format!("`{}` is not a regular file", path.display()))),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the error means that a file does not exist.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The digest of a file of any size.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn contents_digest(file: &Path) -> io::Result<Digest> {
    beginning_digest(file, u64::MAX)
}

/// The digest of the first `length` bytes of a file.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn beginning_digest(file: &Path, length: u64) -> io::Result<Digest> {
    use sha2::{Digest as _, Sha256};
    let mut source = fs_err::File::open(file)?.take(length);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(Digest::from_hash(&hash.finalize().into())),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// Returns the path without symlinks, as Julia writes it too: on Windows without the prefix `\\?\` where the path does
/// without.
///
/// # Errors
/// Where there is nothing, or a folder on the way cannot be read.
pub(crate) fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
    let path = fs_err::canonicalize(path)?;
    Ok(if cfg!(windows) { dunce::simplified(&path).to_owned() } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_length_are_read_and_only_sensible_ones_kept() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("lines");
        let mut text = b"one\n\n".to_vec();
        text.extend(vec![b'x'; 300_000]);
        text.extend(b"\nthree\ntorn");
        fs_err::write(&path, text).expect("write");
        let mut lines = Lines::open(&path).expect("open").expect("there");
        let mut read = Vec::new();
        while let Some(line) = lines.next().expect("read") {
            read.push(String::from_utf8(line.to_vec()).expect("text"));
        }
        assert_eq!(read, ["one", "", "", "three", "torn"]);
        assert!(Lines::open(&folder.path().join("absent")).expect("no error").is_none());
        assert!(Lines::open(folder.path()).is_err());
    }
}
