//! What each Julia said of itself, so that it is asked once.

use std::path::Path;

use crate::fs::{self, Stamp};
use crate::installation::{FORMAT, Installation};
use crate::store::layout::Layout;

/// What the Julia that `binary` starts said, if all that it rests on is unchanged.
pub(crate) fn look_up(layout: &Layout, binary: &Path) -> Option<Installation> {
    let text = fs_err::read(layout.installation(binary)).ok()?;
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
