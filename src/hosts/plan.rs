//! What a host takes, as data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::hosts::proof::Proof;
use crate::model::hosts::edit::Edit;
use crate::model::hosts::seal;
use crate::path_text::PathText;

/// All that a host takes, in the order in which it is done, and what to tell when it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) notes: Vec<String>,
}

/// One thing that is to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole file of ours.
    File(OwnFile),
    /// A link, or where there are none a copy.
    Link { path: PathBuf, target: PathBuf },
    /// One place in a file of the user's, which need not be there.
    Edit { path: PathBuf, edit: Edit },
    /// A program that was run, and what takes back what it did.
    Program(ProgramStep),
}

/// A file that is ours from the first byte to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnFile {
    pub(crate) path: PathBuf,
    /// With its [`seal`].
    pub(crate) contents: String,
    pub(crate) executable: bool,
    /// What others make of it goes with it.
    pub(crate) derived: Option<DerivedFiles>,
}

/// Files that other programs derive from one of ours, such as Python's `__pycache__/NAME.*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DerivedFiles {
    pub(crate) folder: PathText,
    /// How their names begin.
    pub(crate) prefix: String,
}

/// A program that is run once, and one that takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramStep {
    pub(crate) program: PathText,
    pub(crate) arguments: Vec<PathText>,
    /// Its arguments for taking it back.
    pub(crate) undo: Vec<PathText>,
    /// What tells whether it was run, by us or by the user.
    pub(crate) proof: Proof,
}

impl ProgramStep {
    /// Whether both do the same, wherever the program is now. How it is taken back depends on what was there before the
    /// first time.
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
