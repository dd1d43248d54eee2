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
        let mut notes = Vec::new();
        for (dialect, file) in &self.edited {
            match self.start_file(*dialect, file) {
                Some(step) => steps.push(step),
                None => notes.push(self.lines(*dialect)),
            }
        }
        notes.extend(if self.edited.is_empty() {
            vec![
                self.lines(self.shown),
                "or have it done: `jlproj setup shell --shell bash` (zsh, fish)".to_owned(),
            ]
        } else {
            vec!["takes effect in shells that are started from now on".to_owned()]
        });
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
    fn lines(&self, dialect: Dialect) -> String {
        let lines = dialect.add_to_path(self.shims.as_os_str());
        format!("to put it on PATH ({}):\n{lines}", dialect.name())
    }

    /// Makes the step that puts the folder on PATH when the shell starts: a file of ours if the shell has a folder for
    /// such files, else lines in the user's file. `None` for PowerShell, which alone knows where its profile is.
    fn start_file(&self, dialect: Dialect, file: &PathText) -> Option<Step> {
        let lines = dialect.add_to_path(self.shims.as_os_str());
        let path = file.0.clone();
        match dialect {
            Dialect::Fish => {
                Some(Step::File(OwnFile::sealed(path, &format!("# {}\n{lines}", seal::place()))))
            }
            Dialect::Bash | Dialect::Zsh => {
                let lines = format!(
                    "# Written by `jlproj setup shell`; taken back by `jlproj setup shell --undo`.\n{lines}"
                );
                Some(Step::Edit { path, edit: Edit::Block(Block { comment: "#".to_owned(), lines }) })
            }
            Dialect::Powershell => None,
        }
    }
}
