//! How we and our scripts talk: a request file in, a result file out, both TOML.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::fs;
use crate::julia::command::Invocation;
use crate::julia::process::{self, ProcessError, Watcher};

/// Why a script did not answer.
#[derive(Debug, Error)]
pub(crate) enum ExchangeError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cannot exchange files with Julia")]
    Files(#[from] io::Error),
    /// Julia ended without a result that can be read.
    #[error("Julia ended with exit code {code} and without an answer")]
    NoAnswer { code: u8, signal: Option<i32> },
    #[error("a path that is not UTF-8 cannot be handed to Julia: `{}`", .0.display())]
    NotText(PathBuf),
}

/// Returns the path as text for TOML.
///
/// # Errors
/// Where it is not UTF-8.
pub(crate) fn text_of(path: &Path) -> Result<String, ExchangeError> {
    path.to_str().map(str::to_owned).ok_or_else(|| ExchangeError::NotText(path.to_owned()))
}

/// A package in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PackageRequest {
    pub(crate) name: String,
    pub(crate) uuid: String,
    /// Empty for a standard library.
    pub(crate) tree_hash: String,
}

/// Writes a request into `folder` and returns its path.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn write_request(
    folder: &Path,
    name: &str,
    request: &impl Serialize,
) -> Result<PathBuf, ExchangeError> {
    let text = toml::to_string(request).map_err(io::Error::other)?;
    let path = folder.join(format!("{name}.request.toml"));
    fs::replace(&path, text.as_bytes())?;
    Ok(path)
}

/// Runs a script whose last argument is the path of its result, and reads the result.
///
/// # Errors
/// Where it cannot be run, is stopped, or leaves no result.
pub(crate) fn ask<Answer: DeserializeOwned>(
    invocation: &Invocation,
    result: &Path,
    log: &Path,
    limit: Option<std::time::Duration>,
    watcher: &dyn Watcher,
) -> Result<Answer, ExchangeError> {
    let status = process::run(invocation, log, limit, watcher)?;
    wait_for_file(invocation, result);
    read_answer(result, status)
}

/// Waits for a file that another machine has written: a shared disk may show it a little later.
pub(crate) fn wait_for_file(invocation: &Invocation, file: &Path) {
    const PAUSE: Duration = Duration::from_millis(200);
    const LONGEST: Duration = Duration::from_secs(5);
    let begun = Instant::now();
    while !invocation.runner.is_empty() && begun.elapsed() < LONGEST {
        // Opening the folder makes the shared disk list it again.
        let _ = file.parent().map(fs_err::read_dir);
        if file.exists() {
            break;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Reads the result that a script left.
///
/// # Errors
/// Where there is none that can be read.
pub(crate) fn read_answer<Answer: DeserializeOwned>(
    result: &Path,
    status: std::process::ExitStatus,
) -> Result<Answer, ExchangeError> {
    let no_answer = || ExchangeError::NoAnswer {
        code: crate::platform::exit_code(status),
        signal: crate::platform::ending_signal(status),
    };
    let bytes = fs::read_limited(result)?.ok_or_else(no_answer)?;
    let text = String::from_utf8(bytes).map_err(|_| no_answer())?;
    toml::from_str(&text).map_err(|_| no_answer())
}
