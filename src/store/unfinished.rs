//! Starts under an image that did not get through: a package in it may end Julia before anything of the user's runs, and the
//! program that Julia replaced is not there to notice.
//!
//! The image itself makes a mark, a file that it locks, before its packages are initialised, and removes it after them
//! (`leave_mark` and `remove_mark` of `direct_steps.jl`): a start that Julia refuses for its arguments leaves none. A mark
//! that nobody holds is of a start that died.

use std::path::{Path, PathBuf};

use crate::fs::{self, ObservedFiles};
use crate::model::image::key::Digest;
use crate::model::loading::files::Files as _;
use crate::platform;
use crate::store::layout::Layout;
use crate::store::lease;

/// The variable that tells the image which file is its mark.
pub(crate) const MARK: &str = "JLPROJ_MARK";

/// The variable that names the file with the number of failures, where there were any.
pub(crate) const FAILURES: &str = "JLPROJ_FAILURES";

/// How many starts in a row may die before an image is no longer used.
const MOST_FAILURES: u32 = 2;

/// What a start under an image is told, so that it can be noticed where it dies.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The file that the image makes and removes.
    pub(crate) path: PathBuf,
    /// The file with the number of failures, where there is one.
    pub(crate) failures: Option<PathBuf>,
}

/// The mark of a start of this process under the image of `key`. `None` where there can be none: then nothing will be
/// noticed.
pub(crate) fn mark(layout: &Layout, key: &Digest) -> Option<Mark> {
    let folder = layout.starts(key);
    if !folder.is_dir() {
        platform::create_private_folders(&folder).ok()?;
    }
    let failures = layout.failures(key);
    let failures = failures.exists().then_some(failures);
    Some(Mark { path: folder.join(std::process::id().to_string()), failures })
}

/// Whether the last start under the image of `key` died. It is counted, and told once.
pub(crate) fn has_just_failed(layout: &Layout, key: &Digest) -> bool {
    let counter = layout.failures(key);
    let entries = fs_err::read_dir(layout.starts(key)).into_iter().flatten().flatten();
    let marks = entries.map(|entry| entry.path()).filter(|path| *path != counter);
    // One that its image removes meanwhile cannot be removed any more.
    let dead = marks.filter(|path| !lease::is_in_use(path) && fs_err::remove_file(path).is_ok()).count();
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
        // As the image does.
        let begin = || {
            let mark = mark(&layout, &key).expect("a mark");
            let file = fs_err::File::create(&mark.path).expect("mark");
            #[expect(clippy::disallowed_methods, reason = "as the image does")]
            file.file().try_lock().expect("lock");
            (mark, file)
        };
        // One that still runs, and one that got through.
        let (mark, file) = begin();
        assert!(mark.failures.is_none());
        assert!(!has_just_failed(&layout, &key));
        fs_err::remove_file(mark.path).expect("remove");
        drop(file);
        assert!(!has_just_failed(&layout, &key));
        // One that died.
        drop(begin());
        assert!(has_just_failed(&layout, &key));
        assert!(!has_just_failed(&layout, &key) && !is_given_up());
        let next = begin();
        assert_eq!(next.0.failures, Some(layout.failures(&key)));
        drop(next);
        assert!(has_just_failed(&layout, &key) && is_given_up());
        forget(&layout, &key);
        assert!(!is_given_up());
    }
}
