//! Assignments as shell text: values survive byte for byte if the shell has a form for them.

use std::ffi::OsStr;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::model::text::shell;

/// A shell, by its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Dialect {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Dialect {
    /// Returns the shell of this program (`$SHELL`), if it is one of them.
    #[must_use]
    pub(crate) fn of_program(program: &OsStr) -> Option<Self> {
        match std::path::Path::new(program).file_stem()?.to_str()? {
            "bash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            "pwsh" | "powershell" => Some(Self::Powershell),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
        }
    }

    /// Quotes a word so that this shell reads it back.
    #[must_use]
    pub(crate) fn quote(self, word: &OsStr) -> String {
        match self {
            Self::Bash | Self::Zsh => shell::quote(word),
            Self::Fish => fish(word.as_encoded_bytes()),
            // Windows knows no bytes that are not text.
            Self::Powershell => format!("'{}'", word.to_string_lossy().replace('\'', "''")),
        }
    }

    /// Returns one line that sets a variable for this shell and the programs that it starts.
    #[must_use]
    pub(crate) fn set(self, name: &str, value: &OsStr) -> String {
        let value = self.quote(value);
        match self {
            Self::Bash | Self::Zsh => format!("export {name}={value};\n"),
            Self::Fish => format!("set -gx {name} {value};\n"),
            Self::Powershell => format!("$env:{name} = {value};\n"),
        }
    }

    /// One line that removes a variable.
    #[must_use]
    pub(crate) fn unset(self, name: &str) -> String {
        match self {
            Self::Bash | Self::Zsh => format!("unset {name};\n"),
            Self::Fish => format!("set -e {name};\n"),
            Self::Powershell => {
                format!("Remove-Item -ErrorAction SilentlyContinue -LiteralPath Env:{name};\n")
            }
        }
    }

    /// Returns lines that put a folder first on PATH, if it exists and is not on PATH already.
    #[must_use]
    pub(crate) fn add_to_path(self, folder: &OsStr) -> String {
        let folder = self.quote(folder);
        match self {
            Self::Bash | Self::Zsh => format!(
                "case \":${{PATH}}:\" in\n*:{folder}:*) ;;\n*) if [ -d {folder} ]; then export \
                 PATH={folder}:\"${{PATH}}\"; fi ;;\nesac\n"
            ),
            Self::Fish => format!(
                "if test -d {folder}; and not contains -- {folder} $PATH\n    set -gx PATH {folder} $PATH\nend\n"
            ),
            Self::Powershell => format!(
                "if ((Test-Path -LiteralPath {folder}) -and ($env:PATH -split [IO.Path]::PathSeparator) \
                 -notcontains {folder}) {{\n    $env:PATH = {folder} + [IO.Path]::PathSeparator + $env:PATH\n}}\n"
            ),
        }
    }
}

/// Quotes bytes for fish: in `'…'` only `\` and `'` are special; bytes that do not print stand outside of it.
fn fish(bytes: &[u8]) -> String {
    let mut quoted = String::from("'");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' | '\'' => {
                    quoted.push('\\');
                    quoted.push(character);
                }
                control if control.is_control() => {
                    let mut buffer = [0; 4];
                    control.encode_utf8(&mut buffer).bytes().for_each(|byte| fish_byte(&mut quoted, byte));
                }
                other => quoted.push(other),
            }
        }
        chunk.invalid().iter().for_each(|byte| fish_byte(&mut quoted, *byte));
    }
    quoted.push('\'');
    quoted
}

fn fish_byte(quoted: &mut String, byte: u8) {
    // Writing to a text does not fail.
    let _ = write!(quoted, "'\\X{byte:02x}'");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_its_own_quotes() {
        let word = OsStr::new("it's $HOME");
        assert_eq!(Dialect::Bash.set("A", word), "export A='it'\\''s $HOME';\n");
        assert_eq!(Dialect::Fish.set("A", word), "set -gx A 'it\\'s $HOME';\n");
        assert_eq!(Dialect::Powershell.set("A", word), "$env:A = 'it''s $HOME';\n");
        assert_eq!(Dialect::Fish.quote(OsStr::new("a\\b\n")), r"'a\\b'\X0a''");
    }

    #[test]
    fn shells_are_known_by_their_programs() {
        assert_eq!(Dialect::of_program(OsStr::new("/usr/bin/zsh")), Some(Dialect::Zsh));
        assert_eq!(Dialect::of_program(OsStr::new("/bin/dash")), None);
    }
}
