//! Whether the store is ours alone: an image is code that Julia runs without asking.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::Stamp;
use crate::platform;
use crate::store::layout::Layout;

/// Why nothing can be built in the store.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// A folder of it belongs to somebody else; `risk` says how.
    Foreign { folder: PathBuf, risk: String },
    /// It cannot be written.
    NotWritable(io::Error),
}

/// Lists the store and the folders in it: images, and scripts and environments that builds run.
fn folders(layout: &Layout) -> impl Iterator<Item = (PathBuf, Stamp)> {
    let entries = fs_err::read_dir(layout.root()).into_iter().flatten().flatten();
    let folders = std::iter::once(layout.root().to_owned()).chain(entries.map(|entry| entry.path()));
    let stamped = folders.map(|folder| (folder.clone(), Stamp::of(&folder)));
    stamped.filter(|(folder, _)| folder.is_dir())
}

/// Whether a file in the store, and every folder from the root to it, is ours and writable by us alone. Its contents
/// may then be acted on.
pub(crate) fn is_ours(layout: &Layout, file: &Path) -> bool {
    let places = file.ancestors().take_while(|place| place.starts_with(layout.root()));
    places
        .map(Stamp::of)
        .all(|stamp| stamp.exists && platform::tampering_risk(stamp.owner, stamp.mode).is_none())
}

/// Checks that images can be put into the store and be trusted there. Changes nothing.
///
/// # Errors
/// Where they cannot.
pub(crate) fn check(layout: &Layout) -> Result<(), Trouble> {
    for (folder, stamp) in folders(layout) {
        // A mode is ours to change, an owner is not.
        if let Some(risk) = platform::tampering_risk(stamp.owner, 0) {
            return Err(Trouble::Foreign { folder, risk });
        }
    }
    let root = layout.root();
    let existing = root.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    tempfile::tempfile_in(existing).map(|_| ()).map_err(Trouble::NotWritable)
}

/// Takes the right to write from all others, and returns the folders where they had it. Images that they may have put
/// there are not used: each must be a file of ours, in a folder of ours, that nobody else could write.
///
/// # Errors
/// Where the mode cannot be changed.
pub(crate) fn tighten(layout: &Layout) -> io::Result<Vec<PathBuf>> {
    let mut tightened = Vec::new();
    for (folder, stamp) in folders(layout) {
        if platform::tampering_risk(stamp.owner, stamp.mode).is_some() {
            platform::withdraw_writing(&folder, stamp.mode)?;
            tightened.push(folder);
        }
    }
    Ok(tightened)
}
