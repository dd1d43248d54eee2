//! Shared stores (a cluster's folder, an image in a container): read, never written.
//!
//! An image is code that Julia runs without asking. So the user has to name a shared store, and all in it must belong
//! to the owner of its folder, to us or to root, and be writable by nobody else; nor may anybody else be able to put
//! another folder in its place. Inode and time of a file may differ from the record (a copy, a container's layer):
//! instead the contents are compared with the record, once, and the result is remembered in our own store with the
//! state of the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fs::{self, Observations, ObservedFiles, Stamp};
use crate::model::image::key::Digest;
use crate::model::image::processor::Processor;
use crate::model::image::record::KnownImage;
use crate::platform;
use crate::store::catalog;
use crate::store::layout::{Layout, path_digest};

/// Images found in a shared store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// Images that may be used, as far as is known without reading a whole file.
    pub(crate) images: Vec<KnownImage>,
    /// State of the files that this depends on.
    pub(crate) observations: Observations,
    /// Why the store, or an image in it, is not used.
    pub(crate) notes: Vec<String>,
}

/// Reads a shared store; `own` is ours. If it has a usable image of one of `keys`, returns that one alone. Asks a disk
/// that may never answer.
pub(crate) fn read(own: &Layout, root: &Path, keys: &[Digest], processor: &Processor) -> Reading {
    let files = ObservedFiles::default();
    files.observe(root);
    let layout = Layout::new(root.to_owned());
    if layout == *own {
        // Our own store has stricter rules.
        return Reading::default();
    }
    let (images, notes) = match owner_of(&layout, &files) {
        Ok(owner) => images(&layout, owner, keys, processor, &files),
        Err(note) => (Vec::new(), vec![note]),
    };
    let name = |note: String| format!("store `{}`: {note}", root.display());
    Reading { images, observations: files.into_observations(), notes: notes.into_iter().map(name).collect() }
}

/// Returns the owner of a store.
///
/// # Errors
/// Where there is none, or somebody else could have put it there; in words.
fn owner_of(layout: &Layout, files: &ObservedFiles) -> Result<u32, String> {
    let root = layout.root();
    let stamp = files.observe(root);
    if !stamp.exists {
        return Err("it is not there, or cannot be read".to_owned());
    }
    if platform::is_nobody(stamp.owner) {
        return Err("its owner is unknown".to_owned());
    }
    for folder in root.ancestors().skip(1) {
        let place = files.observe(folder);
        if let Some(risk) = platform::exchange_risk(stamp.owner, place.owner, place.mode) {
            return Err(format!("`{}` {risk}", folder.display()));
        }
    }
    for place in [root, &layout.images()] {
        let found = files.observe(place);
        if let Some(risk) =
            platform::shared_risk(stamp.owner, found.owner, found.mode).filter(|_| found.exists)
        {
            return Err(format!("`{}` {risk}", place.display()));
        }
    }
    Ok(stamp.owner)
}

fn images(
    layout: &Layout,
    owner: u32,
    keys: &[Digest],
    processor: &Processor,
    files: &ObservedFiles,
) -> (Vec<KnownImage>, Vec<String>) {
    files.observe_listing(&layout.images());
    let mut notes = Vec::new();
    let mut usable = |key: &Digest| match image(layout, owner, key, processor, files) {
        Ok(image) => Some(image),
        Err(note) => {
            notes.push(format!("image {}: {note}", key.short()));
            None
        }
    };
    let is_there = |key: &&Digest| files.observe(&layout.image_folder(key)).exists;
    if let Some(image) = keys.iter().filter(is_there).find_map(&mut usable) {
        return (vec![image], notes);
    }
    let entries = fs_err::read_dir(layout.images()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| Digest::parse(&entry.file_name().to_string_lossy()));
    let mut others: Vec<Digest> = names.filter(|name| !keys.contains(name)).collect();
    others.sort();
    let images = others.iter().filter_map(usable).collect();
    (images, notes)
}

/// Reads one image.
///
/// # Errors
/// Where it must not be used; in a few words.
fn image(
    layout: &Layout,
    owner: u32,
    key: &Digest,
    processor: &Processor,
    files: &ObservedFiles,
) -> Result<KnownImage, String> {
    let (path, folder) = (layout.image_file(key), layout.image_folder(key));
    let places = [path.clone(), folder.join("image.toml"), folder.join("inputs.json"), folder];
    for place in &places {
        let stamp = files.observe(place);
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !stamp.exists {
            return Err(format!("its `{name}` is missing"));
        }
        if let Some(risk) = platform::shared_risk(owner, stamp.owner, stamp.mode) {
            return Err(format!("`{name}` {risk}"));
        }
    }
    // A symlink could lead to a file that was not checked.
    if !fs::canonicalize(&path).is_ok_and(|resolved| resolved == path) {
        return Err("a symbolic link leads to it".to_owned());
    }
    let (record, inputs) = catalog::read_record(layout, key)?;
    if !record.measured.are_finite() {
        return Err("its record `image.toml` is damaged".to_owned());
    }
    if files.observe(&path).size != record.file.size {
        return Err("its file has not the recorded size".to_owned());
    }
    if path_digest(&path) != record.file.path {
        return Err("it was moved: the store must be at the same path everywhere".to_owned());
    }
    if let Some(reason) = record.unfit(&inputs, || processor.clone()) {
        return Err(reason);
    }
    let inputs = Arc::new(inputs);
    Ok(KnownImage { record, inputs, flaw: None, unfit: None, path, is_shared: true })
}

/// State of a file whose contents matched its record.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Compared {
    state: Stamp,
    contents: Digest,
}

/// Compares the contents of a shared image with its record: by the memory in our `own` store, else by reading the file.
///
/// # Errors
/// Where they differ; in a few words.
pub(crate) fn compare(own: &Layout, image: &KnownImage) -> Result<(), String> {
    let memory = own.compared(&image.path);
    // The same file has another device number on each machine that mounts it.
    let state = || Stamp { device: 0, ..Stamp::of(&image.path) };
    let before = Compared { state: state(), contents: image.record.file.contents.clone() };
    let remembered = fs_err::read(&memory).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if remembered.as_ref() == Some(&before) {
        return Ok(());
    }
    let contents = fs::contents_digest(&image.path).map_err(|error| error.to_string())?;
    if contents != before.contents || state() != before.state {
        return Err("its contents are not what was recorded".to_owned());
    }
    // If this fails, the contents are compared again.
    let text = serde_json::to_vec(&before).unwrap_or_default();
    let _ = fs::replace(&memory, &text);
    Ok(())
}

/// Path of the mark of a store that did not answer.
fn silence(own: &Layout, root: &Path) -> PathBuf {
    own.silent_store(root)
}

/// Whether a store failed to answer less than a minute ago: then it is not asked again yet.
pub(crate) fn is_silent(own: &Layout, root: &Path, now: i64) -> bool {
    const MINUTE: i64 = 60;
    let text = fs_err::read_to_string(silence(own, root)).unwrap_or_default();
    let since = text.trim().parse::<i64>().ok();
    since.is_some_and(|since| (0..MINUTE).contains(&now.saturating_sub(since)))
}

/// Remembers that a store did not answer.
pub(crate) fn note_silence(own: &Layout, root: &Path, now: i64) {
    // If this fails, the store is asked again.
    let _ = fs::replace(&silence(own, root), now.to_string().as_bytes());
}
