//! Files and names: links, exchange, programs, paths as bytes.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;
use std::time::Duration;

use windows_sys::Win32::Storage::FileSystem::{
    FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_REPARSE_POINT, FILE_BASIC_INFO, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FileBasicInfo, GetFileInformationByHandleEx,
};

use crate::platform::{Identity, aside};

/// The identity of the file that `path` leads to.
///
/// # Errors
/// Where there is none, or the system does not tell.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    identity_of(&opened(path, 0)?)
}

/// The identity of what is at `path`, which may be a symlink or a junction.
///
/// # Errors
/// Where there is nothing, or the system does not tell.
pub(crate) fn entry_identity(path: &Path) -> io::Result<Identity> {
    identity_of(&opened(path, FILE_FLAG_OPEN_REPARSE_POINT)?)
}

/// Opens a file or a folder for its attributes alone, which no other program can be in the way of.
fn opened(path: &Path, flags: u32) -> io::Result<File> {
    #[expect(clippy::disallowed_types, reason = "nothing is read or written")]
    std::fs::OpenOptions::new().access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS | flags).open(path)
}

fn identity_of(file: &File) -> io::Result<Identity> {
    /// From 1601, where Windows begins to count, to 1970, in ticks of 100 nanoseconds.
    const EPOCH: i64 = 116_444_736_000_000_000;
    let nanoseconds = |ticks: i64| ticks.saturating_sub(EPOCH).saturating_mul(100);
    let times = times(file)?;
    let information = winapi_util::file::information(file)?;
    let attributes = u32::try_from(information.file_attributes()).unwrap_or_default();
    let mode = if attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        0o120_777
    } else if attributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        0o040_755
    } else {
        0o100_644
    };
    Ok(Identity {
        size: information.file_size(),
        modified: nanoseconds(times.LastWriteTime),
        changed: nanoseconds(times.ChangeTime),
        inode: information.file_index(),
        device: information.volume_serial_number(),
        mode,
        owner: 0,
    })
}

/// The times of an open file, among them that of its last change, which the standard library does not have.
fn times(file: &File) -> io::Result<FILE_BASIC_INFO> {
    let mut information = FILE_BASIC_INFO::default();
    let size = u32::try_from(size_of_val(&information)).map_err(io::Error::other)?;
    // SAFETY: the handle is open, and the pointer leads to a structure of the kind and size that are named.
    #[expect(unsafe_code, reason = "neither the standard library nor a crate has the time of change")]
    let result = unsafe {
        GetFileInformationByHandleEx(file.as_raw_handle(), FileBasicInfo, (&raw mut information).cast(), size)
    };
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(information) }
}

/// Opens a file for reading and appending; each write goes to its end in one piece.
pub(crate) fn open_for_append(path: &Path) -> io::Result<File> {
    #[expect(clippy::disallowed_types, reason = "on the way to Julia's start; the caller ignores errors")]
    std::fs::OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// Does nothing: a program is one by its name.
pub(crate) fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Copies the file `target` to `path`: symlinks need a right that few users have, and a hard link to a program that runs
/// cannot be removed.
pub(crate) fn link(target: &Path, path: &Path) -> io::Result<()> {
    fs_err::copy(target, path).map(|_| ())
}

/// Whether `path` is a copy of the file `target`, as [`link`] makes it.
pub(crate) fn is_link_to(path: &Path, target: &Path) -> bool {
    let size = |path| fs_err::metadata(path).map(|metadata| metadata.len()).ok();
    let contents = |path| fs_err::read(path).ok();
    size(path).is_some() && size(path) == size(target) && contents(path) == contents(target)
}

/// Gives a file another name, in the place of a file that has it. Where that one is just being opened or replaced (by a
/// virus scanner, or another jlproj), tries again for a moment.
///
/// # Errors
/// Where it stays in use: a program that runs, or a library that is loaded.
pub(crate) fn rename_over(path: &Path, name: &Path) -> io::Result<()> {
    const TRIES: u32 = 50;
    const MOMENT: Duration = Duration::from_millis(5);
    for _ in 1..TRIES {
        #[expect(clippy::disallowed_methods, reason = "fs-err hides the system's number of an error")]
        match std::fs::rename(path, name) {
            Err(error) if is_use(&error) => std::thread::sleep(MOMENT),
            Ok(()) => return Ok(()),
            Err(_) => break,
        }
    }
    fs_err::rename(path, name)
}

/// Removes a file, which need not be there. `false` if a program uses it.
///
/// # Errors
/// Where it cannot be removed for another reason.
pub(crate) fn remove_unless_used(path: &Path) -> io::Result<bool> {
    #[expect(clippy::disallowed_methods, reason = "fs-err hides the system's number of an error")]
    match std::fs::remove_file(path) {
        Err(error) if is_use(&error) => Ok(false),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(true),
    }
}

/// Whether the system refuses something since a program has the file open or loaded.
fn is_use(error: &io::Error) -> bool {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION))
}

/// Exchanges two folders of one volume; a reader may find nothing at `other` for an instant.
///
/// # Errors
/// Where a file in one of them is open in any program: then both are as they were.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
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
    // Julia is made with the GNU tools here, which link to `libjulia.dll` by its import library.
    format!("lib{name}.dll.a")
}

/// The file name of a program.
pub(crate) fn program_name(name: &OsStr) -> OsString {
    let mut name = name.to_owned();
    if Path::new(&name).extension().is_none() {
        name.push(std::env::consts::EXE_SUFFIX);
    }
    name
}

/// Whether a file that begins with `#!` can be started like a program.
pub(crate) const STARTS_SCRIPTS: bool = false;

/// Whether [`link`] makes a copy, which is no longer the target's when the target is another version.
pub(crate) const LINKS_AGE: bool = true;

/// Whether this is a file: a program is one by its name.
pub(crate) fn is_executable(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Returns the bytes of an operating system string.
pub(crate) fn bytes(text: &OsStr) -> &[u8] {
    text.as_encoded_bytes()
}

/// Makes an operating system string of bytes; invalid UTF-8 is replaced.
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// Does nothing: this process is never replaced, and keeps the file open.
pub(crate) fn keep_open(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Number of names (hard links) of an open file; 0 if it was removed meanwhile.
///
/// # Errors
/// Where the system does not tell.
pub(crate) fn names(file: &File) -> io::Result<u64> {
    winapi_util::file::information(file).map(|information| information.number_of_links())
}

/// Removes the file `name` in the folder `below` of `root`, if it still has the number and the modification time
/// (nanoseconds since 1970) of `seen`.
///
/// # Errors
/// Where it cannot be removed, or is another file now.
pub(crate) fn remove_beneath(root: &Path, below: &Path, name: &OsStr, seen: (u64, i64)) -> io::Result<()> {
    let path = root.join(below).join(name);
    let now = entry_identity(&path)?;
    if (now.inode, now.modified) != seen {
        return Err(io::Error::other("it was used or replaced meanwhile"));
    }
    fs_err::remove_file(path)
}

/// Bytes that we may use on the volume of `path`; `None` if unknown.
pub(crate) fn free_disk(path: &Path) -> Option<u64> {
    fs4::available_space(path).ok()
}
