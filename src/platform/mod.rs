//! Differences between operating systems, behind one set of functions: files, owners, processes (`unix`, `windows`), and
//! what the system says of the machine and of running processes (`linux`, `elsewhere`).

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

mod processor;
pub(crate) use processor::{processor_features, processor_fingerprint};
