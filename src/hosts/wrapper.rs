//! What stands in for Julia where a program starts it by a path: it asks jlproj each time. On Unix it is a script, which
//! starts Julia plainly if jlproj is gone; on Windows, which starts no scripts, jlproj itself under the name of Julia, and
//! a note beside it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::error::{HostError, Trouble};
use crate::hosts::plan::{OwnFile, Step};
use crate::model::hosts::{seal, wrapper};
use crate::model::text::shell;
use crate::path_text::{self, PathText};
use crate::platform;

const TEMPLATE: &str = include_str!("../../templates/wrapper.sh");

/// One such stand-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wrapper {
    pub(crate) path: PathText,
    /// This program.
    pub(crate) jlproj: PathText,
    /// The Julia to start, while it exists.
    pub(crate) julia: PathText,
    /// Arguments that come before those of the caller.
    pub(crate) arguments: Vec<PathText>,
}

impl Wrapper {
    /// The steps that make it.
    pub(super) fn steps(&self) -> Vec<Step> {
        if platform::STARTS_SCRIPTS {
            return vec![Step::File(self.script())];
        }
        let (path, target) = (self.path.0.clone(), self.jlproj.0.clone());
        vec![Step::File(self.note()), Step::Link { path, target }]
    }

    fn script(&self) -> OwnFile {
        let word = |path: &PathText| shell::quote(path.as_os_str());
        let arguments: Vec<String> = self.arguments.iter().map(|argument| word(argument) + " ").collect();
        // The arguments come last: placeholders in them are not replaced.
        let text = TEMPLATE
            .replace("@SEAL@", &seal::place())
            .replace("@JULIA_TEXT@", &path_text::encode(&self.julia))
            .replace("@JLPROJ@", &word(&self.jlproj))
            .replace("@JULIA@", &word(&self.julia))
            .replace("@ARGUMENTS@", &arguments.concat());
        OwnFile { executable: true, ..OwnFile::sealed(self.path.0.clone(), &text) }
    }

    fn note(&self) -> OwnFile {
        let note = Note { julia: self.julia.clone(), arguments: self.arguments.clone() };
        // Two lists of texts: there is nothing that the format cannot express.
        let fields = toml::to_string(&note).unwrap_or_default();
        let (seal, line) = (seal::place(), wrapper::JULIA_LINE);
        let julia = path_text::encode(&self.julia);
        let text = format!(
            "# {seal}\n{line}{julia}\n#\n# What the Julia beside this file, which is jlproj, starts. Written by `jlproj setup`, \
             taken back by its `--undo`.\n{fields}"
        );
        OwnFile::sealed(wrapper::note(&self.path), &text)
    }

    /// Reports that the Julia to start is gone, or jlproj.
    pub(super) fn troubles(&self, command: &str) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let mut gone = |path: &Path, what: &str, outcome: &str| {
            if !path.exists() {
                let message = format!("{what} is not at `{}` any more: {outcome}", path.display());
                troubles.push(Trouble { message, remedy: format!("`{command}`") });
            }
        };
        gone(&self.jlproj, "jlproj", "no image is used");
        gone(&self.julia, "Julia", "the one that jlproj finds is used");
        troubles
    }
}

/// What a stand-in that is a program starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The Julia to start, while it exists.
    pub(crate) julia: PathText,
    /// Arguments that come before those of the caller.
    pub(crate) arguments: Vec<PathText>,
}

/// Returns the note beside this program; `None` if it has none.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn note_beside(program: &Path) -> io::Result<Option<Note>> {
    let contents = fs::read_limited(&wrapper::note(program))?;
    contents.map(|contents| toml::from_slice(&contents).map_err(io::Error::other)).transpose()
}

/// Returns the path as text for a file of another program's.
///
/// # Errors
/// Where it is not UTF-8.
pub(super) fn utf8(path: &Path) -> Result<&str, HostError> {
    path.to_str().ok_or_else(|| HostError::Refused {
        text: format!(
            "`{}` is not valid UTF-8, and has no form in the file that would name it",
            path.display()
        ),
        hints: vec!["give the folder another name".to_owned()],
    })
}

/// Quotes a path for a command that can be pasted.
pub(super) fn quoted(path: &Path) -> String {
    shell::quote(path.as_os_str())
}

/// `--project=` with a path of any bytes.
pub(crate) fn project_option(project: &Path) -> PathText {
    let mut option = OsStr::new("--project=").to_owned();
    option.push(project);
    PathText(option.into())
}
