//! Effects that are being put together, and the text that they leave in the user's files.

use std::path::Path;

use crate::fs;
use crate::hosts::effect::Effect;
use crate::hosts::error::HostError;
use crate::model::hosts::edit::Edit;

/// Effects so far. Each file of the user's appears once, however many places of it change.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) effects: Vec<Effect>,
}

impl Draft {
    /// Returns the text of a file of the user's after the effects so far; `None` if it does not exist then.
    ///
    /// # Errors
    /// Where it cannot be read, or is no text.
    pub(super) fn text(&self, path: &Path, edit: &Edit) -> Result<Option<String>, HostError> {
        let contents = match self.place(path).map(|place| &self.effects[place]) {
            Some(Effect::Rewrite { contents, .. }) => Some(contents.clone()),
            Some(_) => None,
            None => fs::read_limited(path)?,
        };
        let not_text = |_| HostError::NotEdited {
            path: path.to_owned(),
            reason: "it is not valid UTF-8".to_owned(),
            snippet: edit.snippet(),
        };
        contents.map(String::from_utf8).transpose().map_err(not_text)
    }

    /// Sets the text of a file of the user's; `None` removes the file, but empties the target of a symlink.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn rewrite(&mut self, path: &Path, text: Option<String>) -> Result<(), HostError> {
        let was = match self.place(path).map(|place| self.effects.remove(place)) {
            Some(Effect::Rewrite { was, .. }) => was,
            Some(Effect::RemoveEmptied { was, .. }) => Some(was),
            _ => fs::read_limited(path)?,
        };
        let is_link = || fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        let text = text.or_else(|| is_link().then(String::new));
        let path = path.to_owned();
        match (was, text.map(String::into_bytes)) {
            (Some(was), None) => self.effects.push(Effect::RemoveEmptied { path, was }),
            (was, Some(contents)) if was.as_ref() != Some(&contents) => {
                self.effects.push(Effect::Rewrite { path, was, contents });
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the index of the effect on this file of the user's.
    fn place(&self, wanted: &Path) -> Option<usize> {
        self.effects.iter().position(|effect| match effect {
            Effect::Rewrite { path, .. } | Effect::RemoveEmptied { path, .. } => path == wanted,
            _ => false,
        })
    }
}
