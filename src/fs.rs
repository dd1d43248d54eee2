//! The disk: files replaced whole, and reading that remembers what it rests on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::image::key::Digest;
use crate::model::loading::files::Files;
use crate::platform;

/// The largest text file that we read: a manifest of a thousand packages has a third of a megabyte.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;

/// A state of a file, by what `stat` says of it; all zero for a file that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) exists: bool,
    pub(crate) size: u64,
    pub(crate) modified: i64,
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    pub(crate) device: u64,
    pub(crate) mode: u32,
    pub(crate) owner: u32,
}

impl Stamp {
    /// The stamp of what `path` leads to now.
    pub(crate) fn of(path: &Path) -> Self {
        fs_err::metadata(path).map_or_else(|_| Self::default(), |metadata| Self::from(&metadata))
    }

    /// The same for a file; for a folder only what stays when files are put into it.
    pub(crate) fn without_listing(self) -> Self {
        if file_kind(self.mode) != FileKind::Directory {
            return self;
        }
        Self { size: 0, modified: 0, changed: 0, ..self }
    }

    /// Whether the file may have changed since without a trace: its last change is not older than
    /// `read_at` (nanoseconds since 1970) by more than a clock of a file system can be coarse.
    pub(crate) fn is_racy(&self, read_at: i64) -> bool {
        /// Two seconds: what FAT keeps, the coarsest of them.
        const COARSEST_CLOCK: i64 = 2_000_000_000;
        self.exists && self.modified.max(self.changed) >= read_at.saturating_sub(COARSEST_CLOCK)
    }
}

impl From<&std::fs::Metadata> for Stamp {
    fn from(metadata: &std::fs::Metadata) -> Self {
        let identity = platform::identity(metadata);
        Self {
            exists: true,
            size: identity.size,
            modified: identity.modified,
            changed: identity.changed,
            inode: identity.inode,
            device: identity.device,
            mode: identity.mode,
            owner: identity.owner,
        }
    }
}

/// The real disk, remembering every file that was asked for, so that an answer can be kept with the
/// state of all that it rests on.
#[derive(Debug, Default)]
pub(crate) struct ObservedFiles {
    files: RefCell<BTreeMap<PathBuf, Stamp>>,
    listings: RefCell<BTreeMap<PathBuf, Stamp>>,
    distant: RefCell<Vec<Observations>>,
}

/// What was asked for, with its state at that time.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) files: BTreeMap<PathBuf, Stamp>,
    /// Folders whose list of names matters.
    pub(crate) listings: BTreeMap<PathBuf, Stamp>,
    /// The same of disks that may not answer.
    pub(crate) distant: Vec<Observations>,
}

impl ObservedFiles {
    /// The stamp of `path`, taken once and remembered. Of a folder only that it is one: what is in it
    /// changes all the time.
    pub(crate) fn observe(&self, path: &Path) -> Stamp {
        if let Some(stamp) = self.files.borrow().get(path) {
            return *stamp;
        }
        let stamp = Stamp::of(path).without_listing();
        self.files.borrow_mut().insert(path.to_owned(), stamp);
        stamp
    }

    /// Remembers which names are in a folder.
    pub(crate) fn observe_listing(&self, folder: &Path) {
        self.listings.borrow_mut().insert(folder.to_owned(), Stamp::of(folder));
    }

    /// Adds what somebody else asked for, on a disk that may not answer next time.
    pub(crate) fn add_distant(&self, observations: Observations) {
        self.distant.borrow_mut().push(observations);
    }

    /// All that was asked for.
    pub(crate) fn into_observations(self) -> Observations {
        Observations {
            files: self.files.into_inner(),
            listings: self.listings.into_inner(),
            distant: self.distant.into_inner(),
        }
    }
}

impl Files for ObservedFiles {
    fn is_file(&self, path: &Path) -> bool {
        let stamp = self.observe(path);
        stamp.exists && file_kind(stamp.mode) == FileKind::Regular
    }

    fn is_directory(&self, path: &Path) -> bool {
        let stamp = self.observe(path);
        stamp.exists && file_kind(stamp.mode) == FileKind::Directory
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, io::Error> {
        // Stamped before it is read: a change in between shows as a different stamp later.
        if !self.observe(path).exists {
            return Ok(None);
        }
        read_limited(path)
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        self.observe_listing(directory);
        let entries = fs_err::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect()
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        let (one_stamp, other_stamp) = (self.observe(one), self.observe(other));
        let place = |stamp: Stamp| (stamp.device, stamp.inode);
        one == other || (one_stamp.exists && one_stamp.inode != 0 && place(one_stamp) == place(other_stamp))
    }
}

/// What kind of thing a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    Regular,
    Directory,
    Other,
}

/// The kind that `mode` (as `st_mode`) tells.
const fn file_kind(mode: u32) -> FileKind {
    match mode & 0o170_000 {
        0o100_000 => FileKind::Regular,
        0o040_000 => FileKind::Directory,
        _ => FileKind::Other,
    }
}

/// The contents of a regular file; `None` where there is none.
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

/// The lines of a regular file of any length.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: io::BufReader<fs_err::File>,
    line: Vec<u8>,
}

impl Lines {
    /// Opens a file; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, or is no regular file (a pipe would never end).
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        Self::open_from(path, 0)
    }

    /// The same from a byte on.
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

    /// The next line without its end; `None` after the last one. What is longer than any line of sense comes out
    /// as an empty one.
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

/// Whether there is a file.
///
/// # Errors
/// Where that cannot be told, or it is something that has no contents.
fn is_regular(path: &Path) -> io::Result<bool> {
    match fs_err::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(io::Error::other(format!("`{}` is not a regular file", path.display()))),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the error says that a file is not there.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Replaces the file by `contents`, so that a reader sees the old or the new one, never a part.
///
/// Not forced to disk: for what can be made anew. The folder is made where it is missing.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Data, false)
}

/// As [`replace`], and on disk before it returns: for what cannot be made anew.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_durably(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Data, true)
}

/// As [`replace_durably`], for a program.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_program(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Program, true)
}

/// As [`replace_durably`], with the owner and the permissions of the file that is there, which is not jlproj's.
///
/// # Errors
/// Where the folder cannot be made or written, or the file belongs to somebody whom we can give nothing.
pub(crate) fn replace_as_it_is(path: &Path, contents: &[u8]) -> io::Result<()> {
    let present = match fs_err::metadata(path) {
        Ok(present) => Some(present),
        Err(error) if is_absence(&error) => None,
        Err(error) => return Err(error),
    };
    let standing = present.as_ref().map_or(Standing::Data, Standing::As);
    write_beside(path, |file| file.write_all(contents), standing, true)
}

/// Replaces the file by what [`platform::link`] makes, in one step: nobody ever finds nothing there. The folder is made
/// where it is missing.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace_by_link(path: &Path, target: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    platform::create_private_folders(folder)?;
    let link = tempfile::Builder::new()
        .prefix(HALF_WRITTEN)
        .make_in(folder, |temporary| platform::link(target, temporary))?
        .into_temp_path();
    give_name(link, path)
}

/// As [`replace_durably`], by what `write` writes: for more than should be held in memory.
///
/// # Errors
/// Where the folder cannot be made or written, or `write` fails.
pub(crate) fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let buffered = |file: &mut dyn io::Write| {
        let mut file = io::BufWriter::with_capacity(1 << 20, file);
        write(&mut file)?;
        file.flush()
    };
    write_beside(path, buffered, Standing::Data, true)
}

/// With what the name of a file begins that is to replace another one. Leftovers are removed in folders of the user's too,
/// so it is none that anybody would choose.
const HALF_WRITTEN: &str = ".jlproj-half-written-";

/// Whether a file was to replace another one, and whoever wrote it died: a younger one may still be written.
pub(crate) fn is_abandoned(path: &Path) -> bool {
    const HOUR: Duration = Duration::from_secs(3600);
    let is_half_written =
        path.file_name().is_some_and(|name| platform::bytes(name).starts_with(HALF_WRITTEN.as_bytes()));
    let is_folder = || fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    is_half_written && is_older(path, HOUR) && !is_folder()
}

/// Whether what has this name (a link itself, where it is one) was changed longer ago than `limit`. `false` where it is
/// not there, or where the clock that told its time was ahead of ours.
pub(crate) fn is_older(path: &Path, limit: Duration) -> bool {
    let modified = fs_err::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > limit))
}

/// Removes what writers that died left in a folder.
pub(crate) fn sweep_abandoned(folder: &Path) {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| is_abandoned(path)) {
        // What cannot be removed stays for the next time.
        let _ = fs_err::remove_file(path);
    }
}

/// Who may do what with a file that is written.
#[derive(Clone, Copy, Debug)]
enum Standing<'a> {
    /// Read by all, written by us.
    Data,
    /// The same, and run by all.
    Program,
    /// As with the file that this describes.
    As(&'a std::fs::Metadata),
}

fn write_beside(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    standing: Standing<'_>,
    durable: bool,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    platform::create_private_folders(folder)?;
    let mut file = tempfile::Builder::new().prefix(HALF_WRITTEN).tempfile_in(folder)?;
    write(&mut file)?;
    // Before it gets its name: who starts or reads it at that moment must be able to.
    match standing {
        Standing::Data => platform::protect_file(file.path())?,
        Standing::Program => platform::make_executable(file.path())?,
        Standing::As(present) => {
            platform::give_to_owner(file.as_file(), present)?;
            fs_err::set_permissions(file.path(), present.permissions())?;
        }
    }
    if durable {
        file.as_file().sync_all()?;
    }
    give_name(file.into_temp_path(), path)?;
    if durable {
        sync_folder(folder)?;
    }
    Ok(())
}

/// Puts what was made beside it into its place.
fn give_name(temporary: tempfile::TempPath, path: &Path) -> io::Result<()> {
    // `rename`, not `persist`: the latter fails on Windows while a reader holds the file.
    fs_err::rename(&temporary, path)?;
    // What was renamed is no longer there to be removed.
    let _ = temporary.keep();
    Ok(())
}

/// Makes sure that the names in a folder are on disk.
///
/// # Errors
/// Where the folder cannot be opened or written through.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs_err::File::open(folder)?.sync_all() } else { Ok(()) }
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
            0 => return Ok(Digest::from_hash(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("new/state.toml");
        replace(&path, b"one").expect("first");
        replace_durably(&path, b"two").expect("second");
        assert_eq!(fs_err::read(&path).expect("read"), b"two");
        assert_eq!(fs_err::read_dir(path.parent().expect("parent")).expect("list").count(), 1);
    }

    #[test]
    fn a_link_is_replaced_by_many_at_once_and_is_always_there() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("new/julia");
        replace_by_link(&path, Path::new("/one")).expect("first");
        std::thread::scope(|scope| {
            for target in ["/one", "/two", "/three"] {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..200 {
                        replace_by_link(path, Path::new(target)).expect("link");
                        assert!(fs_err::symlink_metadata(path).is_ok(), "gone");
                    }
                });
            }
        });
        assert_eq!(fs_err::read_dir(path.parent().expect("parent")).expect("list").count(), 1);
    }

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

    #[test]
    fn what_was_asked_for_is_remembered_even_where_it_is_absent() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (here, absent) = (folder.path().join("here"), folder.path().join("absent"));
        fs_err::write(&here, "text").expect("write");
        let files = ObservedFiles::default();
        assert!(files.is_file(&here));
        assert_eq!(files.read(&absent).expect("no error"), None);
        let seen = files.into_observations().files;
        assert!(seen[&here].exists);
        assert!(!seen[&absent].exists);
    }

    #[test]
    fn a_file_of_this_instant_is_racy_and_an_old_one_is_not() {
        let stamp = Stamp { exists: true, modified: 10_000_000_000, ..Stamp::default() };
        assert!(stamp.is_racy(10_000_000_000));
        assert!(stamp.is_racy(11_000_000_000));
        assert!(!stamp.is_racy(20_000_000_000));
        assert!(!Stamp::default().is_racy(0));
    }
}
