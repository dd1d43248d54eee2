//! Publishes a finished image: all of it, or nothing.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::fs;
use crate::model::image::key::{Digest, KeyInputs};
use crate::model::image::record::ImageRecord;
use crate::platform;
use crate::store::layout::Layout;
use crate::store::lock::{Attempt, Lock};
use crate::store::unfinished;

/// Name of the folder in a workspace in which an image is prepared.
pub(crate) const PREPARED: &str = "image";

/// Publishes the folder `prepared` (which holds the image file and the log, on the store's file system) as
/// the image that `record` describes. One that is there already is replaced in one step; it is in `prepared` then, and
/// stays there while Julias run under it.
///
/// The caller holds the lock of the key.
///
/// # Errors
/// Where something cannot be written: then the store is as it was.
pub(crate) fn publish(
    layout: &Layout,
    prepared: &Path,
    record: &ImageRecord,
    inputs: &KeyInputs,
) -> io::Result<()> {
    let image = layout.image_file(&record.key);
    let name = image.file_name().unwrap_or_default();
    for file in [&prepared.join(name), &prepared.join("build.log")] {
        if file.exists() {
            platform::protect_file(file)?;
        }
    }
    fs_err::File::open(prepared.join(name))?.sync_all()?;
    fs::replace_durably(&prepared.join("inputs.json"), &inputs.canonical())?;
    write_record(&prepared.join("image.toml"), record)?;
    fs::sync_folder(prepared)?;
    platform::create_private_folders(&layout.images())?;
    let folder = layout.image_folder(&record.key);
    if folder.exists() {
        // The old one takes the place of the prepared folder, which goes with the workspace.
        platform::exchange(prepared, &folder)?;
    } else {
        fs_err::rename(prepared, &folder)?;
    }
    // Failures of starts under the old one say nothing about this one.
    unfinished::forget(layout, &record.key);
    fs::sync_folder(&layout.images())
}

/// Puts the image back that a builder which died in `workspace` had moved aside, and had put nothing in its place.
///
/// # Errors
/// Where it cannot be moved, or a build is at work on the image.
pub(crate) fn put_back(layout: &Layout, workspace: &Path) -> io::Result<()> {
    let aside = platform::aside(&workspace.join(PREPARED));
    let Some(key) = key_of(&aside) else { return Ok(()) };
    let Attempt::Taken(_lock) = Lock::attempt(&layout.lock(key.as_str()))? else {
        return Err(io::Error::other("a build is at work on its image"));
    };
    let folder = layout.image_folder(&key);
    if folder.exists() {
        return Ok(());
    }
    fs_err::rename(aside, folder)?;
    fs::sync_folder(&layout.images())
}

/// The key of the image in a folder; `None` if it holds none.
fn key_of(folder: &Path) -> Option<Digest> {
    #[derive(Deserialize)]
    struct Named {
        key: String,
    }
    let text = fs::read_limited(&folder.join("image.toml")).ok()??;
    let named: Named = toml::from_str(std::str::from_utf8(&text).ok()?).ok()?;
    Digest::parse(&named.key)
}

/// Replaces the record of a published image.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn update(layout: &Layout, record: &ImageRecord) -> io::Result<()> {
    write_record(&layout.image_folder(&record.key).join("image.toml"), record)
}

fn write_record(path: &Path, record: &ImageRecord) -> io::Result<()> {
    let text = toml::to_string(record).map_err(io::Error::other)?;
    fs::replace_durably(path, text.as_bytes())
}
