//! Running processes, by /proc: since when, in which group, with how much memory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// Returns the start time of a running process, as an opaque number that a later process with the same number does not
/// share. `None` if it does not run or the time is unknown.
pub(crate) fn process_birth(number: u32) -> Option<u64> {
    process_field(number, 19)
}

/// Whether this process has one thread only; `false` without /proc.
pub(crate) fn is_single_threaded() -> bool {
    fs_err::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
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

/// Whether a process was started with this environment variable. `false` if unknown.
pub(crate) fn has_variable(number: u32, name: &str, value: &OsStr) -> bool {
    let Ok(environment) = fs_err::read(format!("/proc/{number}/environ")) else { return false };
    let wanted = [name.as_bytes(), b"=", value.as_bytes()].concat();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
}
