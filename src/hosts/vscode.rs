//! VS Code: a wrapper of ours is the Julia of a folder, for everything that the extension starts.
//!
//! Of the extension's settings only `julia.executablePath` reaches more than the REPL, and only it can name a program
//! that decides at each start: `julia.additionalArgs` are Julia's own, and could only hold the path of an image. The
//! language server keeps a plain Julia: with juliaup it has one of juliaup's channels by itself, else that setting
//! would start it too (`getExecutable` and `getLsExecutable` in `src/executables.ts` of the extension, 1.232.0).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{Plan, Step};
use crate::hosts::wrapper::{Wrapper, quoted, utf8};
use crate::model::hosts::edit::Edit;
use crate::model::hosts::edit::jsonc::{self, Member};
use crate::path_text::PathText;

const EXECUTABLE: &str = "julia.executablePath";
const LANGUAGE_SERVER: &str = "julia.languageServerExecutablePath";

/// A folder that is opened in VS Code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vscode {
    #[serde(alias = "launcher")]
    pub(crate) wrapper: Wrapper,
    /// The folder, which is also the project's.
    pub(crate) folder: PathText,
    /// Whether the settings are edited although git tracks them.
    pub(crate) shared: bool,
    /// Whether the extension finds a juliaup.
    #[serde(default)]
    pub(crate) has_juliaup: bool,
    /// The Julia that the settings named before the setup.
    #[serde(default)]
    pub(crate) named: Option<String>,
}

impl Host for Vscode {
    fn name(&self) -> &'static str {
        "vscode"
    }

    fn target(&self) -> String {
        String::from(self.folder.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let file = self.settings();
        let (program, julia) = (utf8(&self.wrapper.path)?.to_owned(), utf8(&self.wrapper.julia)?.to_owned());
        let line = |key: &str, value: &str| format!("    {}: {}", jsonc::json(key), jsonc::json(value));
        let mut snippet = line(EXECUTABLE, &program);
        if !self.has_juliaup {
            snippet = format!("{snippet},\n{}", line(LANGUAGE_SERVER, &julia));
        }
        snippet.push('\n');
        if !self.shared && is_tracked(&self.folder, &file) {
            let reason =
                "git tracks it, and these paths are this machine's (`--shared` has it edited all the same)";
            return Err(HostError::NotEdited { path: file, reason: reason.to_owned(), snippet });
        }
        let member = |key: &str, value: &str| Step::Edit {
            path: file.clone(),
            edit: Edit::Member(Member {
                key: key.to_owned(),
                value: value.to_owned(),
                snippet: snippet.clone(),
            }),
        };
        let mut steps = self.wrapper.steps();
        let chosen = text_of(&file, LANGUAGE_SERVER)?;
        // Another value is the user's choice.
        if !self.has_juliaup && chosen.is_none_or(|chosen| chosen == julia) {
            steps.push(member(LANGUAGE_SERVER, &julia));
        }
        steps.push(member(EXECUTABLE, &program));
        let mut notes = vec!["takes effect in windows that are opened from now on".to_owned()];
        if self.shared {
            notes.push("others who get these settings from git have no Julia at this path".to_owned());
        }
        Ok(Plan { steps, notes })
    }

    fn check(&self) -> Vec<Trouble> {
        self.wrapper.troubles(&self.command())
    }

    fn command(&self) -> String {
        let shared = if self.shared { " --shared" } else { "" };
        format!("jlproj setup vscode --project {}{shared}", quoted(&self.folder))
    }
}

impl Vscode {
    fn settings(&self) -> PathBuf {
        settings(&self.folder)
    }
}

fn settings(folder: &Path) -> PathBuf {
    folder.join(".vscode/settings.json")
}

/// Returns the Julia that the settings of a folder name.
///
/// # Errors
/// Where they cannot be read.
pub(crate) fn named_julia(folder: &Path) -> Result<Option<String>, HostError> {
    text_of(&settings(folder), EXECUTABLE)
}

/// Converts that Julia to a value of `--julia`: a channel, a path or a name on PATH. `None` if only the extension can
/// resolve it, as with its variables.
#[must_use]
pub(crate) fn as_argument(named: &str, home: Option<&Path>) -> Option<PathBuf> {
    let named = named.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| named.strip_prefix(*quote)?.strip_suffix(*quote));
    let named = unquoted.unwrap_or(named);
    let channel = ["julia.exe +", "julia +", "+"].iter().find_map(|prefix| named.strip_prefix(prefix));
    match (channel, named.strip_prefix("~/")) {
        (Some(channel), _) => Some(format!("+{channel}").into()),
        (None, Some(rest)) => Some(home?.join(rest)),
        (None, None) if named.is_empty() || named.contains("${") => None,
        (None, None) => {
            let path = Path::new(named);
            (path.is_absolute() || path.components().count() == 1).then(|| path.to_owned())
        }
    }
}

/// Returns the text of a key in the settings.
fn text_of(file: &Path, key: &str) -> Result<Option<String>, HostError> {
    let contents = fs::read_limited(file)?.unwrap_or_default();
    Ok(jsonc::text_of(&String::from_utf8_lossy(&contents), key))
}

/// Whether git tracks the file. If git cannot be run, a file in a repository counts as tracked.
fn is_tracked(folder: &Path, file: &Path) -> bool {
    if !folder.ancestors().any(|ancestor| ancestor.join(".git").exists()) || !file.exists() {
        return false;
    }
    // A repository's own settings could name a program to run.
    let arguments =
        ["-c", "core.fsmonitor=false", "ls-files", "--error-unmatch", "--", ".vscode/settings.json"];
    let mut git =
        duct::cmd("git", arguments).dir(folder).stdin_null().stdout_null().stderr_null().unchecked();
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git = git.env_remove(variable);
    }
    // 1: not tracked; 128: no repository that git would read.
    git.run().map_or(true, |output| output.status.code() != Some(1))
}

/// With paths of Unix.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_julia_of_the_settings_is_read_as_the_extension_does() {
        let of = |named: &str| as_argument(named, Some(Path::new("/home/u")));
        let cases = [
            ("julia +lts", "+lts"),
            ("+lts", "+lts"),
            ("julia.exe +1.10~x86", "+1.10~x86"),
            ("julia", "julia"),
            (" /opt/julia 1.10/bin/julia ", "/opt/julia 1.10/bin/julia"),
            ("\"/opt/julia\"", "/opt/julia"),
            ("~/julia/bin/julia", "/home/u/julia/bin/julia"),
        ];
        for (named, argument) in cases {
            assert_eq!(of(named).as_deref(), Some(Path::new(argument)), "{named}");
        }
        for none in ["", "${userHome}/julia", "bin/julia"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
