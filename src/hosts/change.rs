//! Computes the changes for a host from its plan, its record and the disk.

use std::path::Path;

use crate::fs;
use crate::hosts::draft::Draft;
use crate::hosts::effect::{Changes, Effect};
use crate::hosts::error::HostError;
use crate::hosts::plan::{OwnFile, Plan, ProgramStep, Step};
use crate::hosts::record::{Done, Record};
use crate::hosts::setup::Setup;
use crate::hosts::withdraw;
use crate::model::hosts::edit::Edit;
use crate::model::hosts::seal::{self, Owner};
use crate::path_text::PathText;
use crate::platform;

/// Computes the changes that make everything as `plan` says.
///
/// # Errors
/// Where something of the user's is in the way.
pub(crate) fn changes(setup: &Setup, plan: &Plan, before: Option<Record>) -> Result<Changes, HostError> {
    let old: &[Done] = before.as_ref().map_or(&[], |record| &record.done);
    let mut draft = Draft::default();
    withdraw::superseded(&mut draft, old, plan)?;
    let mut folders = before.as_ref().map_or_else(Vec::new, |record| record.folders.clone());
    let mut done = Vec::new();
    for step in &plan.steps {
        let count = draft.effects.len();
        done.push(match step {
            Step::File(file) => own_file(&mut draft, file)?,
            Step::Link { path, target } => link(&mut draft, path, target, old)?,
            Step::Edit { path, edit } => edited(&mut draft, path, edit, old)?,
            Step::Program(program) => run(&mut draft, program, old),
        });
        if draft.effects.len() > count {
            note_folders(step, &mut folders);
        }
    }
    let after = Record::new(setup.clone(), done, folders);
    Ok(Changes { before, after: Some(after), effects: draft.effects })
}

fn own_file(draft: &mut Draft, file: &OwnFile) -> Result<Done, HostError> {
    let OwnFile { path, contents, executable, derived } = file;
    let done = Done::File { path: PathText(path.clone()), derived: derived.clone() };
    let present = fs::read_limited(path)?;
    let has_mode =
        || fs_err::metadata(path).is_ok_and(|metadata| platform::is_executable(&metadata) >= *executable);
    if present.as_deref() == Some(contents.as_bytes()) && has_mode() {
        return Ok(done);
    }
    match present.as_deref().map(seal::owner) {
        None | Some(Owner::Ours) => {}
        Some(Owner::OursChanged) => return Err(HostError::Changed { path: path.clone() }),
        Some(Owner::Foreign) => return Err(HostError::Foreign { path: path.clone() }),
    }
    let contents = contents.clone().into_bytes();
    draft.effects.push(Effect::Write { path: path.clone(), contents, executable: *executable });
    Ok(done)
}

fn link(draft: &mut Draft, path: &Path, target: &Path, old: &[Done]) -> Result<Done, HostError> {
    let done = Done::Link { path: PathText(path.to_owned()), target: PathText(target.to_owned()) };
    if platform::is_link_to(path, target) {
        return Ok(done);
    }
    let is_ours = |done: &Done| match done {
        Done::Link { path: own, target } => {
            own.0 == path && (platform::LINKS_AGE || platform::is_link_to(path, target))
        }
        _ => false,
    };
    if fs_err::symlink_metadata(path).is_ok() && !old.iter().any(is_ours) {
        return Err(HostError::Foreign { path: path.to_owned() });
    }
    draft.effects.push(Effect::Link { path: path.to_owned(), target: target.to_owned() });
    Ok(done)
}

fn edited(draft: &mut Draft, file: &Path, edit: &Edit, old: &[Done]) -> Result<Done, HostError> {
    let not_edited =
        |reason: String| HostError::NotEdited { path: file.to_owned(), reason, snippet: edit.snippet() };
    let present = draft.text(file, edit)?;
    if present.is_none() && fs_err::symlink_metadata(file).is_ok() {
        return Err(not_edited("it is a link that leads nowhere".to_owned()));
    }
    let text = present.clone().unwrap_or_default();
    let mut existed = present.is_some();
    for known in old {
        let Done::Edit { path: known_path, edit: known_edit, patch, existed: at_first } = known else {
            continue;
        };
        if known_path.0 != file {
            continue;
        }
        existed &= at_first;
        if known_edit != edit {
            continue;
        }
        if edit.is_in(patch, &text) {
            return Ok(known.clone());
        }
        if !edit.is_gone(&text) {
            return Err(HostError::EditChanged { path: file.to_owned(), snippet: edit.snippet() });
        }
    }
    let patch = edit.patch(&text).map_err(|error| not_edited(error.to_string()))?;
    let text = patch.applied(&text).ok_or_else(|| not_edited("the place is not there".to_owned()))?;
    draft.rewrite(file, Some(text))?;
    Ok(Done::Edit { path: PathText(file.to_owned()), edit: edit.clone(), patch, existed })
}

fn run(draft: &mut Draft, step: &ProgramStep, old: &[Done]) -> Done {
    let known = old.iter().find_map(|done| match done {
        Done::Program(known) if known.does_as(step) => Some(known),
        _ => None,
    });
    if !step.proof.holds() {
        let ProgramStep { program, arguments, .. } = step.clone();
        draft.effects.push(Effect::Run { program: program.0, arguments });
    }
    let undo = known.unwrap_or(step).undo.clone();
    Done::Program(ProgramStep { undo, ..step.clone() })
}

/// Adds the folders that the step will create.
fn note_folders(step: &Step, folders: &mut Vec<PathText>) {
    let (path, derived) = match step {
        Step::File(file) => (&file.path, file.derived.as_ref()),
        Step::Link { path, .. } | Step::Edit { path, .. } => (path, None),
        Step::Program(_) => return,
    };
    let derived = derived.map(|derived| &*derived.folder);
    let made = path.ancestors().skip(1).chain(derived);
    let mut missing: Vec<PathText> = made
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(|folder| PathText(folder.to_owned()))
        .filter(|folder| !folders.contains(folder))
        .collect();
    missing.sort();
    folders.extend(missing);
}
