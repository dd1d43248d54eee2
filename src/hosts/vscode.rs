//! VS Code: the Julia of a folder is a launcher of ours, for everything that the extension starts.
//!
//! Of its settings only `julia.executablePath` reaches more than the REPL, and only it can name something that decides
//! at the start: `julia.additionalArgs` are Julia's own, and could hold no more than the path of an image. The language
//! server, which would be started by it too, stays with the plain Julia.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::host::{Host, HostError, Trouble};
use crate::hosts::launcher::{Launcher, quoted, utf8};
use crate::hosts::plan::{Plan, Step};
use crate::model::jsonc::{self, Member};
use crate::model::text_edit::Edit;
use crate::path_text::PathText;

const EXECUTABLE: &str = "julia.executablePath";
const LANGUAGE_SERVER: &str = "julia.languageServerExecutablePath";

/// A folder that is opened in VS Code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vscode {
    pub(crate) launcher: Launcher,
    /// The folder, which is the project's.
    pub(crate) folder: PathText,
    /// The settings are edited although git tracks them.
    pub(crate) shared: bool,
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
        let launcher = self.launcher.file()?;
        let (program, julia) = (utf8(&launcher.path)?.to_owned(), utf8(&self.launcher.julia)?.to_owned());
        let snippet = format!(
            "    {}: {},\n    {}: {}\n",
            jsonc::json(EXECUTABLE),
            jsonc::json(&program),
            jsonc::json(LANGUAGE_SERVER),
            jsonc::json(&julia)
        );
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
        let mut steps = vec![Step::File(launcher)];
        let chosen = server_of(&file)?;
        // Another one is the user's choice.
        if chosen.is_none_or(|chosen| chosen == julia) {
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
        self.launcher.troubles(&self.command())
    }

    fn command(&self) -> String {
        let shared = if self.shared { " --shared" } else { "" };
        format!("jlproj setup vscode --project {}{shared}", quoted(&self.folder))
    }
}

impl Vscode {
    fn settings(&self) -> PathBuf {
        self.folder.join(".vscode/settings.json")
    }
}

/// The language server's Julia that the settings name.
fn server_of(file: &Path) -> Result<Option<String>, HostError> {
    let contents = fs::read_limited(file)?.unwrap_or_default();
    Ok(jsonc::text_of(&String::from_utf8_lossy(&contents), LANGUAGE_SERVER))
}

/// Whether git tracks the file. Where there is no git to ask, a repository is taken for one that does.
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
