//! Reads that record the state of every file they asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fs::read::read_limited;
use crate::model::loading::files::Files;
use crate::platform;

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
    /// Reads the stamp of the file that `path` leads to; that of a missing file if it cannot be read.
    pub(crate) fn of(path: &Path) -> Self {
        Self::read(path).unwrap_or_default()
    }

    /// Reads the stamp of the file that `path` leads to.
    ///
    /// # Errors
    /// Where there is none, or the system does not tell.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        platform::identity(path).map(Self::from)
    }

    /// Reads the stamp of what is at `path`, which may be a symlink.
    ///
    /// # Errors
    /// Where there is nothing, or the system does not tell.
    pub(crate) fn of_entry(path: &Path) -> io::Result<Self> {
        platform::entry_identity(path).map(Self::from)
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

impl From<platform::Identity> for Stamp {
    fn from(identity: platform::Identity) -> Self {
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
#[derive(Debug, Default, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

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
