//! The disk: atomic replacement of files, and reads that record the state of every file they asked for.

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

/// Largest text file that is read, in bytes; a manifest of a thousand packages has a third of a megabyte.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;

/// State of a file as `stat` reports it; all zero for a missing file.
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
    /// Reads the stamp of the file that `path` leads to.
    pub(crate) fn of(path: &Path) -> Self {
        fs_err::metadata(path).map_or_else(|_| Self::default(), |metadata| Self::from(&metadata))
    }

    /// Removes from a folder's stamp what changes with its contents (size and times); a file's stamp stays whole.
    pub(crate) fn without_listing(self) -> Self {
        if file_kind(self.mode) != FileKind::Directory {
            return self;
        }
        Self { size: 0, modified: 0, changed: 0, ..self }
    }

    /// Whether the file could change again without changing its stamp: its last change is later than `read_at`
    /// (nanoseconds since 1970) or at most one tick of the coarsest file system clock before it.
    pub(crate) fn is_racy(&self, read_at: i64) -> bool {
        /// Two seconds: the resolution of FAT, the coarsest file system clock.
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

/// The real disk, which remembers the stamp of every file asked for, so that an answer can be kept with the state of
/// all files that it depends on.
#[derive(Debug, Default)]
pub(crate) struct ObservedFiles {
    files: RefCell<BTreeMap<PathBuf, Stamp>>,
    listings: RefCell<BTreeMap<PathBuf, Stamp>>,
    distant: RefCell<Vec<Observations>>,
}

/// Files and folders that were asked for, with their stamps at that time.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) files: BTreeMap<PathBuf, Stamp>,
    /// Folders whose list of names matters.
    pub(crate) listings: BTreeMap<PathBuf, Stamp>,
    /// Observations on disks that may not answer.
    pub(crate) distant: Vec<Observations>,
}

impl ObservedFiles {
    /// Returns the stamp of `path`, taken once and remembered. A folder's stamp leaves out its contents, which change
    /// all the time.
    pub(crate) fn observe(&self, path: &Path) -> Stamp {
        if let Some(stamp) = self.files.borrow().get(path) {
            return *stamp;
        }
        let stamp = Stamp::of(path).without_listing();
        self.files.borrow_mut().insert(path.to_owned(), stamp);
        stamp
    }

    /// Remembers the stamp of a folder whose list of names matters.
    pub(crate) fn observe_listing(&self, folder: &Path) {
        self.listings.borrow_mut().insert(folder.to_owned(), Stamp::of(folder));
    }

    /// Adds another reader's observations, made on a disk that may not answer next time.
    pub(crate) fn add_distant(&self, observations: Observations) {
        self.distant.borrow_mut().push(observations);
    }

    /// Returns everything that was observed.
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

/// Kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    Regular,
    Directory,
    Other,
}

/// Returns the kind that `mode` (as `st_mode`) encodes.
const fn file_kind(mode: u32) -> FileKind {
    match mode & 0o170_000 {
        0o100_000 => FileKind::Regular,
        0o040_000 => FileKind::Directory,
        _ => FileKind::Other,
    }
}

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

/// Replaces the file by `contents` in one step: a reader sees the old file or the new one, never a part.
///
/// Not synced to disk: for data that can be made again. Creates a missing folder.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_beside(path, |file| file.write_all(contents), Standing::Data, false)
}

/// As [`replace`], and synced to disk before it returns: for data that cannot be made again.
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

/// As [`replace_durably`], for a file that is not jlproj's: keeps its owner and its permissions.
///
/// # Errors
/// Where the folder cannot be made or written, or the file belongs to another user and the system refuses to set that
/// owner.
pub(crate) fn replace_as_it_is(path: &Path, contents: &[u8]) -> io::Result<()> {
    let present = match fs_err::metadata(path) {
        Ok(present) => Some(present),
        Err(error) if is_absence(&error) => None,
        Err(error) => return Err(error),
    };
    let standing = present.as_ref().map_or(Standing::Data, Standing::As);
    write_beside(path, |file| file.write_all(contents), standing, true)
}

/// Replaces the file by a link to `target` ([`platform::link`]) in one step: `path` exists at every moment. Creates a
/// missing folder.
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

/// As [`replace_durably`], with contents streamed by `write`: for files too large to hold in memory.
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

/// Prefix of the temporary file that is renamed to the real one. Leftovers are removed in the user's folders too, so
/// the prefix is one that nobody else would choose.
const HALF_WRITTEN: &str = ".jlproj-half-written-";

/// Whether this is the temporary file of a dead writer: one that is younger than an hour may still be written.
pub(crate) fn is_abandoned(path: &Path) -> bool {
    const HOUR: Duration = Duration::from_secs(3600);
    let is_half_written =
        path.file_name().is_some_and(|name| platform::bytes(name).starts_with(HALF_WRITTEN.as_bytes()));
    let is_folder = || fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    is_half_written && is_older(path, HOUR) && !is_folder()
}

/// Whether the file with this name (a symlink itself, not its target) was modified longer ago than `limit`. `false` if
/// it does not exist, or its time is ahead of our clock.
pub(crate) fn is_older(path: &Path, limit: Duration) -> bool {
    let modified = fs_err::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > limit))
}

/// Removes the temporary files of dead writers in a folder.
pub(crate) fn sweep_abandoned(folder: &Path) {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| is_abandoned(path)) {
        // What cannot be removed stays for the next time.
        let _ = fs_err::remove_file(path);
    }
}

/// Owner and permissions of a file that is written.
#[derive(Clone, Copy, Debug)]
enum Standing<'a> {
    /// Readable by all, writable by us.
    Data,
    /// As `Data`, and executable by all.
    Program,
    /// Those of the file with this metadata.
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
    // Set before the rename: from then on others may read or start the file.
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

/// Renames a temporary file to its final name.
fn give_name(temporary: tempfile::TempPath, path: &Path) -> io::Result<()> {
    // `rename`, not `persist`: the latter fails on Windows while a reader holds the file.
    fs_err::rename(&temporary, path)?;
    // After the rename there is no temporary file to remove.
    let _ = temporary.keep();
    Ok(())
}

/// Syncs a folder, so that the names in it are on disk.
///
/// # Errors
/// Where the folder cannot be opened or synced.
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
