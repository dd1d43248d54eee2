//! Processes: standing in front of another one, ending groups of them, Ctrl-C.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, IDLE_PRIORITY_CLASS, OpenProcess, PROCESS_SET_QUOTA,
    PROCESS_TERMINATE,
};

/// Starts the command, waits for it, and ends this process with its exit code. Returns only if it could not be started.
///
/// Ctrl-C is the command's: it reaches both, and we go on. Where we are ended, so is the command, but not what it started
/// itself, as on Unix.
pub(crate) fn replace_process(command: &mut Command) -> io::Error {
    // Fails only where there is a handler already.
    let _ = ctrlc::set_handler(|| {});
    let started = command.spawn().and_then(|mut child| {
        let _group = Group::new(child.id(), JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK);
        child.wait()
    });
    match started {
        #[expect(clippy::disallowed_methods, reason = "stands for exec, which this system does not have")]
        Ok(status) => std::process::exit(status.code().unwrap_or(i32::from(crate::exit::FAILURE))),
        Err(error) => error,
    }
}

/// Returns the exit code in the range that those of jlproj have: the last byte, which is never 0 for a failure.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    match status.code() {
        Some(0) => 0,
        Some(code) => {
            u8::try_from(code & 0xff).ok().filter(|byte| *byte != 0).unwrap_or(crate::exit::FAILURE)
        }
        None => crate::exit::FAILURE,
    }
}

/// There are no signals here.
pub(crate) fn ending_signal(_status: ExitStatus) -> Option<i32> {
    None
}

/// Keeps Ctrl-C in our terminal away from the child, which we end ourselves.
pub(crate) fn isolate_child(command: &mut Command, _is_gentle: bool) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// A process and all that it starts, as a job of Windows: they end when we do, however we end.
#[derive(Debug)]
pub(crate) struct Group(Option<OwnedHandle>);

impl Group {
    /// The process of this number and all that it starts from now on.
    pub(crate) fn of(leader: u32) -> Self {
        Self::new(leader, 0)
    }

    /// As [`Self::of`], with further limits of a job.
    fn new(leader: u32, limits: u32) -> Self {
        // Without a job the processes go on where we are killed.
        Self(job_of(leader, limits).ok())
    }

    /// Ends them; there is no gentle way.
    pub(crate) fn kill(&self, _forcefully: bool) {
        const KILLED: u32 = 1;
        if let Some(job) = &self.0 {
            // SAFETY: the handle is that of a job, and open.
            #[expect(unsafe_code, reason = "no crate ends the job of a process that another crate started")]
            unsafe {
                TerminateJobObject(job.as_raw_handle(), KILLED);
            }
        }
    }
}

/// Makes a job with this process in it. What is in it is killed when its last handle is closed.
fn job_of(process: u32, limits: u32) -> io::Result<OwnedHandle> {
    let checked = |result: i32| if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    let mut information = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    information.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | limits;
    let size = u32::try_from(size_of_val(&information)).map_err(io::Error::other)?;
    // SAFETY: the pointers are null, which is allowed, or lead to `information`, which has the size that is named; each
    // handle is checked before it is used, and closed once, by its owner.
    #[expect(unsafe_code, reason = "no crate has a job for a process that another crate started")]
    unsafe {
        let job = CreateJobObjectW(std::ptr::null(), std::ptr::null());
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        let job = OwnedHandle::from_raw_handle(job);
        let information = (&raw const information).cast();
        checked(SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            information,
            size,
        ))?;
        let process = OpenProcess(PROCESS_SET_QUOTA | PROCESS_TERMINATE, 0, process);
        if process.is_null() {
            return Err(io::Error::last_os_error());
        }
        let process = OwnedHandle::from_raw_handle(process);
        checked(AssignProcessToJobObject(job.as_raw_handle(), process.as_raw_handle()))?;
        Ok(job)
    }
}

/// The name of this machine.
pub(crate) fn host_name() -> String {
    sysinfo::System::host_name().unwrap_or_default()
}

/// Does nothing: [`start_detached`] has set the priority.
pub(crate) fn lower_priority() {}

/// Starts a program that goes on when we end, without a window, below everything else on the machine.
///
/// # Errors
/// Where it cannot be started.
pub(crate) fn start_detached(command: &mut Command) -> io::Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | IDLE_PRIORITY_CLASS);
    command.spawn().map(|_| ())
}

/// Does nothing: a process cannot be copied here.
pub(crate) fn in_copies(
    _count: usize,
    _timeout: Duration,
    _work: impl Fn(usize) -> Vec<u8>,
) -> Option<Vec<Option<Vec<u8>>>> {
    None
}

/// Notes Ctrl-C and Ctrl-Break instead of dying of them, so that a build can clean up first.
#[derive(Clone, Debug)]
pub(crate) struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Starts noting.
    ///
    /// # Errors
    /// Where the operating system refuses the handler.
    pub(crate) fn watch() -> io::Result<Self> {
        let noted = Arc::new(AtomicBool::new(false));
        let handler = Arc::clone(&noted);
        ctrlc::set_handler(move || handler.store(true, Ordering::Relaxed)).map_err(io::Error::other)?;
        Ok(Self(noted))
    }

    /// The number that Ctrl-C has on Unix, if it came.
    pub(crate) fn signal(&self) -> Option<u8> {
        const INT: u8 = 2;
        self.0.load(Ordering::Relaxed).then_some(INT)
    }
}

/// Fails: Julia's prompt is not recorded here.
///
/// # Errors
/// Always.
pub(crate) fn open_terminal() -> io::Result<(File, File)> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Does nothing: there is no such limit.
pub(crate) fn outlive_file_size_limit() {}
