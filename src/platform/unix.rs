//! Unix: exec, file identity, locks of process groups, pseudo terminals.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

/// Metadata that distinguishes one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) size: u64,
    /// Nanoseconds since 1970, as `st_mtim`.
    pub(crate) modified: i64,
    /// Nanoseconds since 1970, as `st_ctim`: no program can set it back.
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    pub(crate) device: u64,
    pub(crate) mode: u32,
    pub(crate) owner: u32,
}

/// The identity of the file that `metadata` describes.
pub(crate) fn identity(metadata: &Metadata) -> Identity {
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
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// Creates a folder that nobody else can read or write, whatever the umask.
///
/// # Errors
/// Where it exists already, or cannot be created.
pub(crate) fn create_closed_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    #[expect(clippy::disallowed_types, reason = "fs-err has no DirBuilder")]
    std::fs::DirBuilder::new().mode(0o700).create(path)
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
    name.to_owned()
}

/// Whether a file that begins with `#!` can be started like a program.
pub(crate) const STARTS_SCRIPTS: bool = true;

/// Whether both describe the same file.
pub(crate) fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

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

/// Number of names (hard links) of a file; 0 if it was removed while it was open.
pub(crate) fn names(metadata: &Metadata) -> u64 {
    metadata.nlink()
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
    // The types of these fields differ between C libraries.
    let part = i64::try_from(now.st_mtime_nsec).unwrap_or_default();
    let modified = now.st_mtime.saturating_mul(1_000_000_000).saturating_add(part);
    if (now.st_ino, modified) != seen {
        return Err(io::Error::other("it was used or replaced meanwhile"));
    }
    unlinkat(&folder, name, AtFlags::empty()).map_err(io::Error::from)
}

/// Replaces this process by the command. Returns only if that fails.
pub(crate) fn replace_process(command: &mut Command) -> io::Error {
    command.exec()
}

/// Returns the exit code that a shell shows for `status`: 128 plus the signal's number if a signal ended the process.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code & 0xff).unwrap_or(u8::MAX),
        (None, Some(signal)) => crate::exit::SIGNAL_BASE.saturating_add(u8::try_from(signal).unwrap_or(0)),
        (None, None) => crate::exit::FAILURE,
    }
}

/// The signal that ended the process, if one did.
pub(crate) fn ending_signal(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Makes a child the leader of its own process group, and on Linux has it get a signal when we die: KILL, or TERM if
/// `is_gentle`, for a child that has to end processes elsewhere.
pub(crate) fn isolate_child(command: &mut Command, is_gentle: bool) {
    command.process_group(0);
    // Only Linux can signal a child when its parent dies.
    #[cfg(not(target_os = "linux"))]
    let _ = is_gentle;
    #[cfg(target_os = "linux")]
    {
        // SAFETY: prctl(PR_SET_PDEATHSIG) is async-signal-safe and touches no memory of ours.
        #[expect(unsafe_code, reason = "the one hook that runs between fork and exec")]
        unsafe {
            command.pre_exec(move || {
                let signal = if is_gentle { Signal::TERM } else { Signal::KILL };
                rustix::process::set_parent_process_death_signal(Some(signal)).map_err(io::Error::from)
            });
        }
    }
}

/// Sends TERM, or KILL if `forcefully`, to the process group of `leader`. A group that is gone already is no error.
pub(crate) fn kill_group(leader: u32, forcefully: bool) {
    let signal = if forcefully { Signal::KILL } else { Signal::TERM };
    if let Some(pid) = i32::try_from(leader).ok().filter(|number| *number > 1).and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the start time of a running process, as an opaque number that a later process with the same number does not
/// share. `None` if it does not run or the time is unknown.
pub(crate) fn process_birth(number: u32) -> Option<u64> {
    process_field(number, 19)
}

/// Returns the group of a process; `None` if it does not run or the group is unknown.
fn process_group(number: u32) -> Option<u64> {
    process_field(number, 2)
}

/// Bytes of memory in use by the processes of a group; 0 if unknown.
pub(crate) fn group_memory(group: u32) -> u64 {
    let pages: u64 = group_members(group).filter_map(|number| process_field(number, 21)).sum();
    pages.saturating_mul(rustix::param::page_size() as u64)
}

/// Lists the processes of a group; empty without /proc.
pub(crate) fn group_members(group: u32) -> impl Iterator<Item = u32> {
    let processes = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(move |number| process_group(*number) == Some(u64::from(group)))
}

/// Reads a field of /proc/PID/stat, counted from 0 after the command name, which may hold spaces and brackets.
fn process_field(number: u32, place: usize) -> Option<u64> {
    let text = fs_err::read(format!("/proc/{number}/stat")).ok()?;
    let after_name = text.iter().rposition(|byte| *byte == b')')? + 1;
    let rest = std::str::from_utf8(text.get(after_name..)?).ok()?;
    rest.split_ascii_whitespace().nth(place)?.parse().ok()
}

/// Lowers our priority below everything else on the machine, and leaves the terminal that we were started from.
pub(crate) fn lower_priority() {
    const LOWEST: i32 = 19;
    // Fails if we lead a process group already.
    let _ = rustix::process::setsid();
    let _ = rustix::process::nice(LOWEST);
}

/// Whether the machine runs on battery; `false` if unknown.
pub(crate) fn is_on_battery() -> bool {
    let supplies = fs_err::read_dir("/sys/class/power_supply").into_iter().flatten().flatten();
    let read = |folder: &Path, file: &str| {
        fs_err::read_to_string(folder.join(file)).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let (mut has_battery, mut has_mains) = (false, false);
    for supply in supplies {
        let folder = supply.path();
        match read(&folder, "type").as_str() {
            "Battery" => has_battery |= read(&folder, "status") == "Discharging",
            _ => has_mains |= read(&folder, "online") == "1",
        }
    }
    has_battery && !has_mains
}

/// Starts a program that outlives us, also if we become another program: nobody waits for it, and it shares none of our
/// streams.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn start_detached(command: &mut Command) -> io::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: fork and _exit are async-signal-safe; the child of the fork goes on to exec, its parent ends at once.
    #[expect(unsafe_code, reason = "forked once more, so that what we become is not its parent")]
    unsafe {
        command.pre_exec(|| match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => Ok(()),
            _ => libc::_exit(0),
        });
    }
    // Our direct child, between the two forks, ends at once.
    command.spawn()?.wait().map(|_| ())
}

/// Notes INT, TERM and HUP instead of dying of them, so that a build can clean up first.
#[derive(Clone, Debug)]
pub(crate) struct Interruption(Arc<AtomicUsize>);

impl Interruption {
    /// Starts noting.
    ///
    /// # Errors
    /// Where the operating system refuses the handler.
    pub(crate) fn watch() -> io::Result<Self> {
        let noted = Arc::new(AtomicUsize::new(0));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            let number = usize::try_from(signal).unwrap_or(1);
            signal_hook::flag::register_usize(signal, Arc::clone(&noted), number)?;
        }
        Ok(Self(noted))
    }

    /// The number of the signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            number => u8::try_from(number).ok(),
        }
    }
}

/// Makes a write beyond the file size limit an error, as on a full disk, instead of our death. A program that we start
/// or become gets the default back.
pub(crate) fn outlive_file_size_limit() {
    // If the system refuses, the default stays.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Bytes that we may use on the file system of `path`; `None` if unknown.
pub(crate) fn free_disk(path: &Path) -> Option<u64> {
    let statistics = rustix::fs::statvfs(path).ok()?;
    Some(statistics.f_bavail.saturating_mul(statistics.f_frsize))
}

/// Bytes of memory that a new program could use without swapping; `None` if unknown.
///
/// `MemAvailable` of /proc/meminfo, bounded by the limit of our control group where one is set.
pub(crate) fn free_memory() -> Option<u64> {
    let information = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = information.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let available = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024);
    Some(control_group_room().map_or(available, |room| room.min(available)))
}

/// Memory left under the limit of our control group (version 2); `None` without a limit.
fn control_group_room() -> Option<u64> {
    let own = fs_err::read_to_string("/proc/self/cgroup").ok()?;
    let name = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = Path::new("/sys/fs/cgroup").join(name.trim_start_matches('/'));
    let number = |file: &str| fs_err::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// Opens a pseudo terminal. Returns our end, and the end that becomes a child's terminal.
///
/// # Errors
/// Where the system has none to give.
pub(crate) fn open_terminal() -> io::Result<(File, File)> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    // Other systems do not take the flag in this call.
    #[cfg(target_os = "linux")]
    let ours = openpt(flags | OpenptFlags::CLOEXEC)?;
    #[cfg(not(target_os = "linux"))]
    let ours = openpt(flags)?;
    #[cfg(not(target_os = "linux"))]
    rustix::io::fcntl_setfd(&ours, rustix::io::FdFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&ours, size)?;
    rustix::fs::fcntl_setfl(&ours, OFlags::NONBLOCK)?;
    Ok((File::from(ours), File::from(theirs)))
}
