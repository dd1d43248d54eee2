//! Files and names: links, atomic exchange, programs, paths as bytes.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::platform::{Identity, aside};

/// The identity of the file that `path` leads to.
///
/// # Errors
/// Where there is none, or the system does not tell.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    fs_err::metadata(path).map(|metadata| identity_of(&metadata))
}

/// The identity of what is at `path`, which may be a symlink.
///
/// # Errors
/// Where there is nothing, or the system does not tell.
pub(crate) fn entry_identity(path: &Path) -> io::Result<Identity> {
    fs_err::symlink_metadata(path).map(|metadata| identity_of(&metadata))
}

fn identity_of(metadata: &Metadata) -> Identity {
    let nanoseconds = |seconds: i64, part: i64| seconds.saturating_mul(1_000_000_000).saturating_add(part);
    Identity {
        size: metadata.size(),
        modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
        mode: metadata.mode(),
        owner: metadata.uid(),
    }
}

/// Opens a file for reading and appending; each write goes to its end in one piece.
pub(crate) fn open_for_append(path: &Path) -> io::Result<File> {
    #[expect(
        clippy::disallowed_types,
        reason = "one system call on the way to exec; the caller ignores errors"
    )]
    std::fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o644)
        // A pipe in its place would make us wait for a reader.
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
}

/// Lets everybody run the file.
pub(crate) fn make_executable(path: &Path) -> io::Result<()> {
    fs_err::set_permissions(path, Permissions::from_mode(0o755))
}

/// Creates a symlink at `path` to `target`.
pub(crate) fn link(target: &Path, path: &Path) -> io::Result<()> {
    fs_err::os::unix::fs::symlink(target, path)
}

/// Whether `path` is a symlink to `target`, as [`link`] makes it.
pub(crate) fn is_link_to(path: &Path, target: &Path) -> bool {
    fs_err::read_link(path).is_ok_and(|found| found == target)
}

/// Gives a file another name, in the place of a file that has it.
pub(crate) fn rename_over(path: &Path, name: &Path) -> io::Result<()> {
    fs_err::rename(path, name)
}

/// Exchanges two folders of one file system, in one step where the system can.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    exchange_in_steps(one, other)
}

/// As [`exchange`], in three steps: a reader may find nothing at `other` for an instant.
fn exchange_in_steps(one: &Path, other: &Path) -> io::Result<()> {
    let aside = aside(one);
    fs_err::rename(other, &aside)?;
    if let Err(error) = fs_err::rename(one, other) {
        fs_err::rename(aside, other)?;
        return Err(error);
    }
    fs_err::rename(aside, one)
}

/// Returns the file name of the shared library that a linker finds by `name`.
pub(crate) fn library_file_name(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

/// The file name of a program.
pub(crate) fn program_name(name: &OsStr) -> OsString {
    name.to_owned()
}

/// Whether a file that begins with `#!` can be started like a program.
pub(crate) const STARTS_SCRIPTS: bool = true;

/// Whether [`link`] makes a copy, which is no longer the target's when the target is another version.
pub(crate) const LINKS_AGE: bool = false;

/// Whether somebody may execute the file.
pub(crate) fn is_executable(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.mode() & 0o111 != 0
}

/// Returns the bytes of an operating system string.
pub(crate) fn bytes(text: &OsStr) -> &[u8] {
    text.as_bytes()
}

/// Makes an operating system string of bytes.
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    OsString::from_vec(bytes)
}

/// Keeps an open file open in the program that this process becomes, and in its child processes.
///
/// # Errors
/// Where the system refuses.
pub(crate) fn keep_open(file: &File) -> io::Result<()> {
    rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty()).map_err(io::Error::from)
}

/// Number of names (hard links) of an open file; 0 if it was removed meanwhile.
///
/// # Errors
/// Where the system does not tell.
pub(crate) fn names(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.nlink())
}

/// Removes the file `name` in the folder `below` of `root`, if it still has the inode and the modification time
/// (nanoseconds since 1970) of `seen`. Follows no symlink below `root`.
///
/// # Errors
/// Where it cannot be removed, is another file now, or a part of `below` is not a folder.
pub(crate) fn remove_beneath(root: &Path, below: &Path, name: &OsStr, seen: (u64, i64)) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat, unlinkat};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, root, flags, Mode::empty())?;
    for part in below.components() {
        folder = openat(&folder, part.as_os_str(), flags | OFlags::NOFOLLOW, Mode::empty())?;
    }
    let now = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    #[allow(clippy::useless_conversion, reason = "the type differs between systems")]
    let part = i64::try_from(now.st_mtime_nsec).unwrap_or_default();
    let modified = now.st_mtime.saturating_mul(1_000_000_000).saturating_add(part);
    if (now.st_ino, modified) != seen {
        return Err(io::Error::other("it was used or replaced meanwhile"));
    }
    unlinkat(&folder, name, AtFlags::empty()).map_err(io::Error::from)
}

/// Bytes that we may use on the file system of `path`; `None` if unknown.
pub(crate) fn free_disk(path: &Path) -> Option<u64> {
    let statistics = rustix::fs::statvfs(path).ok()?;
    Some(statistics.f_bavail.saturating_mul(statistics.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_fails_half_way_changes_nothing() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs_err::create_dir(&other).expect("folder");
        fs_err::write(other.join("sys.so"), "good").expect("write");
        assert!(exchange_in_steps(&one, &other).is_err());
        assert_eq!(fs_err::read_to_string(other.join("sys.so")).expect("still there"), "good");
        assert_eq!(fs_err::read_dir(folder.path()).expect("list").count(), 1);
        fs_err::create_dir(&one).expect("folder");
        exchange_in_steps(&one, &other).expect("exchanged");
        assert!(one.join("sys.so").exists() && !other.join("sys.so").exists());
    }
}
