//! Limits the notice that a project has no image to once a day.

use std::path::Path;

use crate::fs::{self, Stamp};
use crate::store::layout::Layout;

const DAY: i64 = 24 * 3600;

/// Whether the notice may be printed now (`now` in seconds since 1970). `true` counts as printed; if that cannot be
/// recorded, the answer is `false`, or the notice would come at every start.
pub(crate) fn is_due(layout: &Layout, project: &Path, now: i64) -> bool {
    let path = layout.notice(project);
    let stamp = Stamp::of(&path);
    let last = fs_err::read_to_string(&path).ok().and_then(|text| text.trim().parse::<i64>().ok());
    if stamp.exists && last.is_some_and(|last| (0..DAY).contains(&now.saturating_sub(last))) {
        return false;
    }
    fs::replace(&path, now.to_string().as_bytes()).is_ok()
}
