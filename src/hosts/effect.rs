//! Changes to the disk, as data, and carrying them out.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs;
use crate::hosts::error::HostError;
use crate::hosts::record::{self, Record};
use crate::model::text::shell;
use crate::path_text::PathText;
use crate::platform;
use crate::store::layout::Layout;

/// Effects to carry out, with the records before and after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) before: Option<Record>,
    /// `None` where nothing is left.
    pub(crate) after: Option<Record>,
    pub(crate) effects: Vec<Effect>,
}

impl Changes {
    /// Whether there is nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.before == self.after
    }
}

/// One change to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Writes a file of ours.
    Write {
        path: PathBuf,
        contents: Vec<u8>,
        executable: bool,
    },
    /// Rewrites a file of the user's; `was` is its contents before, `None` if it did not exist.
    Rewrite {
        path: PathBuf,
        was: Option<Vec<u8>>,
        contents: Vec<u8>,
    },
    Link {
        path: PathBuf,
        target: PathBuf,
    },
    /// Removes a file or a link.
    Remove {
        path: PathBuf,
    },
    /// Removes a file of the user's that we created, and that is empty now.
    RemoveEmptied {
        path: PathBuf,
        was: Vec<u8>,
    },
    /// Removes a folder that we created, if it is empty.
    RemoveFolder {
        path: PathBuf,
    },
    Run {
        program: PathBuf,
        arguments: Vec<PathText>,
    },
}

impl Effect {
    /// Describes the effect for users.
    pub(crate) fn describe(&self) -> String {
        let shown = |path: &Path| shell::quote(path.as_os_str());
        match self {
            Self::Write { path, .. } => format!("write {}", shown(path)),
            Self::Rewrite { path, .. } => format!("edit {}", shown(path)),
            // Where links age they are copies.
            Self::Link { path, target } if platform::LINKS_AGE => {
                format!("copy {} to {}", shown(target), shown(path))
            }
            Self::Link { path, target } => format!("link {} to {}", shown(path), shown(target)),
            Self::Remove { path } | Self::RemoveEmptied { path, .. } => format!("remove {}", shown(path)),
            Self::RemoveFolder { path } => format!("remove {} if it is empty", shown(path)),
            Self::Run { program, arguments } => format!("run {}", command_line(program, arguments)),
        }
    }

    /// Returns the contents of a file to write, for display; `None` for other effects.
    pub(crate) fn contents(&self) -> Option<String> {
        match self {
            Self::Write { contents, .. } => Some(String::from_utf8_lossy(contents).into_owned()),
            _ => None,
        }
    }

    /// Parent folder of the user's file; for a symlink, of its target.
    fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Rewrite { path, .. } | Self::RemoveEmptied { path, .. } => {
                let file = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                file.parent().map(Path::to_owned)
            }
            _ => None,
        }
    }

    fn carry_out(&self) -> Result<(), HostError> {
        match self {
            Self::Write { path, contents, executable } => {
                let replace = if *executable { fs::replace_program } else { fs::replace_durably };
                replace(path, contents)?;
            }
            Self::Rewrite { path, was, contents } => rewrite(path, was.as_deref(), contents)?,
            Self::Link { path, target } => fs::replace_by_link(path, target)?,
            Self::Remove { path } => remove(path)?,
            Self::RemoveEmptied { path, was } => {
                unchanged(path, Some(was))?;
                remove(path)?;
            }
            // Not empty, or gone: both are fine.
            Self::RemoveFolder { path } => drop(fs_err::remove_dir(path)),
            Self::Run { program, arguments } => run(program, arguments)?,
        }
        Ok(())
    }
}

/// Carries out the effects. The record is on disk first, so that an interrupted setup can be taken back.
///
/// # Errors
/// Where an effect fails; earlier effects stay, and are on record.
pub(crate) fn carry_out(layout: &Layout, changes: &Changes) -> Result<(), HostError> {
    let Changes { before, after, effects } = changes;
    let both = match (before, after) {
        (Some(before), Some(after)) => Some(after.clone().joined(before)),
        (before, after) => after.clone().or_else(|| before.clone()),
    };
    if let Some(both) = both.filter(|both| before.as_ref() != Some(both)) {
        record::keep(layout, &both)?;
    }
    for effect in effects {
        effect.carry_out()?;
        // The user's file may be in any folder: nothing else looks there for leftovers of a dead writer.
        if let Some(folder) = effect.folder() {
            fs::sweep_abandoned(&folder);
        }
    }
    match (before, after) {
        (_, Some(after)) => record::keep(layout, after)?,
        (Some(before), None) => record::remove(layout, before)?,
        (None, None) => {}
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if !fs::is_absence(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Checks that the file still has the contents that the change was computed from.
fn unchanged(path: &Path, was: Option<&[u8]>) -> Result<(), HostError> {
    if fs::read_limited(path)?.as_deref() == was {
        return Ok(());
    }
    let text = format!("`{}` was changed at this very moment", path.display());
    Err(HostError::Refused { text, hints: vec!["try again".to_owned()] })
}

/// Rewrites a file of the user's, or the target of a symlink, with the owner and the mode that it has.
fn rewrite(path: &Path, was: Option<&[u8]>, contents: &[u8]) -> Result<(), HostError> {
    unchanged(path, was)?;
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok(fs::replace_as_it_is(&file, contents)?)
}

fn run(program: &Path, arguments: &[PathText]) -> Result<(), HostError> {
    let words = arguments.iter().map(|argument| argument.0.as_os_str());
    let output =
        duct::cmd(program, words).stdin_null().stderr_to_stdout().stdout_capture().unchecked().run()?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    Err(HostError::Program { command: command_line(program, arguments), output })
}

fn command_line(program: &Path, arguments: &[PathText]) -> String {
    let words: Vec<_> = arguments.iter().map(|argument| argument.0.clone().into_os_string()).collect();
    shell::command_line(program.as_os_str(), &words)
}
