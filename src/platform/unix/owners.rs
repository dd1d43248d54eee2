//! Owners and modes: who could change what we read, and keeping others out.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Explains how somebody else could have changed a file or folder of this owner and mode; `None` if nobody could.
pub(crate) fn tampering_risk(owner: u32, mode: u32) -> Option<String> {
    let us = rustix::process::geteuid().as_raw();
    if owner != us {
        Some(format!("is owned by user {owner}, not by you (user {us})"))
    } else if mode & 0o022 != 0 {
        Some(format!("can be written by others (mode {:o})", mode & 0o7777))
    } else {
        None
    }
}

/// Explains how an untrusted user could have changed a file of this owner and mode in `holder`'s store; `None` if none
/// could. The holder, root and we are trusted.
pub(crate) fn shared_risk(holder: u32, owner: u32, mode: u32) -> Option<String> {
    let us = rustix::process::geteuid().as_raw();
    if ![holder, us, 0].contains(&owner) {
        Some(format!("is owned by user {owner}, not by the store's owner (user {holder})"))
    } else if mode & 0o022 != 0 {
        Some(format!("can be written by others (mode {:o})", mode & 0o7777))
    } else {
        None
    }
}

/// Explains how an untrusted user could put another folder in the place of `holder`'s store, below a folder of this
/// owner and mode. In a sticky folder (`/tmp`) whoever comes first has the place: then the store must be root's or
/// ours.
pub(crate) fn exchange_risk(holder: u32, owner: u32, mode: u32) -> Option<String> {
    const STICKY: u32 = 0o1000;
    let us = rustix::process::geteuid().as_raw();
    let is_protected = mode & STICKY != 0 && [us, 0].contains(&holder);
    shared_risk(holder, owner, if is_protected { mode & !0o022 } else { mode })
}

/// Whether `owner` is uid 65534 (`nobody`), shown for unmapped users; `false` if we are that user.
pub(crate) fn is_nobody(owner: u32) -> bool {
    owner == 65534 && rustix::process::geteuid().as_raw() != 65534
}

/// Creates a folder that only we may write, whatever the umask, and its missing parents.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    #[expect(clippy::disallowed_types, reason = "fs-err has no DirBuilder")]
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(|error| named(&error, path))
}

/// Creates a folder that nobody else can read or write, whatever the umask.
///
/// # Errors
/// Where it exists already, or cannot be created.
pub(crate) fn create_closed_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    #[expect(clippy::disallowed_types, reason = "fs-err has no DirBuilder")]
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| named(&error, path))
}

/// The error with the path of the folder, as fs-err gives it.
fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("failed to create directory `{}`: {error}", path.display()))
}

/// Removes write permission for everybody but the owner. `mode` is the present mode.
pub(crate) fn withdraw_writing(path: &Path, mode: u32) -> io::Result<()> {
    fs_err::set_permissions(path, Permissions::from_mode(mode & 0o7777 & !0o022))
}

/// Makes a folder accessible to us alone, with everything in it.
pub(crate) fn close_to_others(folder: &Path) -> io::Result<()> {
    fs_err::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Makes the file readable by all and writable by us alone.
pub(crate) fn protect_file(path: &Path) -> io::Result<()> {
    fs_err::set_permissions(path, Permissions::from_mode(0o644))
}

/// Sets the owner and the group of an open file of ours to those in `like`.
///
/// # Errors
/// Where they differ, and the system refuses the change.
pub(crate) fn give_to_owner(file: &File, like: &Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(like.uid()), Some(like.gid())).map_err(|error| {
        let text = format!("the file belongs to user {} and group {}: {error}", like.uid(), like.gid());
        io::Error::new(error.kind(), text)
    })
}
