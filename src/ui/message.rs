//! Messages to people, on stderr. Colour repeats what the words say.

use std::fmt::Write as _;
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

use crate::model::text::terminal::rewrites;

/// Prints an error; below it its causes, the output of a failed program, and hints of what to type.
pub(crate) fn error(error: &(dyn std::error::Error + 'static), details: &str, hints: &[String]) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let mut text = format!("{style}error:{style:#} {}\n", in_one_line(&error.to_string()));
    let mut cause = error.source();
    while let Some(source) = cause {
        for line in source.to_string().lines() {
            text.push_str("  ");
            text.push_str(&visible(line));
            text.push('\n');
        }
        cause = source.source();
    }
    for line in details.lines() {
        text.push_str("  ");
        text.push_str(&visible(line));
        text.push('\n');
    }
    if !hints.is_empty() {
        text.push('\n');
    }
    let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    for hint in hints {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{style}hint:{style:#} {}", in_one_line(hint));
    }
    print(&text);
}

/// Suffix with the number of another process; empty if unknown.
pub(crate) fn process(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| format!(" (process {number})"))
}

/// Prints one line of jlproj's own.
pub(crate) fn note(text: &str) {
    print(&format!("jlproj: {}\n", in_one_line(text)));
}

/// Prints a line as it is, in a longer report.
pub(crate) fn line(text: &str) {
    print(&format!("{}\n", visible(text)));
}

/// As [`visible`], for a single line: a path with a line end in it must not look like another message of ours.
pub(crate) fn in_one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// Escapes the characters that could rewrite what a terminal shows.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if rewrites(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn print(text: &str) {
    // If stderr is gone, nobody is left to read an error.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
