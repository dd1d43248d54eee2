//! Data, on stdout.

use std::ffi::OsStr;
use std::io::{self, Write as _};

use serde::Serialize;

use crate::platform;

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For programs and people
    Yaml,
}

/// Prints `value` as JSON or YAML, or `table` made of it.
///
/// # Errors
/// Where stdout cannot be written.
pub(crate) fn print(
    value: &impl Serialize,
    format: Format,
    table: impl FnOnce() -> String,
) -> io::Result<()> {
    let text = match format {
        Format::Table => table(),
        Format::Json => serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n",
        Format::Yaml => serde_yaml::to_string(value).map_err(io::Error::other)?,
    };
    write(text.as_bytes())
}

/// Prints one line of any bytes.
///
/// # Errors
/// Where stdout cannot be written.
pub(crate) fn line(text: &OsStr) -> io::Result<()> {
    let mut bytes = platform::bytes(text).to_vec();
    bytes.push(b'\n');
    write(&bytes)
}

/// Prints bytes as they are. A reader that went away is no error: `jlproj list | head`.
///
/// # Errors
/// Where stdout cannot be written for another reason.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
