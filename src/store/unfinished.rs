//! Detects starts that died under an image: a package in it may end Julia before any code of the user's runs, and the
//! jlproj that Julia replaced is not there to notice.
//!
//! The image itself makes a mark, a file that it locks, before its packages are initialised, and removes it after them
//! (`leave_mark` and `remove_mark` of `direct_steps.jl`): a start that Julia refuses for its arguments leaves none. A
//! mark that nobody locks, and whose process is gone, is that of a dead start.

use std::path::{Path, PathBuf};

use crate::fs::{self, ObservedFiles};
use crate::model::image::key::Digest;
use crate::model::loading::files::Files as _;
use crate::platform;
use crate::store::host::host;
use crate::store::layout::Layout;
use crate::store::lease;

/// Environment variable with the path of the mark, for the image.
pub(crate) const MARK: &str = "JLPROJ_MARK";

/// Environment variable with the path of the file with the number of failures, if there were any.
pub(crate) const FAILURES: &str = "JLPROJ_FAILURES";

/// Number of starts in a row that have to die before an image is no longer used.
const MOST_FAILURES: u32 = 2;

/// Paths passed to a start under an image, so that its death can be noticed.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The file that the image makes and removes.
    pub(crate) path: PathBuf,
    /// The file with the number of failures, if there is one.
    pub(crate) failures: Option<PathBuf>,
}

/// Returns the mark of a start of this process under the image of `key`. `None` if there can be none: then a death goes
/// unnoticed.
pub(crate) fn mark(layout: &Layout, key: &Digest) -> Option<Mark> {
    let folder = layout.starts(key);
    if !folder.is_dir() {
        platform::create_private_folders(&folder).ok()?;
    }
    let failures = layout.failures(key);
    let failures = failures.exists().then_some(failures);
    Some(Mark { path: folder.join(format!("{}{}", prefix(), std::process::id())), failures })
}

/// Whether starts under the image of `key` died since the last call: each is counted, and reported once.
pub(crate) fn has_just_failed(layout: &Layout, key: &Digest) -> bool {
    let counter = layout.failures(key);
    let entries = fs_err::read_dir(layout.starts(key)).into_iter().flatten().flatten();
    let marks = entries.map(|entry| entry.path());
    // A mark that its image removes meanwhile cannot be removed here.
    let dead = marks.filter(|path| is_dead(path) && fs_err::remove_file(path).is_ok()).count();
    if dead == 0 {
        return false;
    }
    let total = u32::try_from(dead).unwrap_or(u32::MAX).saturating_add(count(&counter));
    let _ = fs::replace(&counter, total.to_string().as_bytes());
    true
}

/// Whether a file is the mark of a start on this machine that is over: nobody holds it, and its process is gone. A process
/// that lives may not hold it yet, or not at all, where somebody asked at the moment at which it tried to lock it.
fn is_dead(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let number = name.strip_prefix(&prefix()).and_then(|number| number.parse().ok());
    number.is_some_and(|number| !lease::is_in_use(file) && platform::process_birth(number).is_none())
}

/// What the names of this machine's marks begin with: locks may not reach from one machine to the next.
fn prefix() -> String {
    format!("{}-", host())
}

/// Whether so many starts in a row died under the image of `key` that it is not tried again.
pub(crate) fn is_given_up(layout: &Layout, key: &Digest, files: &ObservedFiles) -> bool {
    let counter = layout.failures(key);
    files.is_file(&counter) && count(&counter) >= MOST_FAILURES
}

/// Forgets the starts under the image of `key`: it was replaced or removed.
pub(crate) fn forget(layout: &Layout, key: &Digest) {
    let _ = fs_err::remove_dir_all(layout.starts(key));
}

/// Number of starts in a row that died under the image of `key`.
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
            // No system has a process of this number: what dies here is not this one.
            let path = layout.starts(&key).join(format!("{}{}", prefix(), u32::MAX));
            let mark = Mark { path, ..mark };
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
        // Another machine's, whose locks are not seen here, and what is no mark.
        for name in ["another-1", "1", ".jlproj-half-written-x"] {
            fs_err::write(layout.starts(&key).join(name), "").expect("write");
        }
        assert!(!has_just_failed(&layout, &key));
        // One that lives, and could not lock its mark: this one.
        let own = super::mark(&layout, &key).expect("a mark").path;
        fs_err::write(&own, "").expect("write");
        assert!(!has_just_failed(&layout, &key));
        fs_err::remove_file(own).expect("remove");
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
