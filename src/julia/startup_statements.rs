//! Records what Julia compiles at a plain start, so that it can be replayed into an image.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::fs;
use crate::julia::command::Invocation;
use crate::julia::process::{self, ProcessError};
use crate::julia::session::Session;
use crate::platform::{self, Group};

/// Time limit of a start: giving up costs nothing but time.
const LIMIT: Duration = Duration::from_secs(60);

/// What a start that runs nothing compiles, and one up to the first prompt. It is the same for all projects of a Julia:
/// recorded once, and kept in `file`. Where a part could not be recorded, a start under the image is a little slower, and
/// nothing else; the next build tries again.
///
/// # Errors
/// Only where we are interrupted.
pub(crate) fn of_julia(session: &Session<'_>, file: &Path) -> Result<Vec<PathBuf>, ProcessError> {
    if file.is_file() {
        return Ok(vec![file.to_owned()]);
    }
    let (recorded, is_whole) = record(session)?;
    let texts: io::Result<Vec<Vec<u8>>> = recorded.iter().map(fs_err::read).collect();
    match texts {
        Ok(texts) if is_whole && fs::replace(file, &texts.concat()).is_ok() => Ok(vec![file.to_owned()]),
        _ => Ok(recorded),
    }
}

/// Records both. Returns the files that there are, and whether both starts came to their end.
fn record(session: &Session<'_>) -> Result<(Vec<PathBuf>, bool), ProcessError> {
    let silent = session.folder.join("startup-statements.jl");
    let prompt = session.folder.join("prompt-statements.jl");
    let outcome = process::run(
        &start(session, &silent).argument("-e").argument(""),
        session.log,
        Some(LIMIT),
        session.watcher,
    );
    let outcomes = [outcome.map(|status| status.success()), record_prompt(session, &prompt)];
    let mut is_whole = true;
    for outcome in outcomes {
        match outcome {
            Err(interrupted @ ProcessError::Interrupted(_)) => return Err(interrupted),
            outcome => is_whole &= outcome.unwrap_or(false),
        }
    }
    Ok(([silent, prompt].into_iter().filter(|path| path.is_file()).collect(), is_whole))
}

/// A Julia that records what it compiles.
fn start(session: &Session<'_>, statements: &Path) -> Invocation {
    let mut invocation = session.julia_invocation();
    // Not by the runner: it has no terminal to give, and this takes a second.
    invocation.runner.clear();
    invocation.option("--trace-compile", statements)
}

/// Starts Julia in a pseudo terminal, waits for its prompt and leaves. Returns whether it came to the prompt.
fn record_prompt(session: &Session<'_>, statements: &Path) -> Result<bool, ProcessError> {
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
            Ok(Some(_)) => break Ok(asked),
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
