//! Publishes a finished image: all of it, or nothing.

use std::io;
use std::path::Path;

use crate::fs;
use crate::model::image::key::KeyInputs;
use crate::model::image::record::ImageRecord;
use crate::platform;
use crate::store::layout::Layout;
use crate::store::unfinished;

/// Publishes the folder `prepared` (which holds the image file and the log, on the store's file system) as
/// the image that `record` describes. One that is there already is replaced in one step; Julias that run
/// under it keep its file.
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
        // The old one takes the place of the prepared folder, which the caller removes.
        platform::exchange(prepared, &folder)?;
    } else {
        fs_err::rename(prepared, &folder)?;
    }
    // Failures of starts under the old one say nothing about this one.
    unfinished::forget(layout, &record.key);
    fs::sync_folder(&layout.images())
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
