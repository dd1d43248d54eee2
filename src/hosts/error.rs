//! What can go wrong with a host.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

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
    /// Returns hints on what to do about it.
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

    /// Returns further lines for display below the message.
    pub(crate) fn details(&self) -> String {
        match self {
            Self::EditChanged { snippet, .. } | Self::NotEdited { snippet, .. } => snippet.clone(),
            Self::Program { output, .. } => output.clone(),
            _ => String::new(),
        }
    }
}

/// Something that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Trouble {
    pub(crate) message: String,
    pub(crate) remedy: String,
}
