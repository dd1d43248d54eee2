//! What each Julia said of itself, so that it is asked once.

use std::path::Path;

use crate::fs::{self, Stamp};
use crate::installation::{FORMAT, Installation};
use crate::store::layout::Layout;
use crate::store::protection;

/// What the Julia that `binary` starts said, if all that it rests on is unchanged.
pub(crate) fn look_up(layout: &Layout, binary: &Path) -> Option<Installation> {
    let path = layout.installation(binary);
    let text = protection::is_ours(layout, &path).then(|| fs_err::read(&path).ok())??;
    let installation: Installation = serde_json::from_slice(&text).ok()?;
    let same = installation.format == FORMAT
        && &*installation.binary == binary
        && installation.files.iter().all(|(path, stamp)| Stamp::of(path) == *stamp);
    same.then_some(installation)
}

/// Keeps what a Julia said; where that fails, it is asked again next time.
pub(crate) fn keep(layout: &Layout, installation: &Installation) {
    if let Ok(text) = serde_json::to_vec(installation) {
        let _ = fs::replace(&layout.installation(&installation.binary), &text);
    }
}

/// A Julia that was asked once.
#[derive(Debug)]
pub(crate) struct KnownJulia {
    pub(crate) installation: Installation,
    /// The program is still there, or that cannot be told now.
    pub(crate) is_there: bool,
    /// All that its answer rests on is unchanged.
    pub(crate) is_unchanged: bool,
}

/// Every Julia that was asked, as far as that can be read, sorted by path.
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
