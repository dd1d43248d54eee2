//! Records what Julia compiles at a plain start, so that it can be replayed into an image.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::julia::command::Invocation;
use crate::julia::process::{self, ProcessError};
use crate::julia::session::Session;
use crate::platform::{self, Group};

/// Time limit of a start: giving up costs nothing but time.
const LIMIT: Duration = Duration::from_secs(60);

/// Records a start that runs nothing, and one up to the first prompt. Returns the files of those that worked: without
/// them a start under the image is a little slower, and nothing else.
///
/// # Errors
/// Only where we are interrupted.
pub(crate) fn record(session: &Session<'_>) -> Result<Vec<PathBuf>, ProcessError> {
    let silent = session.folder.join("startup-statements.jl");
    let prompt = session.folder.join("prompt-statements.jl");
    let outcome = process::run(
        &start(session, &silent).argument("-e").argument(""),
        session.log,
        Some(LIMIT),
        session.watcher,
    );
    interruption(outcome.err())?;
    interruption(record_prompt(session, &prompt).err())?;
    Ok([silent, prompt].into_iter().filter(|path| path.is_file()).collect())
}

/// A Julia that records what it compiles.
fn start(session: &Session<'_>, statements: &Path) -> Invocation {
    let mut invocation = session.julia_invocation();
    // Not by the runner: it has no terminal to give, and this takes a second.
    invocation.runner.clear();
    invocation.option("--trace-compile", statements)
}

/// Passes an interruption on; any other failure costs a few statements only.
fn interruption(failure: Option<ProcessError>) -> Result<(), ProcessError> {
    match failure {
        Some(interrupted @ ProcessError::Interrupted(_)) => Err(interrupted),
        _ => Ok(()),
    }
}

/// Starts Julia in a pseudo terminal, waits for its prompt and leaves.
fn record_prompt(session: &Session<'_>, statements: &Path) -> Result<(), ProcessError> {
    let program = "julia".to_owned();
    let failed = |source: io::Error| ProcessError::NotStarted { program: program.clone(), source };
    let (mut ours, theirs) = platform::open_terminal().map_err(failed)?;
    let invocation =
        start(session, statements).set("TERM", "xterm").argument("-q").argument("-i").argument("--banner=no");
    let expression = process::expression(&invocation, session.watcher)
        .stdin_file(theirs.try_clone().map_err(failed)?)
        .stdout_file(theirs.try_clone().map_err(failed)?)
        .stderr_file(theirs);
    let handle = expression.start().map_err(failed)?;
    let leader = handle.pids().first().copied().unwrap_or_default();
    let group = Group::of(leader);
    session.watcher.started(leader);
    let begun = Instant::now();
    let mut screen = Vec::new();
    let mut asked = false;
    let outcome = loop {
        drain(&mut ours, &mut screen);
        if !asked && contains(&screen, b"julia>") {
            asked = true;
            // A first input that shows a value, then the end.
            let _ = ours.write_all(b"1 + 1\nexit()\n");
        }
        match handle.wait_timeout(Duration::from_millis(50)) {
            Ok(Some(_)) => break Ok(()),
            Ok(None) => {}
            Err(source) => break Err(failed(source)),
        }
        if let Some(signal) = session.watcher.interruption() {
            break Err(ProcessError::Interrupted(signal));
        }
        if begun.elapsed() > LIMIT {
            break Err(ProcessError::TimedOut { program: program.clone(), limit: LIMIT });
        }
    };
    group.kill(true);
    outcome
}

/// Reads what is available, without waiting.
fn drain(terminal: &mut File, screen: &mut Vec<u8>) {
    const ENOUGH: usize = 1 << 20;
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = terminal.read(&mut buffer) {
        if screen.len() < ENOUGH {
            screen.extend_from_slice(&buffer[..count]);
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
