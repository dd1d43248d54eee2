//! Commands as text that can be pasted into a POSIX shell. Any byte survives.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

/// The word as a shell reads it back: plain where nothing in it is special, else in `'…'`; in `$'…'`
/// (bash, zsh, ksh; POSIX since 2024) where it has control characters or bytes that are not UTF-8.
#[must_use]
pub(crate) fn quote(word: &OsStr) -> String {
    match word.to_str() {
        Some("") => "''".to_owned(),
        Some(text) if is_plain(text) => text.to_owned(),
        Some(text) if !text.contains(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => with_escapes(word.as_encoded_bytes()),
    }
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

/// Nothing that any shell gives a meaning to: no `~` (home), no `^` (zsh), no `=` at the start (zsh).
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,+@%".contains(&byte);
    text.bytes().all(plain) && !text.starts_with('=')
}

fn with_escapes(bytes: &[u8]) -> String {
    let mut quoted = String::from("$'");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => quoted.push_str(r"\n"),
                '\r' => quoted.push_str(r"\r"),
                '\t' => quoted.push_str(r"\t"),
                '\'' => quoted.push_str(r"\'"),
                '\\' => quoted.push_str(r"\\"),
                // An interactive bash expands history here.
                '!' => hexadecimal(&mut quoted, b"!"),
                control if control.is_control() => {
                    let mut buffer = [0; 4];
                    hexadecimal(&mut quoted, control.encode_utf8(&mut buffer).as_bytes());
                }
                other => {
                    if other.is_ascii_hexdigit() && ends_in_escape(&quoted) {
                        quoted.push_str("'$'");
                    }
                    quoted.push(other);
                }
            }
        }
        hexadecimal(&mut quoted, chunk.invalid());
    }
    quoted.push('\'');
    quoted
}

fn hexadecimal(quoted: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(quoted, r"\x{byte:02X}");
    }
}

/// Whether the text ends in `\xNN`, after which POSIX leaves open what a third digit means.
fn ends_in_escape(quoted: &str) -> bool {
    matches!(quoted.as_bytes(), [.., b'\\', b'x', _, _])
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn quoted(bytes: &[u8]) -> String {
        quote(OsStr::from_bytes(bytes))
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
        assert_eq!(quoted(b"a\nb"), r"$'a\nb'");
        assert_eq!(quoted(b"\xffz"), r"$'\xFFz'");
        assert_eq!(quoted(b"\xffa"), r"$'\xFF'$'a'");
        assert_eq!(quoted(b"\x1b[0m'\\!"), r"$'\x1B[0m\'\\\x21'");
        assert_eq!(quoted("\u{9b}é\n".as_bytes()), r"$'\xC2\x9Bé\n'");
    }

    #[test]
    fn a_backslash_before_x_is_no_escape() {
        // `\\x4` then `1a`: the first backslash is escaped, nothing is read as hexadecimal.
        assert_eq!(quoted(b"\\x41a\n"), r"$'\\x41'$'a\n'");
    }

    #[test]
    fn a_command_line_has_one_space_between_words() {
        let arguments = [OsString::from("-e"), OsString::from("println(1)")];
        assert_eq!(command_line(OsStr::new("/bin/julia"), &arguments), "/bin/julia -e 'println(1)'");
        assert_eq!(command_line(OsStr::new("/a=b/julia"), &[]), "'/a=b/julia'");
    }
}
