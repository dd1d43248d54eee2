//! The setup of a host, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::hosts::proof::Proof;
use crate::model::hosts::edit::Edit;
use crate::model::hosts::seal;
use crate::path_text::PathText;

/// Steps of a host's setup, in order, and notes to print after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<String>,
}

/// One step of a setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole file of ours.
    File(OwnFile),
    /// A symlink; on Windows a copy.
    Link { path: PathBuf, target: PathBuf },
    /// One place in a file of the user's, which need not exist.
    Edit { path: PathBuf, edit: Edit },
    /// A program to run, and the arguments that undo it.
    Program(ProgramStep),
}

/// A file that is ours from the first byte to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFile {
    pub(crate) path: PathBuf,
    /// With its [`seal`].
    pub(crate) contents: String,
    pub(crate) executable: bool,
    /// Files that others derive from it, and that are removed with it.
    pub(crate) derived: Option<DerivedFiles>,
}

/// Files that other programs derive from one of ours, such as Python's `__pycache__/NAME.*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DerivedFiles {
    pub(crate) folder: PathText,
    /// Prefix of their names.
    pub(crate) prefix: String,
}

/// A program that is run once, and with other arguments to take that back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramStep {
    pub(crate) program: PathText,
    pub(crate) arguments: Vec<PathText>,
    /// Its arguments for taking it back.
    pub(crate) undo: Vec<PathText>,
    /// Shows whether it was run, by us or by the user.
    pub(crate) proof: Proof,
}

impl ProgramStep {
    /// Whether both have the same effect, wherever the program is now. How to undo it depends on the state before the
    /// first run.
    pub(super) fn does_as(&self, other: &Self) -> bool {
        self.arguments == other.arguments
    }
}

impl OwnFile {
    /// A file with this text, which has a [`seal::place`].
    pub(crate) fn sealed(path: PathBuf, text: &str) -> Self {
        Self { path, contents: seal::seal(text), executable: false, derived: None }
    }
}
