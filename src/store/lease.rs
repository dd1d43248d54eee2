//! Leases: while Julia runs under an image, it holds a shared lock of the operating system on the image's file. The
//! program that `run` becomes inherits the lock, and so do the programs that it starts; it ends with the last of them.
//! The journal is locked in the same way while a line is added, and the mark of a start until Julia got through.

use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::fs;
use crate::platform;

/// How long somebody has a file who only asks about it.
const MOMENT: Duration = Duration::from_millis(1);

/// A lease on an image: nobody removes it while this value, or the program that this process becomes, lives.
#[derive(Debug)]
pub(crate) struct Lease {
    /// The locked file; `None` if the file system has no locks.
    _file: Option<fs_err::File>,
}

/// Result of sharing a file that somebody may be removing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Locked: it stays while it is open here.
    Taken,
    /// The file system has no locks.
    Unknown,
    /// It is being removed, or was.
    Removed,
}

/// Takes a shared lock on an open file, without waiting.
pub(crate) fn share(file: &std::fs::File) -> Share {
    #[expect(clippy::disallowed_methods, reason = "the one place that shares files")]
    match file.try_lock_shared() {
        // It may have been removed between the opening and the lock.
        Ok(()) if platform::names(file).is_ok_and(|names| names == 0) => Share::Removed,
        Ok(()) => Share::Taken,
        Err(TryLockError::WouldBlock) => Share::Removed,
        Err(TryLockError::Error(_)) => Share::Unknown,
    }
}

/// As [`share`], for a file that is about to be written to. Windows lets nobody write to what is shared: there one
/// process at a time has the file, and the others wait a moment.
pub(crate) fn share_to_write(file: &std::fs::File) -> Share {
    const TRIES: u32 = 50;
    if cfg!(unix) {
        return share(file);
    }
    for _ in 0..TRIES {
        #[expect(clippy::disallowed_methods, reason = "the one place that shares files")]
        match file.try_lock() {
            Ok(()) if platform::names(file).is_ok_and(|names| names == 0) => return Share::Removed,
            Ok(()) => return Share::Taken,
            Err(TryLockError::WouldBlock) => std::thread::sleep(MOMENT),
            Err(TryLockError::Error(_)) => return Share::Unknown,
        }
    }
    Share::Unknown
}

/// Takes a lease on an image. `None` if it is being removed, or was.
pub(crate) fn take(image: &Path) -> Option<Lease> {
    take_after(image, || std::thread::sleep(MOMENT))
}

/// As [`take`]; `wait` waits until who only asks whether the image is in use has let it go.
fn take_after(image: &Path, wait: impl FnOnce()) -> Option<Lease> {
    try_to_take(image).or_else(|| {
        wait();
        try_to_take(image)
    })
}

fn try_to_take(image: &Path) -> Option<Lease> {
    let file = fs_err::File::open(image).ok()?;
    match share(file.file()) {
        Share::Removed => None,
        Share::Taken if platform::keep_open(file.file()).is_ok() => Some(Lease { _file: Some(file) }),
        Share::Taken | Share::Unknown => Some(Lease { _file: None }),
    }
}

/// The exclusive lock on a file, for its removal: nobody else can share the file meanwhile.
#[derive(Debug)]
pub(crate) struct Sole {
    _file: fs_err::File,
}

/// Takes the exclusive lock on an image or a journal; `None` if it is in use.
///
/// # Errors
/// Where its file cannot be opened or locked.
pub(crate) fn take_sole(file: &Path) -> io::Result<Option<Sole>> {
    // Over NFS an exclusive lock needs a file that is open for writing.
    let opened = fs_err::OpenOptions::new().read(true).write(true).open(file);
    let file = opened.or_else(|_| fs_err::File::open(file))?;
    #[expect(clippy::disallowed_methods, reason = "the one place that locks them")]
    match file.file().try_lock() {
        Ok(()) => Ok(Some(Sole { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a Julia runs under an image, or holds the mark of its start; `true` if unknown.
pub(crate) fn is_in_use(image: &Path) -> bool {
    match take_sole(image) {
        Ok(sole) => sole.is_none(),
        Err(error) => !fs::is_absence(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_not_removed_and_what_is_removed_not_used() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("sys.so");
        assert!(take(&image).is_none(), "absent");
        assert!(!is_in_use(&image));
        fs_err::write(&image, "image").expect("write");
        let (Some(first), Some(second)) = (take(&image), take(&image)) else {
            panic!("many may use it");
        };
        assert!(is_in_use(&image));
        drop(first);
        assert!(is_in_use(&image));
        drop(second);
        let sole = take_sole(&image).expect("lock");
        assert!(sole.is_some());
        assert!(take(&image).is_none(), "being removed");
    }

    #[test]
    fn who_only_asks_keeps_nobody_away() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("sys.so");
        fs_err::write(&image, "image").expect("write");
        let asking = take_sole(&image).expect("lock");
        assert!(take_after(&image, || drop(asking)).is_some());
    }
}
