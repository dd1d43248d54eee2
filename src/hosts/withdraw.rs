//! Takes back what was done for a host, so that all is as it was before, to the byte.

use std::path::Path;

use crate::fs;
use crate::hosts::draft::Draft;
use crate::hosts::effect::{Changes, Effect};
use crate::hosts::error::HostError;
use crate::hosts::plan::{DerivedFiles, Plan, ProgramStep};
use crate::hosts::record::{Done, Record};
use crate::model::hosts::edit::{Edit, Patch};
use crate::model::hosts::seal::{self, Owner};
use crate::platform;

/// Returns the changes that take back everything on record.
///
/// # Errors
/// Where the user changed what is to be taken back.
pub(crate) fn withdrawal(record: Record) -> Result<Changes, HostError> {
    let mut draft = Draft::default();
    for done in record.done.iter().rev() {
        undo(&mut draft, done)?;
    }
    let folders = record.folders.iter().rev().filter(|folder| folder.is_dir());
    draft.effects.extend(folders.map(|folder| Effect::RemoveFolder { path: folder.0.clone() }));
    Ok(Changes { before: Some(record), after: None, effects: draft.effects })
}

/// Takes back what the new plan no longer has.
///
/// # Errors
/// As [`withdrawal`].
pub(super) fn superseded(draft: &mut Draft, old: &[Done], plan: &Plan) -> Result<(), HostError> {
    let mut gone = old.iter().rev().filter(|done| !plan.steps.iter().any(|step| done.concerns(step)));
    gone.try_for_each(|done| undo(draft, done))
}

fn undo(draft: &mut Draft, done: &Done) -> Result<(), HostError> {
    match done {
        Done::File { path, derived } => own_file(draft, path, derived.as_ref())?,
        Done::Link { path, target } => {
            let is_there = || fs_err::symlink_metadata(&path.0).is_ok();
            if platform::is_link_to(path, target) || platform::LINKS_AGE && is_there() {
                draft.effects.push(Effect::Remove { path: path.0.clone() });
            }
        }
        Done::Edit { path, edit, patch, existed } => edited(draft, path, edit, patch, *existed)?,
        Done::Program(step) if !step.proof.holds() => {}
        Done::Program(step) => {
            let ProgramStep { program, undo, .. } = step.clone();
            draft.effects.push(Effect::Run { program: program.0, arguments: undo });
        }
    }
    Ok(())
}

fn own_file(draft: &mut Draft, path: &Path, derived: Option<&DerivedFiles>) -> Result<(), HostError> {
    if let Some(contents) = fs::read_limited(path)? {
        match seal::owner(&contents) {
            Owner::Ours => draft.effects.push(Effect::Remove { path: path.to_owned() }),
            Owner::OursChanged => return Err(HostError::Changed { path: path.to_owned() }),
            // Somebody put another file there.
            Owner::Foreign => {}
        }
    }
    let Some(DerivedFiles { folder, prefix }) = derived else { return Ok(()) };
    let entries = fs_err::read_dir(&**folder).into_iter().flatten().flatten();
    let derived = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    draft.effects.extend(derived.map(|entry| Effect::Remove { path: entry.path() }));
    Ok(())
}

fn edited(
    draft: &mut Draft,
    file: &Path,
    edit: &Edit,
    patch: &Patch,
    existed: bool,
) -> Result<(), HostError> {
    let Some(text) = draft.text(file, edit)? else { return Ok(()) };
    match edit.undone(patch, &text) {
        Some(before) if before.is_empty() && !existed => draft.rewrite(file, None),
        Some(before) => draft.rewrite(file, Some(before)),
        // Somebody took it out already.
        None if edit.is_gone(&text) => Ok(()),
        None => Err(HostError::EditChanged { path: file.to_owned(), snippet: patch.after.clone() }),
    }
}
