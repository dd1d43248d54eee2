//! A script for programs that start Julia by a path: it asks jlproj each time, and starts Julia plainly if jlproj is
//! gone.

use std::ffi::OsStr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::plan::OwnFile;
use crate::model::hosts::seal;
use crate::model::text::shell;
use crate::path_text::{self, PathText};
use crate::platform;

const TEMPLATE: &str = include_str!("../../templates/wrapper.sh");

/// One such script.
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
    /// Makes the script.
    ///
    /// # Errors
    /// Where the system starts no scripts.
    pub(super) fn file(&self) -> Result<OwnFile, HostError> {
        if !platform::STARTS_SCRIPTS {
            let text = "a wrapper is a script, and this system starts none".to_owned();
            return Err(HostError::Refused {
                text,
                hints: vec!["use `jlproj run` or `jlproj exec`".to_owned()],
            });
        }
        let word = |path: &PathText| shell::quote(path.as_os_str());
        let arguments: Vec<String> = self.arguments.iter().map(|argument| word(argument) + " ").collect();
        // The arguments come last: placeholders in them are not replaced.
        let text = TEMPLATE
            .replace("@SEAL@", &seal::place())
            .replace("@JULIA_TEXT@", &path_text::encode(&self.julia))
            .replace("@JLPROJ@", &word(&self.jlproj))
            .replace("@JULIA@", &word(&self.julia))
            .replace("@ARGUMENTS@", &arguments.concat());
        Ok(OwnFile { executable: true, ..OwnFile::sealed(self.path.0.clone(), &text) })
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
