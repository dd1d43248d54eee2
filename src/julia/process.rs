//! Runs the programs that build and measure: output to a log, a time limit, no process left behind.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::julia::command::Invocation;
use crate::julia::stage::Stage;
use crate::platform::{self, Group, Interruption};

/// Why a program did not run to its end.
#[derive(Debug, Error)]
pub(crate) enum ProcessError {
    #[error("cannot start `{program}`")]
    NotStarted { program: String, source: io::Error },
    #[error("`{program}` did not end within {} seconds", limit.as_secs())]
    TimedOut { program: String, limit: Duration },
    #[error("interrupted")]
    Interrupted(u8),
}

/// Observer of a running program.
pub(crate) trait Watcher {
    /// A stage of a build begins.
    fn stage(&self, _stage: Stage) {}

    /// The program is about to be started with this command.
    fn command(&self, _line: &str) {}

    /// The program runs, as the leader of a process group of this number.
    fn started(&self, _process: u32) {}

    /// The program still runs.
    fn waiting(&self) {}

    /// Environment variable that marks all processes of this build.
    fn mark(&self) -> Option<(&'static str, &Path)> {
        None
    }

    /// The signal that asks us to stop, if one came.
    fn interruption(&self) -> Option<u8> {
        None
    }
}

/// A watcher that does nothing.
#[derive(Debug)]
pub(crate) struct Unwatched;

impl Watcher for Unwatched {}

/// Stops at the signals that an [`Interruption`] notes.
impl Watcher for Interruption {
    fn interruption(&self) -> Option<u8> {
        self.signal()
    }
}

/// Runs a program to its end. Its output is appended to `log`; it reads no input. It leads its own process group, which
/// is killed as a whole when the program ends, when the limit passes and when we are interrupted.
///
/// # Errors
/// Where it cannot be started, takes longer than `limit`, or we are interrupted.
pub(crate) fn run(
    invocation: &Invocation,
    log: &Path,
    limit: Option<Duration>,
    watcher: &dyn Watcher,
) -> Result<ExitStatus, ProcessError> {
    let program = Path::new(&invocation.started().0).display().to_string();
    // No limit with a runner: waiting in a queue is not slowness.
    let limit = limit.filter(|_| invocation.runner.is_empty());
    let not_started = |source| ProcessError::NotStarted { program: program.clone(), source };
    let line = invocation.shell_line();
    watcher.command(&line);
    let mut output = fs_err::OpenOptions::new().create(true).append(true).open(log).map_err(not_started)?;
    writeln!(output, "$ {line}").map_err(not_started)?;
    let output = output.into_parts().0;
    let expression = expression(invocation, watcher)
        .stdin_null()
        .stdout_file(output.try_clone().map_err(not_started)?)
        .stderr_file(output);
    wait(&expression, &program, limit, watcher)
}

/// Explains why a program could not be started: the system also says "not found" if the file exists, but its
/// interpreter or its loader does not.
pub(crate) fn why_not_started(program: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound || !program.is_file() {
        return error;
    }
    let text = match interpreter(program) {
        Some(interpreter) => format!("the file is there, but its interpreter `{interpreter}` is not"),
        None => "the file is there, but the loader that it was linked for is not: it is for another system"
            .to_owned(),
    };
    io::Error::new(io::ErrorKind::NotFound, text)
}

/// Returns the interpreter that the first line of a script names.
fn interpreter(program: &Path) -> Option<String> {
    const LONGEST: u64 = 4096;
    let mut start = Vec::new();
    fs_err::File::open(program).ok()?.take(LONGEST).read_to_end(&mut start).ok()?;
    let line = start.split(|byte| *byte == b'\n').next()?.strip_prefix(b"#!")?;
    Some(String::from_utf8_lossy(line).split_whitespace().next()?.to_owned())
}

/// The program for `duct`: any exit code is an answer, and the program leads its own process group.
pub(crate) fn expression(invocation: &Invocation, watcher: &dyn Watcher) -> duct::Expression {
    let (program, arguments) = invocation.started();
    let mut expression = duct::cmd(program, arguments).unchecked();
    for (name, value) in &invocation.environment {
        expression = match value {
            Some(value) => expression.env(name, value),
            None => expression.env_remove(name),
        };
    }
    if let Some((name, value)) = watcher.mark() {
        expression = expression.env(name, value);
    }
    if let Some(directory) = &invocation.directory {
        expression = expression.dir(directory);
    }
    // A runner has to end what it started elsewhere: it gets TERM, not KILL.
    let is_runner = !invocation.runner.is_empty();
    expression.before_spawn(move |command| {
        platform::isolate_child(command, is_runner);
        Ok(())
    })
}

/// Starts the program and waits for its end.
///
/// # Errors
/// As [`run`].
pub(crate) fn wait(
    expression: &duct::Expression,
    program: &str,
    limit: Option<Duration>,
    watcher: &dyn Watcher,
) -> Result<ExitStatus, ProcessError> {
    const PAUSE: Duration = Duration::from_millis(100);
    let not_started = |source| ProcessError::NotStarted { program: program.to_owned(), source };
    let handle =
        expression.start().map_err(|source| not_started(why_not_started(Path::new(program), source)))?;
    let leader = handle.pids().first().copied().unwrap_or_default();
    let group = Group::of(leader);
    watcher.started(leader);
    let begun = Instant::now();
    loop {
        if let Some(output) = handle.wait_timeout(PAUSE).map_err(not_started)? {
            let status = output.status;
            // Kills the processes that it left behind.
            group.kill(true);
            return Ok(status);
        }
        let stop = watcher.interruption().map(ProcessError::Interrupted).or_else(|| {
            let limit = limit.filter(|limit| begun.elapsed() > *limit)?;
            Some(ProcessError::TimedOut { program: program.to_owned(), limit })
        });
        if let Some(reason) = stop {
            end(&handle, &group);
            return Err(reason);
        }
        watcher.waiting();
    }
}

/// Ends a group: gently, then by force.
fn end(handle: &duct::Handle, group: &Group) {
    /// Time for a runner to end what it started elsewhere.
    const GRACE: Duration = Duration::from_secs(5);
    group.kill(false);
    if !matches!(handle.wait_timeout(GRACE), Ok(Some(_))) {
        // Ignored: the process is gone, or nobody can end it.
        let _ = handle.kill();
    }
    group.kill(true);
}
