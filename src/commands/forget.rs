//! `jlproj forget`: drops a project from the list, or its image.

use std::path::Path;

use crate::assessment;
use crate::cli::ForgetArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::image::key::Digest;
use crate::path_text;
use crate::store::project_record::{self, ProjectRecord};
use crate::store::removal;
use crate::ui::message;

pub(crate) fn run(arguments: &ForgetArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    for project in &arguments.projects {
        let folder = assessment::project_folder_even_gone(context, project)?;
        if arguments.image {
            drop_image(context, &folder)?;
        } else {
            forget(context, &folder)?;
        }
    }
    Ok(exit::SUCCESS)
}

/// Drops a project from the list until it is used again.
fn forget(context: &Context, folder: &Path) -> Result<(), Error> {
    if !folder.exists() && project_record::read(&context.layout, folder).is_none() {
        return Err(Error::UnknownProject { project: path_text::encode(folder) });
    }
    project_record::update(&context.layout, folder, |record| {
        record.image = None;
        record.is_found = false;
        record.forgotten = Some(context.now);
        record.accepted.clear();
    })?;
    message::line(&format!("{}: forgotten until it is used again", path_text::encode(folder)));
    Ok(())
}

/// Removes the image of a project, unless others have it too, and stops proposing one.
fn drop_image(context: &Context, folder: &Path) -> Result<(), Error> {
    let path = path_text::encode(folder);
    let record = project_record::read(&context.layout, folder);
    let key = record.and_then(|record| record.image);
    let key = key.ok_or_else(|| Error::NothingToDrop { project: path.clone() })?;
    let is_shared = having(context, &key).any(|record| record.path != path);
    project_record::update(&context.layout, folder, |record| {
        // An unshared image leaves the record only after its removal: if killed before that, this command can be
        // repeated.
        if is_shared && record.image.as_ref() == Some(&key) {
            record.image = None;
        }
        record.is_declined = true;
    })?;
    if is_shared {
        message::line(&format!("{path}: other projects have this image too; it stays"));
        return Ok(());
    }
    let removed = removal::remove_image(&context.layout, &key, None);
    removed.map_err(|reason| Error::NotDropped { project: path.clone(), reason })?;
    project_record::withdraw(&context.layout, folder, &key)?;
    message::line(&format!("{path}: the image is removed; Julia starts plain"));
    Ok(())
}

/// Projects that have this image.
fn having(context: &Context, key: &Digest) -> impl Iterator<Item = ProjectRecord> {
    let records = project_record::read_all(&context.layout).into_iter();
    records.filter(move |record| record.image.as_ref() == Some(key))
}
