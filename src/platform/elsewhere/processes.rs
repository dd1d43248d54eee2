//! Running processes: since when, in which group, with how much memory.

use std::ffi::{OsStr, OsString};

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// Returns the start time of a running process, as an opaque number that a later process with the same number does not
/// share. `None` if it does not run or the time is unknown.
pub(crate) fn process_birth(number: u32) -> Option<u64> {
    look_at(number, ProcessRefreshKind::nothing(), |process| {
        Some(process.start_time()).filter(|time| *time > 0)
    })
}

/// Whether this process has one thread only; `false` if unknown.
#[cfg(target_os = "macos")]
pub(crate) fn is_single_threaded() -> bool {
    let mut information = std::mem::MaybeUninit::<libc::proc_taskinfo>::zeroed();
    let size = libc::c_int::try_from(size_of::<libc::proc_taskinfo>()).unwrap_or(0);
    // SAFETY: the pointer leads to `information`, which has the size that is named, and for which all zeros are a value.
    #[expect(unsafe_code, reason = "no crate tells the threads of this process")]
    unsafe {
        let number = libc::getpid();
        let pointer = information.as_mut_ptr().cast();
        let written = libc::proc_pidinfo(number, libc::PROC_PIDTASKINFO, 0, pointer, size);
        written == size && information.assume_init().pti_threadnum == 1
    }
}

/// Bytes of memory in use by the processes of a group; 0 if unknown.
pub(crate) fn group_memory(group: u32) -> u64 {
    let system = all(ProcessRefreshKind::nothing().with_memory());
    members(&system, group).filter_map(|number| Some(system.process(number)?.memory())).sum()
}

/// Lists the processes of a group.
pub(crate) fn group_members(group: u32) -> impl Iterator<Item = u32> {
    let system = all(ProcessRefreshKind::nothing());
    let found: Vec<u32> = members(&system, group).map(Pid::as_u32).collect();
    found.into_iter()
}

/// Whether a process was started with this environment variable. `false` if unknown.
pub(crate) fn has_variable(number: u32, name: &str, value: &OsStr) -> bool {
    let mut wanted = OsString::from(format!("{name}="));
    wanted.push(value);
    let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    look_at(number, kind, |process| process.environ().contains(&wanted).then_some(())).is_some()
}

fn look_at<Found>(
    number: u32,
    kind: ProcessRefreshKind,
    look: impl FnOnce(&Process) -> Option<Found>,
) -> Option<Found> {
    let mut system = System::new();
    let number = Pid::from_u32(number);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[number]), true, kind);
    look(system.process(number)?)
}

fn all(kind: ProcessRefreshKind) -> System {
    let mut system = System::new();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    system
}

/// The processes of the group that this one leads.
#[cfg(unix)]
fn members(system: &System, leader: u32) -> impl Iterator<Item = Pid> {
    let group = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    let group_of = |number: &Pid| {
        let number = i32::try_from(number.as_u32()).ok().and_then(rustix::process::Pid::from_raw)?;
        rustix::process::getpgid(Some(number)).ok()
    };
    system.processes().keys().copied().filter(move |number| group.is_some() && group_of(number) == group)
}

/// This process and all that it started, and they.
#[cfg(windows)]
fn members(system: &System, leader: u32) -> impl Iterator<Item = Pid> {
    let leader = Pid::from_u32(leader);
    let line = |number: Pid| {
        // A parent that is gone may have left its number to a later process: no line is endless.
        const LONGEST: usize = 64;
        std::iter::successors(Some(number), |number| system.process(*number)?.parent()).take(LONGEST)
    };
    system.processes().keys().copied().filter(move |number| line(*number).any(|ancestor| ancestor == leader))
}
