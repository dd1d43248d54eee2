//! Systems other than Unix: the functions of `unix.rs`, as far as these systems have them.
//!
//! Not compiled or tried on the machines that build this project so far.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::UNIX_EPOCH;

/// Metadata that distinguishes one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
    /// As `modified`: there is no time of change here.
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    pub(crate) device: u64,
    pub(crate) mode: u32,
    pub(crate) owner: u32,
}

/// The identity of the file that `metadata` describes.
pub(crate) fn identity(metadata: &Metadata) -> Identity {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or_default();
    let mode = if metadata.is_dir() { 0o040_755 } else { 0o100_644 };
    Identity { size: metadata.len(), modified, changed: modified, inode: 0, device: 0, mode, owner: 0 }
}

/// The name of this machine is not read here.
pub(crate) fn host_name() -> String {
    String::new()
}

/// Owners and modes are not compared here.
pub(crate) fn tampering_risk(_owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Owners and modes are not compared here.
pub(crate) fn shared_risk(_holder: u32, _owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Owners and modes are not compared here.
pub(crate) fn exchange_risk(_holder: u32, _owner: u32, _mode: u32) -> Option<String> {
    None
}

/// Owners are not known here.
pub(crate) fn is_nobody(_owner: u32) -> bool {
    false
}

/// Creates a folder, and its missing parents.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    fs_err::create_dir_all(path)
}

/// Creates a folder.
///
/// # Errors
/// Where it exists already, or cannot be created.
pub(crate) fn create_closed_folder(path: &Path) -> io::Result<()> {
    fs_err::create_dir(path)
}

/// Opens a file for reading and appending.
pub(crate) fn open_for_append(path: &Path) -> io::Result<File> {
    #[expect(clippy::disallowed_types, reason = "on the way to Julia's start; the caller ignores errors")]
    std::fs::OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// Nothing to do here.
pub(crate) fn close_to_others(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Nothing to do here.
pub(crate) fn protect_file(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Nothing to do here: a file takes its owner from its folder.
pub(crate) fn give_to_owner(_file: &File, _like: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Nothing to do here.
pub(crate) fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Copies `target` to `path`: symlinks need a right that few users have here.
pub(crate) fn link(target: &Path, path: &Path) -> io::Result<()> {
    fs_err::copy(target, path).map(|_| ())
}

/// Whether `path` is a copy of `target`, as [`link`] makes it.
pub(crate) fn is_link_to(path: &Path, target: &Path) -> bool {
    match (fs_err::read(path), fs_err::read(target)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Exchanges two folders of one file system; a reader may find nothing at `other` for an instant.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    let mut aside = one.as_os_str().to_owned();
    aside.push(".old");
    fs_err::rename(other, &aside)?;
    fs_err::rename(one, other)?;
    fs_err::rename(aside, one)
}

/// Returns the file name of the shared library that a linker finds by `name`.
pub(crate) fn library_file_name(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
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

/// Unknown here.
pub(crate) fn is_same_file(_one: &Metadata, _other: &Metadata) -> bool {
    false
}

/// Nothing to do here.
pub(crate) fn withdraw_writing(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Nothing to do here.
pub(crate) fn lower_priority() {}

/// Unknown here.
pub(crate) fn is_on_battery() -> bool {
    false
}

/// Starts a program that goes on when we end.
pub(crate) fn start_detached(command: &mut Command) -> io::Result<()> {
    let null = std::process::Stdio::null;
    command.stdin(null()).stdout(null()).stderr(null()).spawn().map(|_| ())
}

/// Unknown here.
pub(crate) fn group_memory(_group: u32) -> u64 {
    0
}

pub(crate) fn group_members(_group: u32) -> impl Iterator<Item = u32> {
    std::iter::empty()
}

/// Whether this is a file.
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

/// Nothing to do here: this process is never replaced, and keeps the file open.
pub(crate) fn keep_open(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Always 1: an open file cannot be removed here.
pub(crate) fn names(_metadata: &Metadata) -> u64 {
    1
}

/// Removes the file `name` in the folder `below` of `root`, if it still has the modification time of `seen`.
///
/// # Errors
/// Where it cannot be removed, or is another file now.
pub(crate) fn remove_beneath(root: &Path, below: &Path, name: &OsStr, seen: (u64, i64)) -> io::Result<()> {
    let path = root.join(below).join(name);
    if identity(&fs_err::symlink_metadata(&path)?).modified != seen.1 {
        return Err(io::Error::other("it was used or replaced meanwhile"));
    }
    fs_err::remove_file(path)
}

/// Runs the command, waits for it, and ends this process with its exit code. Returns only if it could not be started.
pub(crate) fn replace_process(command: &mut Command) -> io::Error {
    match command.status() {
        #[expect(clippy::disallowed_methods, reason = "stands for exec, which this system does not have")]
        Ok(status) => std::process::exit(status.code().unwrap_or(i32::from(crate::exit::FAILURE))),
        Err(error) => error,
    }
}

/// The exit code of the process.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    status.code().map_or(crate::exit::FAILURE, |code| u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}

/// There are no signals here.
pub(crate) fn ending_signal(_status: ExitStatus) -> Option<i32> {
    None
}

/// Nothing to do here.
pub(crate) fn isolate_child(_command: &mut Command, _is_gentle: bool) {}

/// Process groups are not known here; the direct child is ended by its handle.
pub(crate) fn kill_group(_leader: u32, _forcefully: bool) {}

/// Unknown here.
pub(crate) fn process_birth(_number: u32) -> Option<u64> {
    None
}

/// Interruptions are not noted here: the process dies of them.
#[derive(Clone, Debug)]
pub(crate) struct Interruption;

impl Interruption {
    /// Does nothing.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self)
    }

    /// None came.
    pub(crate) fn signal(&self) -> Option<u8> {
        None
    }
}

/// Unknown here.
pub(crate) fn free_disk(_path: &Path) -> Option<u64> {
    None
}

/// Unknown here.
pub(crate) fn free_memory() -> Option<u64> {
    None
}

/// Pseudo terminals are not supported here.
pub(crate) fn open_terminal() -> io::Result<(File, File)> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Nothing to do here: there is no such limit.
pub(crate) fn outlive_file_size_limit() {}
