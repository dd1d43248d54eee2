//! The disk as the model may see it: a few questions, answered by the owner of the real disk.
//!
//! The edge implements [`Files`] and records each path it is asked for, because the answer depends on those files. So
//! model code asks for nothing else, and in the order in which Julia itself looks.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Questions that model code may ask about the disk.
pub(crate) trait Files {
    /// Whether `path` names a regular file; follows links, `false` if it cannot be read.
    ///
    /// On systems that ignore case Julia also compares the name's case (`isfile_casesensitive`,
    /// `base/loading.jl`); an implementation there should do the same.
    fn is_file(&self, path: &Path) -> bool;

    /// Whether `path` names a folder; follows links, `false` if it cannot be read.
    fn is_directory(&self, path: &Path) -> bool;

    /// The file's bytes; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// Any error of the disk but "not found".
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, io::Error>;

    /// The names in a folder, in no order; none if it cannot be read.
    fn names(&self, directory: &Path) -> Vec<OsString>;

    /// Whether two folders are one and the same, as Julia's `samefile` decides by device and inode.
    ///
    /// Asked for workspaces only. Unless overridden it compares the paths themselves, which misses a member that is
    /// reached through a link.
    fn is_same(&self, one: &Path, other: &Path) -> bool {
        one == other
    }
}

#[cfg(test)]
pub(crate) use memory::MemoryFiles;

#[cfg(test)]
mod memory {
    use super::Files;
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsString;
    use std::io;
    use std::path::{Path, PathBuf};

    /// A disk for tests: files by path, folders implied by them, and a record of what was asked.
    #[derive(Debug, Default)]
    pub(crate) struct MemoryFiles {
        files: BTreeMap<PathBuf, Vec<u8>>,
        directories: BTreeSet<PathBuf>,
        unreadable: BTreeSet<PathBuf>,
        asked: RefCell<Vec<PathBuf>>,
    }

    impl MemoryFiles {
        /// Adds a file and all folders above it.
        #[must_use]
        pub(crate) fn with(mut self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
            let path = path.as_ref();
            self.files.insert(path.to_owned(), content.as_ref().to_owned());
            self.with_directory(path.parent().unwrap_or(Path::new("/")))
        }

        /// Adds a folder and all folders above it.
        #[must_use]
        pub(crate) fn with_directory(mut self, path: impl AsRef<Path>) -> Self {
            self.directories.extend(path.as_ref().ancestors().map(Path::to_owned));
            self
        }

        /// Adds a file that is there but cannot be read.
        #[cfg(unix)]
        #[must_use]
        pub(crate) fn with_unreadable(mut self, path: impl AsRef<Path>) -> Self {
            self.unreadable.insert(path.as_ref().to_owned());
            self.with(path, "")
        }

        /// Every path asked for so far, in order.
        #[cfg(unix)]
        #[must_use]
        pub(crate) fn asked(&self) -> Vec<PathBuf> {
            self.asked.borrow().clone()
        }

        fn note(&self, path: &Path) {
            self.asked.borrow_mut().push(path.to_owned());
        }
    }

    impl Files for MemoryFiles {
        fn is_file(&self, path: &Path) -> bool {
            self.note(path);
            self.files.contains_key(path)
        }

        fn is_directory(&self, path: &Path) -> bool {
            self.note(path);
            self.directories.contains(path)
        }

        fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, io::Error> {
            self.note(path);
            if self.unreadable.contains(path) {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            Ok(self.files.get(path).cloned())
        }

        fn names(&self, directory: &Path) -> Vec<OsString> {
            self.note(directory);
            let inside = self.files.keys().filter(|path| path.parent() == Some(directory));
            inside.filter_map(|path| Some(path.file_name()?.to_owned())).collect()
        }
    }
}
