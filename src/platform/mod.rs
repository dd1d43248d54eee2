//! Differences between operating systems, behind one set of functions: files, owners, processes (`unix`, `windows`), and
//! what the system says of the machine and of running processes (`linux`, `elsewhere`).

use std::path::{Path, PathBuf};

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::*;

mod heap;
mod processor;
pub(crate) use heap::keep_freed_memory;
pub(crate) use processor::{processor_features, processor_fingerprint};

/// Where the folder that `one` is exchanged with is for an instant, if the system does not exchange them in one step.
pub(crate) fn aside(one: &Path) -> PathBuf {
    let mut aside = one.as_os_str().to_owned();
    aside.push(".old");
    aside.into()
}

/// Metadata that distinguishes one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// Nanoseconds since 1970: when its contents were changed, as far as programs let it be known (`st_mtim`).
    pub(crate) modified: i64,
    /// Nanoseconds since 1970: when anything of it was changed, which no ordinary program sets back (`st_ctim`; on Windows
    /// `ChangeTime`).
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    pub(crate) device: u64,
    /// As `st_mode`; on Windows only what kind of file it is.
    pub(crate) mode: u32,
    /// 0 on Windows.
    pub(crate) owner: u32,
}
