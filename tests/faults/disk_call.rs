//! Which system calls change the disk.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use nix::libc::{self, user_regs_struct};

/// What a call does, as far as faults differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Writes bytes.
    Write,
    /// Makes a name or a file, or makes one longer: needs room.
    Make,
    /// Removes or changes a name, or what is known of a file.
    Change,
    /// Waits until the disk has all.
    Sync,
}

/// A call that is about to be made.
#[derive(Clone, Debug)]
pub struct DiskCall {
    pub name: &'static str,
    pub kind: Kind,
    /// What it is about; of two names the second.
    pub path: PathBuf,
}

/// Where a call has what it is about.
#[derive(Clone, Copy)]
enum Place {
    /// The path that this argument points to.
    Path(usize),
    /// The path that the second argument points to, below the folder that the first has open.
    Below(usize, usize),
    /// The file that this argument has open.
    Open(usize),
}

/// The call with this number, where it changes the disk.
fn known(number: i64, arguments: &[u64; 6]) -> Option<(&'static str, Kind, Place)> {
    use Kind::{Change, Make, Sync, Write};
    use Place::{Below, Open, Path};
    Some(match number {
        libc::SYS_open if makes(arguments[1]) => ("open", Make, Path(0)),
        libc::SYS_creat => ("creat", Make, Path(0)),
        libc::SYS_openat if makes(arguments[2]) => ("openat", Make, Below(0, 1)),
        libc::SYS_write => ("write", Write, Open(0)),
        libc::SYS_pwrite64 => ("pwrite", Write, Open(0)),
        libc::SYS_writev => ("writev", Write, Open(0)),
        libc::SYS_pwritev => ("pwritev", Write, Open(0)),
        libc::SYS_pwritev2 => ("pwritev2", Write, Open(0)),
        libc::SYS_copy_file_range => ("copy_file_range", Make, Open(2)),
        libc::SYS_sendfile => ("sendfile", Make, Open(0)),
        libc::SYS_splice => ("splice", Make, Open(2)),
        libc::SYS_ioctl if arguments[1] == libc::FICLONE => ("ioctl FICLONE", Make, Open(0)),
        libc::SYS_rename => ("rename", Change, Path(1)),
        libc::SYS_renameat => ("renameat", Change, Below(2, 3)),
        libc::SYS_renameat2 => ("renameat2", Change, Below(2, 3)),
        libc::SYS_unlink => ("unlink", Change, Path(0)),
        libc::SYS_unlinkat => ("unlinkat", Change, Below(0, 1)),
        libc::SYS_rmdir => ("rmdir", Change, Path(0)),
        libc::SYS_mkdir => ("mkdir", Make, Path(0)),
        libc::SYS_mkdirat => ("mkdirat", Make, Below(0, 1)),
        libc::SYS_mknod => ("mknod", Make, Path(0)),
        libc::SYS_mknodat => ("mknodat", Make, Below(0, 1)),
        libc::SYS_link => ("link", Make, Path(1)),
        libc::SYS_linkat => ("linkat", Make, Below(2, 3)),
        libc::SYS_symlink => ("symlink", Make, Path(1)),
        libc::SYS_symlinkat => ("symlinkat", Make, Below(1, 2)),
        libc::SYS_truncate => ("truncate", Change, Path(0)),
        libc::SYS_ftruncate => ("ftruncate", Change, Open(0)),
        libc::SYS_fallocate => ("fallocate", Make, Open(0)),
        libc::SYS_chmod => ("chmod", Change, Path(0)),
        libc::SYS_fchmod => ("fchmod", Change, Open(0)),
        libc::SYS_fchmodat => ("fchmodat", Change, Below(0, 1)),
        libc::SYS_chown => ("chown", Change, Path(0)),
        libc::SYS_fchown => ("fchown", Change, Open(0)),
        libc::SYS_lchown => ("lchown", Change, Path(0)),
        libc::SYS_fchownat => ("fchownat", Change, Below(0, 1)),
        libc::SYS_utime => ("utime", Change, Path(0)),
        libc::SYS_utimes => ("utimes", Change, Path(0)),
        libc::SYS_futimesat => ("futimesat", Change, Below(0, 1)),
        // Without a path it is about the open file.
        libc::SYS_utimensat if arguments[1] == 0 => ("utimensat", Change, Open(0)),
        libc::SYS_utimensat => ("utimensat", Change, Below(0, 1)),
        libc::SYS_setxattr => ("setxattr", Change, Path(0)),
        libc::SYS_fsetxattr => ("fsetxattr", Change, Open(0)),
        libc::SYS_fsync => ("fsync", Sync, Open(0)),
        libc::SYS_fdatasync => ("fdatasync", Sync, Open(0)),
        _ => return None,
    })
}

/// Whether a file that is opened with these flags may be made or emptied by it.
fn makes(flags: u64) -> bool {
    let flags = i32::try_from(flags & 0xffff_ffff).unwrap_or_default();
    flags & (libc::O_CREAT | libc::O_TRUNC) != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE
}

impl DiskCall {
    /// The call that a process is about to make, where it changes the disk. What goes to a pipe, a terminal or a
    /// device does not, nor what goes to one of `others`.
    pub fn about_to_be_made(process: i32, registers: &user_regs_struct, others: &[PathBuf]) -> Option<Self> {
        let number = i64::try_from(registers.orig_rax).ok()?;
        let arguments =
            [registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9];
        let (name, kind, place) = known(number, &arguments)?;
        let path = match place {
            Place::Path(index) => below(process, libc::AT_FDCWD.into(), text_at(process, arguments[index])?)?,
            Place::Below(folder, index) => {
                let folder = i64::from(i32::from_ne_bytes(lower_half(arguments[folder])));
                below(process, folder, text_at(process, arguments[index])?)?
            }
            Place::Open(index) => {
                open_file(process, i32::from_ne_bytes(lower_half(arguments[index])).into())?
            }
        };
        let is_elsewhere = ["/dev", "/proc", "/sys", "/memfd:"].iter().any(|start| path.starts_with(start));
        let is_named = path.is_absolute() && !path.to_string_lossy().starts_with("/memfd:");
        (is_named && !is_elsewhere && !others.contains(&path)).then_some(Self { name, kind, path })
    }
}

/// The lower half of a register, in which a file's number is.
fn lower_half(register: u64) -> [u8; 4] {
    let bytes = register.to_ne_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

/// The file that a process has open under this number: `pipe:[…]` and the like are no absolute paths.
fn open_file(process: i32, number: i64) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{process}/fd/{number}")).ok()
}

fn below(process: i32, folder: i64, path: PathBuf) -> Option<PathBuf> {
    if path.is_absolute() {
        return Some(path);
    }
    let folder = match folder {
        number if number == i64::from(libc::AT_FDCWD) => {
            fs::read_link(format!("/proc/{process}/cwd")).ok()?
        }
        number => open_file(process, number)?,
    };
    Some(folder.join(path))
}

/// The text that ends in a zero byte at this address of a process.
fn text_at(process: i32, address: u64) -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    /// The longest path that the system takes.
    const LONGEST: u64 = 4096;
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut text = Vec::new();
    // Byte by byte: what is behind the end may not be there.
    for place in address..address + LONGEST {
        let mut byte = [0];
        memory.read_exact_at(&mut byte, place).ok()?;
        if byte == [0] {
            return Some(PathBuf::from(OsString::from_vec(text)));
        }
        text.extend(byte);
    }
    None
}

impl std::fmt::Display for DiskCall {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.name, Path::display(&self.path))
    }
}
