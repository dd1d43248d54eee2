//! Leftovers of dead commands in the store, besides the folders in `tmp`: temporary files, and the locks of folders
//! that are gone.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fs;
use crate::store::layout::Layout;
use crate::store::lock::{Attempt, Lock};
use crate::store::workspace;

/// Lists all leftovers, sorted. Changes nothing.
pub(crate) fn find(layout: &Layout) -> Vec<PathBuf> {
    /// The deepest files of ours: `builders-v1/<julia>/projects/<project>/Project.toml`.
    const DEPTH: usize = 4;
    let mut found = Vec::new();
    collect(layout.root(), DEPTH, &layout.temporary(), &mut found);
    found.extend(
        entries(&layout.locks()).filter(|(path, _)| is_lock_of_none(layout, path)).map(|(path, _)| path),
    );
    found.sort_unstable();
    found
}

/// Removes everything that [`find`] finds. What cannot be removed stays for the next time.
pub(crate) fn sweep(layout: &Layout) {
    for path in find(layout) {
        let _ = remove(layout, &path);
    }
}

/// Removes one leftover that [`find`] found; `false` if it is in use now.
///
/// # Errors
/// Where it cannot be removed.
pub(crate) fn remove(layout: &Layout, path: &Path) -> io::Result<bool> {
    if path.parent() != Some(&layout.locks()) {
        return fs_err::remove_file(path).map(|()| true);
    }
    let Attempt::Taken(lock) = Lock::attempt(path)? else { return Ok(false) };
    lock.retire(path);
    Ok(true)
}

/// Collects the temporary files of dead writers, in a folder and those below it. Follows no symlink.
fn collect(folder: &Path, depth: usize, except: &Path, found: &mut Vec<PathBuf>) {
    for (path, kind) in entries(folder) {
        if kind.is_dir() && depth > 0 && path != except {
            collect(&path, depth - 1, except, found);
        } else if !kind.is_dir() && fs::is_abandoned(&path) {
            found.push(path);
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = (PathBuf, std::fs::FileType)> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?)))
}

/// Whether a lock belongs to a folder in `tmp` that is gone. A young lock may belong to a folder about to be made.
fn is_lock_of_none(layout: &Layout, lock: &Path) -> bool {
    const MINUTE: Duration = Duration::from_secs(60);
    let name = lock.file_stem().unwrap_or_default();
    let is_of_folder = name.to_string_lossy().starts_with(workspace::PREFIX);
    is_of_folder
        && fs::is_older(lock, MINUTE)
        && !Lock::is_held(lock)
        && !layout.temporary().join(name).exists()
}
