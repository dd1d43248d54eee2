//! Builds in the background: for each project the last one begun, and its result.

use std::path::Path;

use crate::fs;
use crate::store::layout::Layout;

/// A project is not tried again for the same thing within this time, in seconds.
const DAY: i64 = 24 * 3600;

/// Whether a build of `wanted` (a key, or another text that identifies the state of the project) may begin now (in
/// seconds since 1970). `true` counts as begun; if that cannot be recorded, the answer is `false`.
pub(crate) fn is_due(layout: &Layout, project: &Path, now: i64, wanted: &str) -> bool {
    let path = layout.attempt(project);
    let text = fs_err::read_to_string(&path).unwrap_or_default();
    let mut lines = text.lines();
    let time = lines.next().and_then(|line| line.parse::<i64>().ok());
    let is_recent = time.is_some_and(|time| (0..DAY).contains(&now.saturating_sub(time)));
    if is_recent && lines.next() == Some(wanted) {
        return false;
    }
    fs::replace(&path, format!("{now}\n{wanted}\n").as_bytes()).is_ok()
}

/// Lets the next start try again.
pub(crate) fn withdraw(layout: &Layout, project: &Path) {
    let _ = fs_err::remove_file(layout.attempt(project));
}

/// Records the result of the build, and when it came.
pub(crate) fn note(layout: &Layout, project: &Path, now: i64, text: &str) {
    let path = layout.attempt(project);
    let known = fs_err::read_to_string(&path).unwrap_or_default();
    // Without a build that was begun by a start there are none.
    let head: Vec<&str> = known.lines().chain(["", ""]).take(2).collect();
    let text = text.replace('\n', " ");
    let _ = fs::replace(&path, format!("{}\n{now}\t{text}\n", head.join("\n")).as_bytes());
}

/// Returns the last result: its time (seconds since 1970), and its text.
pub(crate) fn last(layout: &Layout, project: &Path) -> Option<(i64, String)> {
    let text = fs_err::read_to_string(layout.attempt(project)).ok()?;
    let (time, text) = text.lines().nth(2)?.split_once('\t')?;
    Some((time.parse().ok()?, text.to_owned()))
}
