//! Locks between processes, by the operating system: the lock of a dead process is free.
//!
//! Order, if more than one is held: an image's key, then a project's build environment, then a temporary folder. The
//! locks of PackageCompiler's environment and of a Julia that is probed are released before these are taken; `setup`
//! holds one of its own around that of Julia. `run` takes only Julia's, at its first start.

use std::fs::TryLockError;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::fs;
use crate::platform;

/// Prefix of a message left in a lock's file; without it the file has a process number.
const MESSAGE: &str = "message: ";

/// A lock that is held until this value is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    file: fs_err::File,
    /// Message of the last holder for the next one; empty if there is none.
    left: String,
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
                // It was retired between the two calls: a lock on a file that nobody finds any more keeps nobody out.
                Ok(()) if platform::names(file.file())? == 0 => {}
                Ok(()) => {
                    let left = message(&mut file);
                    let mut lock = Self { file, left };
                    // The number is for messages only.
                    let _ = lock.write(&std::process::id().to_string());
                    return Ok(Attempt::Taken(lock));
                }
                Err(TryLockError::WouldBlock) => {
                    let text = fs_err::read_to_string(path).unwrap_or_default();
                    return Ok(Attempt::Held(text.trim().parse().ok()));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Whether another process holds the lock; `true` if unknown. Changes nothing, but an attempt to take the lock at
    /// that moment may find it held.
    pub(crate) fn is_held(path: &Path) -> bool {
        match fs_err::File::open(path) {
            Ok(file) => {
                // Shared: several processes that ask at once do not take each other for the holder.
                #[expect(clippy::disallowed_methods, reason = "taken above, asked about here")]
                let taken = file.file().try_lock_shared();
                taken.is_err()
            }
            Err(error) => !fs::is_absence(&error),
        }
    }

    /// Takes the lock. While another process holds it, calls `wait` with that process's number a few times each second,
    /// and gives up (`None`) when `wait` returns `false`.
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

    /// Message of the last holder; empty if there is none, as after a holder that was killed.
    pub(crate) fn left(&self) -> &str {
        &self.left
    }

    /// Leaves a message for the next holder, and releases the lock.
    pub(crate) fn leave(mut self, text: &str) {
        // A holder that does not get it does the work once more.
        let _ = self.write(&format!("{MESSAGE}{text}"));
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }

    /// Removes the lock's file while the lock is held: for a lock whose name is not used again.
    pub(crate) fn retire(self, path: &Path) {
        // A leftover is swept later.
        let _ = fs_err::remove_file(path);
        drop(self.file);
    }
}

/// Reads the message in a lock's file; empty if the file has only its holder's number.
fn message(file: &mut fs_err::File) -> String {
    const LONGEST: u64 = 64 << 10;
    let mut bytes = Vec::new();
    let _ = io::Read::by_ref(file).take(LONGEST).read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap_or_default();
    text.strip_prefix(MESSAGE).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_a_holder_leaves_is_for_the_next_one_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("x.lock");
        let take = || match Lock::attempt(&path).expect("a lock") {
            Attempt::Taken(lock) => lock,
            Attempt::Held(_) => panic!("held"),
        };
        let first = take();
        assert_eq!(first.left(), "");
        assert!(
            matches!(Lock::attempt(&path), Ok(Attempt::Held(Some(number))) if number == std::process::id())
        );
        first.leave("it failed");
        let second = take();
        assert_eq!(second.left(), "it failed");
        assert!(
            matches!(Lock::attempt(&path), Ok(Attempt::Held(Some(number))) if number == std::process::id())
        );
        drop(second);
        assert_eq!(take().left(), "");
    }

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
