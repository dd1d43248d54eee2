//! Starts under an image that did not get through: a package in it may end Julia before anything of the user's runs, and the
//! program that Julia replaced is not there to notice.
//!
//! Each start leaves a mark, a file that is locked as long as Julia runs. The image itself removes it when all its packages
//! are initialised (`remove_mark` of `direct_steps.jl`). A mark that nobody holds is of a start that died.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{self, ObservedFiles};
use crate::model::files::Files as _;
use crate::model::key::Digest;
use crate::platform;
use crate::store::layout::Layout;

/// The variable that tells the image which file to remove.
pub(crate) const MARK: &str = "JLPROJ_MARK";

/// The variable that names the file with the number of failures, where there were any.
pub(crate) const FAILURES: &str = "JLPROJ_FAILURES";

/// How many starts in a row may die before an image is no longer used.
const MOST_FAILURES: u32 = 2;

/// A start that has begun.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) path: PathBuf,
    /// The file with the number of failures, where there is one.
    pub(crate) failures: Option<PathBuf>,
    _file: fs_err::File,
}

impl Mark {
    /// Takes it back: nothing was started.
    pub(crate) fn withdraw(self) {
        let _ = fs_err::remove_file(self.path);
    }
}

/// Marks a start under the image of `key`. `None` where that cannot be done: then nothing will be noticed.
pub(crate) fn begin(layout: &Layout, key: &Digest) -> Option<Mark> {
    if !cfg!(unix) {
        // No program takes the place of ours.
        return None;
    }
    let folder = layout.starts(key);
    let path = folder.join(std::process::id().to_string());
    let open = || fs_err::OpenOptions::new().write(true).create(true).truncate(true).open(&path);
    let opened = open().or_else(|error| {
        if !fs::is_absence(&error) {
            return Err(error);
        }
        platform::create_private_folders(&folder)?;
        open()
    });
    let file = opened.ok()?;
    #[expect(clippy::disallowed_methods, reason = "the one place that locks marks")]
    let is_held = file.file().try_lock().is_ok() && platform::keep_open(file.file()).is_ok();
    if !is_held {
        let _ = fs_err::remove_file(&path);
        return None;
    }
    let failures = layout.failures(key);
    let failures = failures.exists().then_some(failures);
    Some(Mark { path, failures, _file: file })
}

/// Whether the last start under the image of `key` died. It is counted, and told once.
pub(crate) fn has_just_failed(layout: &Layout, key: &Digest) -> bool {
    let counter = layout.failures(key);
    let entries = fs_err::read_dir(layout.starts(key)).into_iter().flatten().flatten();
    let marks = entries.map(|entry| entry.path()).filter(|path| *path != counter);
    let dead =
        marks.filter(|path| is_dead(path).unwrap_or(false) && fs_err::remove_file(path).is_ok()).count();
    if dead == 0 {
        return false;
    }
    let total = u32::try_from(dead).unwrap_or(u32::MAX).saturating_add(count(&counter));
    let _ = fs::replace(&counter, total.to_string().as_bytes());
    true
}

/// Whether so many starts under the image of `key` died, one after the other, that it is not to be tried again.
pub(crate) fn is_given_up(layout: &Layout, key: &Digest, files: &ObservedFiles) -> bool {
    let counter = layout.failures(key);
    files.is_file(&counter) && count(&counter) >= MOST_FAILURES
}

/// Forgets what became of starts under the image of `key`: it is another one now, or gone.
pub(crate) fn forget(layout: &Layout, key: &Digest) {
    let _ = fs_err::remove_dir_all(layout.starts(key));
}

/// How many starts under the image of `key` died, one after the other.
pub(crate) fn failures(layout: &Layout, key: &Digest) -> u32 {
    count(&layout.failures(key))
}

fn count(counter: &Path) -> u32 {
    fs_err::read_to_string(counter).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Whether nobody holds a mark.
fn is_dead(mark: &Path) -> io::Result<bool> {
    let file = fs_err::OpenOptions::new().write(true).open(mark)?;
    #[expect(clippy::disallowed_methods, reason = "the one place that locks marks")]
    match file.file().try_lock() {
        // It may have been removed between the opening and the lock.
        Ok(()) => Ok(platform::names(&file.file().metadata()?) > 0),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_dies_is_noticed_once_and_two_in_a_row_are_enough() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let key = Digest::of(b"image");
        let is_given_up = || is_given_up(&layout, &key, &ObservedFiles::default());
        assert!(!has_just_failed(&layout, &key) && !is_given_up());
        // One that still runs, and one that got through.
        let running = begin(&layout, &key).expect("a mark");
        assert!(running.failures.is_none());
        assert!(!has_just_failed(&layout, &key));
        running.withdraw();
        assert!(!has_just_failed(&layout, &key));
        // One that died.
        drop(begin(&layout, &key).expect("a mark"));
        assert!(has_just_failed(&layout, &key));
        assert!(!has_just_failed(&layout, &key) && !is_given_up());
        let next = begin(&layout, &key).expect("a mark");
        assert_eq!(next.failures, Some(layout.failures(&key)));
        drop(next);
        assert!(has_just_failed(&layout, &key) && is_given_up());
        forget(&layout, &key);
        assert!(!is_given_up());
    }
}
