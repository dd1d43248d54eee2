//! Answers of each Julia about itself, kept so that it is probed once.

use std::path::Path;

use crate::fs::{self, Stamp};
use crate::installation::{FORMAT, Installation};
use crate::store::layout::Layout;
use crate::store::protection;

/// Returns the answers of the Julia that `binary` starts, if the files that they depend on are unchanged.
pub(crate) fn look_up(layout: &Layout, binary: &Path) -> Option<Installation> {
    let path = layout.installation(binary);
    let text = protection::is_ours(layout, &path).then(|| fs_err::read(&path).ok())??;
    let installation: Installation = serde_json::from_slice(&text).ok()?;
    let same = installation.format == FORMAT
        && &*installation.binary == binary
        && installation.files.iter().all(|(path, stamp)| Stamp::of(path) == *stamp);
    same.then_some(installation)
}

/// Keeps a Julia's answers; if that fails, it is probed again next time.
pub(crate) fn keep(layout: &Layout, installation: &Installation) {
    if let Ok(text) = serde_json::to_vec(installation) {
        let _ = fs::replace(&layout.installation(&installation.binary), &text);
    }
}

/// A Julia that was probed.
#[derive(Debug)]
pub(crate) struct KnownJulia {
    pub(crate) installation: Installation,
    /// Whether the program is still there; `true` if unknown.
    pub(crate) is_there: bool,
    /// Whether the files that its answers depend on are unchanged.
    pub(crate) is_unchanged: bool,
}

/// Reads the answers of every Julia, as far as they can be read, sorted by path.
pub(crate) fn read_all(layout: &Layout) -> Vec<KnownJulia> {
    let Ok(entries) = fs_err::read_dir(layout.installations()) else { return Vec::new() };
    let mut known: Vec<KnownJulia> = entries
        .flatten()
        .filter_map(|entry| serde_json::from_slice(&fs::read_limited(&entry.path()).ok()??).ok())
        .filter(|installation: &Installation| installation.format == FORMAT)
        .map(|installation| {
            let found = fs_err::metadata(&*installation.real_binary);
            KnownJulia {
                is_there: found.map_or_else(|error| !fs::is_absence(&error), |metadata| metadata.is_file()),
                is_unchanged: installation.files.iter().all(|(path, stamp)| Stamp::of(path) == *stamp),
                installation,
            }
        })
        .collect();
    known.sort_by(|left, right| left.installation.binary.cmp(&right.installation.binary));
    known
}
