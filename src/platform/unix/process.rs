//! Processes: becoming another one, ending groups of them, signals, a terminal for one.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

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

/// A process that leads a group, and all that it starts.
#[derive(Debug)]
pub(crate) struct Group(u32);

impl Group {
    /// The group that [`isolate_child`] had this process lead.
    pub(crate) fn of(leader: u32) -> Self {
        Self(leader)
    }

    /// Sends TERM, or KILL if `forcefully`. A group that is gone already is no error.
    pub(crate) fn kill(&self, forcefully: bool) {
        let signal = if forcefully { Signal::KILL } else { Signal::TERM };
        if let Some(pid) = i32::try_from(self.0).ok().filter(|number| *number > 1).and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Lowers our priority below everything else on the machine, and leaves the terminal that we were started from.
pub(crate) fn lower_priority() {
    const LOWEST: i32 = 19;
    // Fails if we lead a process group already.
    let _ = rustix::process::setsid();
    let _ = rustix::process::nice(LOWEST);
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
