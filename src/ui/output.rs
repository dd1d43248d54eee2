//! Data, on stdout.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;

use crate::model::text::terminal::rewrites;
use crate::platform;
use crate::ui::message::visible;

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
        Format::Table => visible(&table()),
        Format::Json => json(value)?,
        Format::Yaml => {
            let text = serde_yaml::to_string(value).map_err(io::Error::other)?;
            // YAML has escapes only in the form that JSON has, and JSON is YAML.
            if text.contains(rewrites) { json(value)? } else { text }
        }
    };
    write(text.as_bytes())
}

/// Returns the value as JSON, with the characters escaped that could rewrite what a terminal shows.
fn json(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if rewrites(character) {
            // Such characters are only inside strings, where JSON has escapes. Writing to a text does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Ok(shown + "\n")
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
