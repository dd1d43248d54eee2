//! Locks between processes, by the operating system: a lock of a process that died is free.
//!
//! Order, where more than one is held: an image's key, then a project's build environment, then a
//! temporary folder. Those of PackageCompiler's environment and of a Julia that is asked what it is are given back before
//! these; `setup` holds one of its own around that of Julia. `run` takes none but Julia's, at its first start.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

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
        let mut options = fs_err::OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        #[expect(clippy::disallowed_methods, reason = "the one place that locks")]
        let taken = file.file().try_lock();
        match taken {
            Ok(()) => {
                // The number is for messages only.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                Ok(Attempt::Taken(Self { file }))
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let text = fs_err::read_to_string(path).unwrap_or_default();
                Ok(Attempt::Held(text.trim().parse().ok()))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether another process holds it. Makes no file.
    pub(crate) fn is_held(path: &Path) -> bool {
        path.exists() && matches!(Self::attempt(path), Ok(Attempt::Held(_)))
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

    /// Removes the lock's file while the lock is held. Only for a lock whose name is never used again.
    pub(crate) fn retire(self, path: &Path) {
        // A leftover is swept later.
        let _ = fs_err::remove_file(path);
        drop(self.file);
    }
}
