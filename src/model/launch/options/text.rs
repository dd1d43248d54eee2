//! Cuts ASCII text off the start of an argument: the other bytes stay as they are.

use std::ffi::{OsStr, OsString};

/// `text` without its first `count` bytes, which the caller has seen to be ASCII.
#[cfg(not(windows))]
pub(crate) fn after(text: &OsStr, count: usize) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(text.as_bytes().get(count..).unwrap_or_default()).to_os_string()
}

/// `text` without its first `count` code units, which the caller has seen to be ASCII.
#[cfg(windows)]
pub(crate) fn after(text: &OsStr, count: usize) -> OsString {
    use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
    let units: Vec<u16> = text.encode_wide().skip(count).collect();
    OsString::from_wide(&units)
}
