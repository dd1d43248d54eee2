//! The images that the store holds.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::fs::{self, Stamp};
use crate::model::image::key::{Digest, KEY_VERSION, KeyInputs};
use crate::model::image::processor::Processor;
use crate::model::image::record::{FileRecord, ImageRecord, KnownImage, RECORD_FORMAT};
use crate::model::image::wanted::Form;
use crate::platform;
use crate::store::layout::{Layout, path_digest};

/// A folder among the images that holds no valid image, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// Known images, and damaged folders among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Catalog {
    pub(crate) images: Vec<KnownImage>,
    pub(crate) damaged: Vec<Damaged>,
    /// Why shared stores, or images in them, are not used.
    pub(crate) notes: Vec<String>,
    /// Whether a store did not answer: asked again, it may.
    pub(crate) is_partial: bool,
}

impl Catalog {
    /// The image of this key.
    pub(crate) fn image(&self, key: &Digest) -> Option<&KnownImage> {
        self.images.iter().find(|image| image.record.key == *key)
    }

    /// The images of our own store.
    pub(crate) fn own(&self) -> impl Iterator<Item = &KnownImage> {
        self.images.iter().filter(|image| !image.is_shared)
    }
}

/// Reads all images. A folder that cannot be read is reported, and stops nothing.
pub(crate) fn read_all(layout: &Layout, processor: &Processor) -> Catalog {
    let mut catalog = Catalog::default();
    for key in keys(layout) {
        match read(layout, &key, processor) {
            Ok(image) => catalog.images.push(image),
            Err(reason) => catalog.damaged.push(Damaged { name: key.to_string(), reason }),
        }
    }
    catalog.images.sort_by(|left, right| left.record.key.cmp(&right.record.key));
    catalog.damaged.sort_by(|left, right| left.name.cmp(&right.name));
    catalog
}

/// The keys that folders of images are named by.
pub(crate) fn keys(layout: &Layout) -> impl Iterator<Item = Digest> {
    let entries = fs_err::read_dir(layout.images()).into_iter().flatten().flatten();
    entries.filter_map(|entry| Digest::parse(&entry.file_name().to_string_lossy()))
}

/// Reads one image.
///
/// # Errors
/// Where the record is missing, damaged or from a newer jlproj; in a few words.
pub(crate) fn read(layout: &Layout, key: &Digest, processor: &Processor) -> Result<KnownImage, String> {
    let (record, inputs) = read_record(layout, key)?;
    Ok(known(layout, record, Arc::new(inputs), || processor.clone()))
}

/// Reads the image of inputs that are known: theirs need not be parsed. `processor` is called only where the image is not
/// for one processor: to ask for its features takes a tenth of a millisecond in a virtual machine.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_form(
    layout: &Layout,
    form: &Form,
    processor: impl FnOnce() -> Processor,
) -> Result<KnownImage, String> {
    let (record, inputs) = read_texts(layout, &form.key)?;
    if inputs.as_bytes() != form.text {
        return Err(NOT_OF_ITS_KEY.to_owned());
    }
    Ok(known(layout, record, Arc::clone(&form.inputs), processor))
}

fn known(
    layout: &Layout,
    record: ImageRecord,
    inputs: Arc<KeyInputs>,
    processor: impl FnOnce() -> Processor,
) -> KnownImage {
    let flaw = flaw(layout, &record.key, &record.file).map(|flaw| flaw.to_string());
    let unfit = record.unfit(&inputs, processor);
    let path = layout.image_file(&record.key);
    KnownImage { record, inputs, flaw, unfit, path, is_shared: false }
}

/// Explains why the folder of `key` holds no image, if it has held none for a day. `None` if it holds one, or may to a
/// newer jlproj, or cannot be read.
pub(crate) fn lasting_damage(layout: &Layout, key: &Digest) -> Option<String> {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    match read_checked(layout, key) {
        Err(Invalid::Damaged(reason)) => fs::is_older(&layout.image_folder(key), DAY).then_some(reason),
        _ => None,
    }
}

/// Reads the record and the inputs of one image.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_record(layout: &Layout, key: &Digest) -> Result<(ImageRecord, KeyInputs), String> {
    Ok(read_checked(layout, key)?)
}

/// Why a folder holds no image that can be read.
enum Invalid {
    /// In a few words.
    Damaged(String),
    Newer,
    /// What the system says.
    Unreadable(io::Error),
}

impl From<Invalid> for String {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Damaged(reason) => reason,
            Invalid::Newer => "it was made by a newer jlproj".to_owned(),
            Invalid::Unreadable(error) => error.to_string(),
        }
    }
}

const NOT_OF_ITS_KEY: &str = "its record does not belong to its key";

fn read_checked(layout: &Layout, key: &Digest) -> Result<(ImageRecord, KeyInputs), Invalid> {
    /// What every version of the inputs has.
    #[derive(Deserialize)]
    struct Version {
        key_version: u32,
    }
    let (record, inputs) = read_texts(layout, key)?;
    if Digest::of(inputs.as_bytes()) != *key {
        return Err(Invalid::Damaged(NOT_OF_ITS_KEY.to_owned()));
    }
    let is_newer =
        || serde_json::from_str(&inputs).is_ok_and(|version: Version| version.key_version > KEY_VERSION);
    let parsed = serde_json::from_str(&inputs);
    let parsed = parsed.map_err(|_| invalid("its `inputs.json` is damaged", is_newer()))?;
    Ok((record, parsed))
}

/// Reads the record of one image, and the text of its inputs.
fn read_texts(layout: &Layout, key: &Digest) -> Result<(ImageRecord, String), Invalid> {
    /// What every form of the record has.
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let folder = layout.image_folder(key);
    let text = read_text(&folder.join("image.toml"))?;
    let is_newer = || toml::from_str(&text).is_ok_and(|version: Version| version.format > RECORD_FORMAT);
    let record: ImageRecord =
        toml::from_str(&text).map_err(|_| invalid("its record `image.toml` is damaged", is_newer()))?;
    if record.format > RECORD_FORMAT {
        return Err(Invalid::Newer);
    }
    if record.key != *key {
        return Err(Invalid::Damaged(NOT_OF_ITS_KEY.to_owned()));
    }
    Ok((record, read_text(&folder.join("inputs.json"))?))
}

fn invalid(reason: &str, is_newer: bool) -> Invalid {
    if is_newer { Invalid::Newer } else { Invalid::Damaged(reason.to_owned()) }
}

fn read_text(path: &Path) -> Result<String, Invalid> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read_limited(path).map_err(Invalid::Unreadable)?;
    let bytes = bytes.ok_or_else(|| Invalid::Damaged(format!("its `{name}` is missing")))?;
    String::from_utf8(bytes).map_err(|_| Invalid::Damaged(format!("its `{name}` is damaged")))
}

/// Why the file of an image must not be used: it is no longer the recorded one, or somebody else could have changed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("its file is missing")]
    Missing,
    #[error("its file has {found} bytes, not the recorded {recorded}")]
    Size { found: u64, recorded: u64 },
    #[error("it was moved")]
    Moved,
    #[error("its file was replaced or written to")]
    Replaced,
    #[error("`{}` {risk}", place.display())]
    Exposed { place: PathBuf, risk: String },
}

/// Returns what is wrong with the file of the image of `key`.
pub(crate) fn flaw(layout: &Layout, key: &Digest, recorded: &FileRecord) -> Option<Flaw> {
    let path = layout.image_file(key);
    let stamp = Stamp::of(&path);
    if !stamp.exists {
        return Some(Flaw::Missing);
    }
    if stamp.size != recorded.size {
        return Some(Flaw::Size { found: stamp.size, recorded: recorded.size });
    }
    if path_digest(&path) != recorded.path {
        return Some(Flaw::Moved);
    }
    if (stamp.modified, stamp.inode) != (recorded.modified, recorded.inode) {
        return Some(Flaw::Replaced);
    }
    let folder = layout.image_folder(key);
    let places = [path.as_path(), &folder, &layout.images(), layout.root()];
    places.iter().find_map(|place| {
        let stamp = Stamp::of(place);
        let risk = platform::tampering_risk(stamp.owner, stamp.mode)?;
        Some(Flaw::Exposed { place: place.to_path_buf(), risk })
    })
}

/// The record of a file that is about to be published as the image of `key`.
///
/// # Errors
/// Where it cannot be read.
pub(crate) fn record_of(layout: &Layout, key: &Digest, file: &Path) -> io::Result<FileRecord> {
    let stamp = Stamp::read(file)?;
    Ok(FileRecord {
        size: stamp.size,
        modified: stamp.modified,
        inode: stamp.inode,
        path: path_digest(&layout.image_file(key)),
        contents: fs::contents_digest(file)?,
    })
}
