//! Commands as text that can be pasted into a POSIX shell. Any byte survives.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use crate::model::text::terminal::rewrites;

/// Quotes a word for a shell: plain if nothing in it is special, else in `'…'`; in `"$(printf %b '…')"` if it has
/// control characters or bytes that are not UTF-8.
#[must_use]
pub(crate) fn quote(word: &OsStr) -> String {
    match word.to_str() {
        Some("") => "''".to_owned(),
        Some(text) if is_plain(text) => text.to_owned(),
        Some(text) if !text.contains(is_special) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => with_escapes(word.as_encoded_bytes()),
    }
}

/// Whether a character has to be written as an escape.
fn is_special(character: char) -> bool {
    character == '\n' || rewrites(character)
}

/// The whole command. A program with `=` in its name is quoted, or the shell would assign.
#[must_use]
pub(crate) fn command_line(program: &OsStr, arguments: &[OsString]) -> String {
    let mut line = quote(program);
    if line.contains('=') && !line.contains('\'') {
        line = format!("'{line}'");
    }
    for argument in arguments {
        line.push(' ');
        line.push_str(&quote(argument));
    }
    line
}

/// Splits a command prefix into words as a shell does. Nothing is expanded. `None` if a quote is not closed.
#[must_use]
pub(crate) fn words(text: &str) -> Option<Vec<String>> {
    shell_words::split(text).ok()
}

/// Whether no shell gives a meaning to any part of the text: no `~` (home), no `^` (zsh), no `=` at the start (zsh).
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,+@%".contains(&byte);
    text.bytes().all(plain) && !text.starts_with('=')
}

/// Quotes any bytes in the one form that every POSIX shell knows: dash has no `$'…'`. `printf` does not take the
/// argument of `%b` for an option. A substitution drops the line ends at its end, so they follow it as they are.
fn with_escapes(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let (body, line_ends) = bytes.split_at(end);
    let mut quoted = String::from("\"$(printf %b '");
    for chunk in body.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => quoted.push_str(r"\n"),
                '\r' => quoted.push_str(r"\r"),
                '\t' => quoted.push_str(r"\t"),
                '\\' => quoted.push_str(r"\\"),
                // An interactive bash expands history at `!`.
                '\'' | '!' => octal(&mut quoted, character),
                control if rewrites(control) => octal(&mut quoted, control),
                other => quoted.push(other),
            }
        }
        chunk.invalid().iter().for_each(|byte| octal_byte(&mut quoted, *byte));
    }
    quoted.push_str("')\"");
    if !line_ends.is_empty() {
        // Writing to a text does not fail.
        let _ = write!(quoted, "'{}'", "\n".repeat(line_ends.len()));
    }
    quoted
}

fn octal(quoted: &mut String, character: char) {
    let mut buffer = [0; 4];
    character.encode_utf8(&mut buffer).bytes().for_each(|byte| octal_byte(quoted, byte));
}

fn octal_byte(quoted: &mut String, byte: u8) {
    // Writing to a text does not fail.
    let _ = write!(quoted, r"\0{byte:03o}");
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn quoted(bytes: &[u8]) -> String {
        quote(OsStr::from_bytes(bytes))
    }

    #[test]
    fn a_prefix_is_split_as_a_shell_does() {
        let split = |text: &str| words(text).map(|words| words.join("|"));
        assert_eq!(split("srun --mem=8G").as_deref(), Some("srun|--mem=8G"));
        assert_eq!(
            split("  srun\t--comment='a  b' \"c 'd'\" ''").as_deref(),
            Some("srun|--comment=a  b|c 'd'|")
        );
        assert_eq!(split(r"a\ b '\'").as_deref(), Some(r"a b|\"));
        // In `"…"` a backslash is literal, except before `"`, `\`, `$` and a backquote.
        assert_eq!(split(r#"--comment="a\d \"b\" \\ \$c""#).as_deref(), Some(r#"--comment=a\d "b" \ $c"#));
        assert_eq!(split("srun --comment=#1 # for tests").as_deref(), Some("srun|--comment=#1"));
        assert_eq!(split("").as_deref(), Some(""));
        assert_eq!((split("srun '"), split("srun \"")), (None, None));
        assert_eq!(split("srun \\").as_deref(), Some("srun|\\"));
        assert_eq!(split("$(rm) `x` ; y > z").as_deref(), Some("$(rm)|`x`|;|y|>|z"));
    }

    #[test]
    fn what_no_shell_touches_stays_plain() {
        for word in ["julia", "/usr/bin/julia", "--project=/a/b_c-1.2", "-e1+1", "+1.10", "a@b%c,d:e"] {
            assert_eq!(quoted(word.as_bytes()), word);
        }
    }

    #[test]
    fn special_characters_are_quoted() {
        assert_eq!(quoted(b""), "''");
        assert_eq!(quoted(b"a b"), "'a b'");
        assert_eq!(quoted(b"it's"), r"'it'\''s'");
        assert_eq!(quoted(b"$(rm -rf /)`x`\"!"), "'$(rm -rf /)`x`\"!'");
        assert_eq!(quoted(b"~/x"), "'~/x'");
        assert_eq!(quoted(b"=ls"), "'=ls'");
        assert_eq!(quoted("zoë".as_bytes()), "'zoë'");
        assert_eq!(quoted(br"a\b"), r"'a\b'");
    }

    #[test]
    fn bytes_that_do_not_print_are_escaped() {
        assert_eq!(quoted(b"a\nb"), r#""$(printf %b 'a\nb')""#);
        assert_eq!(quoted(b"-\xff7"), r#""$(printf %b '-\03777')""#);
        assert_eq!(quoted(b"\x1b[0m'\\!%d"), r#""$(printf %b '\0033[0m\0047\\\0041%d')""#);
        assert_eq!(quoted("\u{9b}é\r".as_bytes()), r#""$(printf %b '\0302\0233é\r')""#);
    }

    #[test]
    fn line_ends_at_the_end_stay() {
        assert_eq!(quoted(b"a\n\n"), "\"$(printf %b 'a')\"'\n\n'");
        assert_eq!(quoted(b"\n"), "\"$(printf %b '')\"'\n'");
    }

    #[test]
    fn a_command_line_has_one_space_between_words() {
        let arguments = [OsString::from("-e"), OsString::from("println(1)")];
        assert_eq!(command_line(OsStr::new("/bin/julia"), &arguments), "/bin/julia -e 'println(1)'");
        assert_eq!(command_line(OsStr::new("/a=b/julia"), &[]), "'/a=b/julia'");
    }
}
