//! Locks between processes, by the operating system: a lock of a process that died is free.
//!
//! Order, where more than one is held: an image's key, then a project's build environment, then a
//! temporary folder. Those of PackageCompiler's environment and of a Julia that is asked what it is are given back before
//! these; `setup` holds one of its own around that of Julia. `run` takes none but Julia's, at its first start.

use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::fs;
use crate::platform;

/// A lock that is held until this value is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: fs_err::File,
}

/// How an attempt to take a lock ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    Taken(Lock),
    /// Another process holds it; its number, where it could be read.
    Held(Option<u32>),
}

impl Lock {
    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// Where the lock's file cannot be made.
    pub(crate) fn attempt(path: &Path) -> io::Result<Attempt> {
        if let Some(folder) = path.parent() {
            platform::create_private_folders(folder)?;
        }
        loop {
            let mut options = fs_err::OpenOptions::new();
            let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
            #[expect(clippy::disallowed_methods, reason = "taken here, asked about below")]
            let taken = file.file().try_lock();
            match taken {
                // It was retired between the two calls: the lock of a file that nobody finds any more keeps nobody out.
                Ok(()) if platform::names(&file.metadata()?) == 0 => {}
                Ok(()) => {
                    // The number is for messages only.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Attempt::Taken(Self { file }));
                }
                Err(TryLockError::WouldBlock) => {
                    let text = fs_err::read_to_string(path).unwrap_or_default();
                    return Ok(Attempt::Held(text.trim().parse().ok()));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Whether another process holds it, or that cannot be told. Changes nothing; who attempts to take it at that moment
    /// may be told that it is held.
    pub(crate) fn is_held(path: &Path) -> bool {
        match fs_err::File::open(path) {
            Ok(file) => {
                // Shared: several that ask at once do not take each other for the holder.
                #[expect(clippy::disallowed_methods, reason = "taken above, asked about here")]
                let taken = file.file().try_lock_shared();
                taken.is_err()
            }
            Err(error) => !fs::is_absence(&error),
        }
    }

    /// Takes the lock, waiting for another process as long as `wait` (called with that process's number, a
    /// few times each second) says to go on. `None` where it said to stop.
    ///
    /// # Errors
    /// Where the lock's file cannot be made.
    pub(crate) fn take(path: &Path, mut wait: impl FnMut(Option<u32>) -> bool) -> io::Result<Option<Self>> {
        const PAUSE: Duration = Duration::from_millis(100);
        loop {
            match Self::attempt(path)? {
                Attempt::Taken(lock) => return Ok(Some(lock)),
                Attempt::Held(holder) => {
                    if !wait(holder) {
                        return Ok(None);
                    }
                }
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Removes the lock's file while the lock is held: for a lock whose name is not used again.
    pub(crate) fn retire(self, path: &Path) {
        // A leftover is swept later.
        let _ = fs_err::remove_file(path);
        drop(self.file);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_lock_that_others_retire_is_held_by_one_at_a_time() {
        const ATTEMPTS: u32 = 2000;
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("x.lock");
        let (is_taken, count) = (AtomicBool::new(false), AtomicU32::new(0));
        let work = || {
            for _ in 0..ATTEMPTS {
                let Attempt::Taken(lock) = Lock::attempt(&path).expect("a lock") else { continue };
                assert!(!is_taken.swap(true, Ordering::SeqCst), "held by two");
                assert!(Lock::is_held(&path), "nobody can see that it is held");
                count.fetch_add(1, Ordering::SeqCst);
                is_taken.store(false, Ordering::SeqCst);
                lock.retire(&path);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(work);
            }
        });
        assert!(count.into_inner() > 0 && !path.exists());
    }
}
