//! Runs a program from one system call that changes the disk to the next, and has one of them go wrong.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::disk_call::{DiskCall, Kind};

/// What a command waits behind.
const SHELL: &str = "/bin/sh";

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process is killed instead.
    Kill,
    /// The call fails.
    Fails(Errno),
    /// The disk is full from here on: what needs room fails, what does not goes on.
    FullFromHere,
    /// Half of the bytes are written.
    Short,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 6] = [
        Self::Kill,
        Self::FullFromHere,
        Self::Fails(Errno::EIO),
        Self::Fails(Errno::EACCES),
        Self::Fails(Errno::ENOSPC),
        Self::Short,
    ];

    /// Whether a call can meet this fault.
    pub fn is_possible_at(self, call: &DiskCall) -> bool {
        match self {
            Self::Fails(Errno::EACCES) => matches!(call.kind, Kind::Make | Kind::Change),
            Self::Fails(Errno::ENOSPC) => call.kind != Kind::Change || call.name.starts_with("rename"),
            Self::Kill | Self::Fails(_) => true,
            Self::FullFromHere => matches!(call.kind, Kind::Make | Kind::Write),
            // Two buffers cannot be halved by a number.
            Self::Short => matches!(call.name, "write" | "pwrite"),
        }
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Traced {
    /// Each call that changed the disk, or was to.
    pub calls: Vec<DiskCall>,
    /// Whether it came as far as to the fault.
    pub is_hit: bool,
    /// 128 and the signal's number where one ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Whether this system lets us trace a child.
pub fn is_permitted() -> bool {
    let Ok(mut child) = waiting(&Command::new("/bin/true"), Stdio::null(), Stdio::null()).spawn() else {
        return false;
    };
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    let is_permitted = ptrace::seize(process, Options::PTRACE_O_EXITKILL).is_ok();
    let _ = child.kill();
    let _ = child.wait();
    is_permitted
}

/// The command behind a shell that waits for a line, so that it can be traced from its first call on without a hook
/// between fork and exec.
fn waiting(command: &Command, stdout: Stdio, stderr: Stdio) -> Command {
    let mut shell = Command::new(SHELL);
    shell.args(["-c", r#"read -r go && exec "$@" </dev/null"#, "sh"]);
    shell.arg(command.get_program()).args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell.stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
    shell
}

/// Runs a command; its call of this place (counted from 0) meets the fault. Its threads are followed, what it starts
/// or becomes is not.
#[expect(clippy::zombie_processes, reason = "it is waited for as what is traced is")]
pub fn run(command: &Command, fault: Option<(usize, Fault)>) -> Traced {
    let folder = tempfile::tempdir().expect("temporary folder");
    let outputs = ["stdout", "stderr"].map(|name| folder.path().join(name));
    let [stdout, stderr] = outputs.each_ref().map(|path| Stdio::from(File::create(path).expect("output")));
    let mut child = waiting(command, stdout, stderr).spawn().expect("/bin/sh");
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(process, options).expect("ptrace");
    child.stdin.take().expect("stdin").write_all(b"go\n").expect("the shell reads");
    let outputs = outputs.map(|path| fs::canonicalize(path).expect("output"));
    let mut stepper =
        Stepper { process, fault, outputs, calls: Vec::new(), is_hit: false, answers: HashMap::new() };
    let code = stepper.step_to_the_end();
    let [stdout, stderr] = stepper
        .outputs
        .each_ref()
        .map(|path| String::from_utf8_lossy(&fs::read(path).expect("output")).into_owned());
    Traced { calls: stepper.calls, is_hit: stepper.is_hit, code, stdout, stderr }
}

struct Stepper {
    process: Pid,
    fault: Option<(usize, Fault)>,
    outputs: [PathBuf; 2],
    calls: Vec<DiskCall>,
    is_hit: bool,
    /// What a thread is to be told when the call that it has begun ends.
    answers: HashMap<Pid, Errno>,
}

impl Stepper {
    /// Steps until the program has ended or has become another one and that has ended; returns its exit code.
    fn step_to_the_end(&mut self) -> i32 {
        let mut is_begun = false;
        loop {
            // Children of this thread alone: other tests wait for theirs.
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            let status = waitpid(Pid::from_raw(-1), Some(flags)).expect("wait");
            match status {
                WaitStatus::Exited(process, code) if process == self.process => return code,
                WaitStatus::Signaled(process, signal, _) if process == self.process => {
                    return 128 + signal as i32;
                }
                WaitStatus::PtraceEvent(process, _, libc::PTRACE_EVENT_EXEC) => {
                    if is_begun {
                        // It has become Julia, and is on its own.
                        let _ = ptrace::detach(process, None);
                        continue;
                    }
                    // That of the shell itself may come last of all that its start does.
                    is_begun = !is_shell(process);
                    go_on(process, None);
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.at_call(thread);
                    go_on(thread, None);
                }
                WaitStatus::PtraceEvent(thread, ..) => go_on(thread, None),
                WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
                _ => {}
            }
        }
    }

    /// A thread begins a call or ends one.
    fn at_call(&mut self, thread: Pid) {
        // A thread that was killed meanwhile tells nothing.
        let Ok(information) = ptrace::syscall_info(thread) else { return };
        let Ok(mut registers) = ptrace::getregs(thread) else { return };
        if information.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            if let Some(error) = self.answers.remove(&thread) {
                registers.rax = i64::from(-(error as i32)).cast_unsigned();
                let _ = ptrace::setregs(thread, registers);
            }
            return;
        }
        let Some(call) = DiskCall::about_to_be_made(thread.as_raw(), &registers, &self.outputs) else {
            return;
        };
        let place = self.calls.len();
        self.calls.push(call.clone());
        let Some((wanted, fault)) = self.fault else { return };
        let is_here = place == wanted;
        let is_after = fault == Fault::FullFromHere && place > wanted;
        if !(is_here || is_after) || !fault.is_possible_at(&call) {
            return;
        }
        self.is_hit = true;
        match fault {
            Fault::Short => registers.rdx = (registers.rdx / 2).max(1),
            // No call has this number: nothing is done.
            _ => registers.orig_rax = u64::MAX,
        }
        if let Some(error) = error_of(fault) {
            self.answers.insert(thread, error);
        }
        let _ = ptrace::setregs(thread, registers);
        if fault == Fault::Kill {
            kill(self.process, Signal::SIGKILL).expect("kill");
        }
    }
}

/// Whether a process still is the shell that it began as.
fn is_shell(process: Pid) -> bool {
    let program = |path: &str| fs::canonicalize(path).expect("a program");
    program(&format!("/proc/{process}/exe")) == program(SHELL)
}

fn error_of(fault: Fault) -> Option<Errno> {
    match fault {
        Fault::Fails(error) => Some(error),
        Fault::FullFromHere => Some(Errno::ENOSPC),
        Fault::Kill | Fault::Short => None,
    }
}

fn go_on(thread: Pid, signal: Option<Signal>) {
    // A thread that was killed meanwhile does not go on.
    let _ = ptrace::syscall(thread, signal);
}
