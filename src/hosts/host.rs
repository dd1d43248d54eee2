//! What every host has, and what can go wrong with one.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::hosts::apps::Apps;
use crate::hosts::juliaup::Juliaup;
use crate::hosts::jupyter::Jupyter;
use crate::hosts::plan::Plan;
use crate::hosts::python::PythonSetup;
use crate::hosts::quarto::Quarto;
use crate::hosts::shell::Shell;
use crate::hosts::vscode::Vscode;

/// One way into Julia, with all that it has to know.
pub(crate) trait Host {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What tells two of one name apart (a venv, a project); empty where there is only one.
    fn target(&self) -> String;

    /// What it takes.
    ///
    /// # Errors
    /// Where it cannot be set up.
    fn plan(&self) -> Result<Plan, HostError>;

    /// What is wrong with it besides its files.
    fn check(&self) -> Vec<Trouble>;

    /// The command that sets it up again.
    fn command(&self) -> String;
}

/// Something that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    pub(crate) message: String,
    pub(crate) remedy: String,
}

/// The hosts, as they are kept on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "kebab-case")]
pub(crate) enum Setup {
    Shell(Shell),
    Python(PythonSetup),
    Jupyter(Jupyter),
    Vscode(Vscode),
    Quarto(Quarto),
    Juliaup(Juliaup),
    Apps(Apps),
}

impl Setup {
    /// The host itself.
    pub(crate) fn host(&self) -> &dyn Host {
        match self {
            Self::Shell(shell) => shell,
            Self::Python(python) => python,
            Self::Jupyter(jupyter) => jupyter,
            Self::Vscode(vscode) => vscode,
            Self::Quarto(quarto) => quarto,
            Self::Juliaup(juliaup) => juliaup,
            Self::Apps(apps) => apps,
        }
    }

    /// What its record is found by.
    pub(crate) fn identity(&self) -> (&'static str, String) {
        (self.host().name(), self.host().target())
    }
}

/// Why a host was not set up, or not taken back.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    #[error("`{}` is there already, and not jlproj's", path.display())]
    Foreign { path: PathBuf },
    #[error("`{}` was changed since jlproj wrote it", path.display())]
    Changed { path: PathBuf },
    #[error("what jlproj wrote into `{}` was changed", path.display())]
    EditChanged { path: PathBuf, snippet: String },
    #[error("`{}` is not edited: {reason}", path.display())]
    NotEdited { path: PathBuf, reason: String, snippet: String },
    #[error("`{command}` failed")]
    Program { command: String, output: String },
    #[error("{text}")]
    Refused { text: String, hints: Vec<String> },
    #[error("cannot read or write a file")]
    Io(#[from] io::Error),
}

impl HostError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Foreign { .. } | Self::Changed { .. } => {
                vec!["move it elsewhere, and try again".to_owned()]
            }
            Self::EditChanged { .. } => vec!["take it out by hand, and try again".to_owned()],
            Self::NotEdited { .. } => vec!["put the lines above there by hand".to_owned()],
            Self::Refused { hints, .. } => hints.clone(),
            Self::Program { .. } | Self::Io(_) => Vec::new(),
        }
    }

    /// Lines that belong to it.
    pub(crate) fn details(&self) -> String {
        match self {
            Self::EditChanged { snippet, .. } | Self::NotEdited { snippet, .. } => snippet.clone(),
            Self::Program { output, .. } => output.clone(),
            _ => String::new(),
        }
    }
}
