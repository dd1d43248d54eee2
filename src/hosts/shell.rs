//! Shells: a folder for PATH in which `julia` is jlproj, and if wanted the line that puts it on PATH.

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{OwnFile, Plan, Step};
use crate::model::hosts::edit::{Block, Edit};
use crate::model::hosts::seal;
use crate::model::text::dialect::Dialect;
use crate::path_text::PathText;
use crate::platform;

/// The shells of this user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shell {
    /// This program.
    pub(crate) jlproj: PathText,
    /// The folder for PATH.
    pub(crate) shims: PathText,
    /// The shells whose start files are edited, each with that file.
    pub(crate) edited: Vec<(Dialect, PathText)>,
    /// The shell whose line is shown if no file is edited.
    pub(crate) shown: Dialect,
}

impl Host for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn target(&self) -> String {
        String::new()
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let path = self.shims.join(platform::program_name("julia".as_ref()));
        let mut steps = vec![Step::Link { path, target: self.jlproj.0.clone() }];
        for (dialect, file) in &self.edited {
            steps.push(self.start_file(*dialect, file)?);
        }
        let notes = if self.edited.is_empty() {
            let lines = self.shown.add_to_path(self.shims.as_os_str());
            vec![
                format!("to put it on PATH ({}):\n{lines}", self.shown.name()),
                "or have it done: `jlproj setup shell --shell bash` (zsh, fish)".to_owned(),
            ]
        } else {
            vec!["takes effect in shells that are started from now on".to_owned()]
        };
        Ok(Plan { steps, notes })
    }

    fn check(&self) -> Vec<Trouble> {
        if self.jlproj.exists() {
            return Vec::new();
        }
        let message = format!("`{}` is gone: `julia` is the plain one", self.jlproj.display());
        vec![Trouble { message, remedy: format!("`{}`", self.command()) }]
    }

    fn command(&self) -> String {
        let shells = self.edited.iter().map(|(dialect, _)| format!(" --shell {}", dialect.name()));
        format!("jlproj setup shell{}", shells.collect::<String>())
    }
}

impl Shell {
    /// Makes the step that puts the folder on PATH when the shell starts: a file of ours if the shell has a folder for
    /// such files, else lines in the user's file.
    fn start_file(&self, dialect: Dialect, file: &PathText) -> Result<Step, HostError> {
        let lines = dialect.add_to_path(self.shims.as_os_str());
        let path = file.0.clone();
        match dialect {
            Dialect::Fish => Ok(Step::File(OwnFile::sealed(path, &format!("# {}\n{lines}", seal::place())))),
            Dialect::Bash | Dialect::Zsh => {
                let lines = format!(
                    "# Written by `jlproj setup shell`; taken back by `jlproj setup shell --undo`.\n{lines}"
                );
                Ok(Step::Edit { path, edit: Edit::Block(Block { comment: "#".to_owned(), lines }) })
            }
            Dialect::Powershell => Err(HostError::Refused {
                text: "the profile of PowerShell is not edited".to_owned(),
                hints: vec![format!("put this into it:\n{lines}")],
            }),
        }
    }
}
