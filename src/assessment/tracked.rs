//! Files that packages read while they were compiled and that no tree hash covers: found when an image is made, and
//! checked again for each verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::assessment::ProjectState;
use crate::context;
use crate::fs::{self, ObservedFiles, Stamp};
use crate::julia::import::FileRead;
use crate::model::image::git_tree::{self, Entry, Mode};
use crate::model::image::key::{BakedPackage, Digest};
use crate::model::image::tracked::{Change, FileState, TrackedFile};
use crate::model::loading::files::Files as _;
use crate::path_text;
use crate::platform;

/// Returns the state of those files that no tree hash covers.
///
/// # Errors
/// Where one cannot be read.
pub(crate) fn track(
    read: &[FileRead],
    state: &ProjectState,
    packages: &[BakedPackage],
) -> io::Result<Vec<TrackedFile>> {
    let covered = Covered::by(state, packages);
    let mut tracked = BTreeMap::new();
    for FileRead { name, path } in read {
        if !tracked.contains_key(path) && !covered.has(path) {
            tracked.insert(path, state_of(name, path)?);
        }
    }
    Ok(tracked.into_values().collect())
}

fn state_of(package: &str, path: &Path) -> io::Result<TrackedFile> {
    let before = context::clock();
    let stamp = Stamp::of(path);
    let contents = stamp.exists.then(|| contents_of(path)).transpose()?;
    // A file written just now could be written again in the same instant.
    let is_certain = stamp.exists && !stamp.is_racy(before) && path.is_file();
    Ok(TrackedFile {
        package: package.to_owned(),
        path: path_text::encode(path),
        contents,
        state: if is_certain { file_state(stamp) } else { FileState::default() },
    })
}

const fn file_state(stamp: Stamp) -> FileState {
    let Stamp { size, modified, changed, inode, .. } = stamp;
    FileState { size, modified, changed, inode }
}

/// Digest of a file's contents; for a folder, of the names in it, which is what Julia compares (`base/loading.jl` 1.11
/// and later; before, the time at which a name was last added or removed).
fn contents_of(path: &Path) -> io::Result<Digest> {
    if !path.is_dir() {
        return fs::contents_digest(path);
    }
    let names = fs_err::read_dir(path)?.map(|entry| Ok(entry?.file_name()));
    let names: BTreeSet<_> = names.collect::<io::Result<_>>()?;
    let names: Vec<&[u8]> = names.iter().map(|name| platform::bytes(name)).collect();
    Ok(Digest::of(&names.join(&0)))
}

/// How a file differs from its state when an image was made; `None` if it does not.
pub(crate) fn changed_file(tracked: &TrackedFile, files: &ObservedFiles) -> Option<Change> {
    let path = path_text::decode(&tracked.path);
    let stamp = files.observe(&path);
    let Some(recorded) = &tracked.contents else { return stamp.exists.then_some(Change::New) };
    if !stamp.exists {
        return Some(Change::Gone);
    }
    if files.is_directory(&path) {
        files.observe_listing(&path);
    } else if tracked.state == file_state(stamp) {
        return None;
    }
    let is_same = contents_of(&path).is_ok_and(|contents| contents == *recorded);
    (!is_same).then_some(Change::Contents)
}

/// Files covered by a hash that is in the key or in their path.
struct Covered {
    /// Folders of the packages, with the files in them that are not of their trees; `None` if these are unknown.
    packages: Vec<(PathBuf, Option<BTreeSet<PathBuf>>)>,
    /// Folders in which each name stands for its contents.
    artifacts: Vec<PathBuf>,
}

impl Covered {
    fn by(state: &ProjectState, packages: &[BakedPackage]) -> Self {
        let files = ObservedFiles::default();
        let registered = packages.iter().filter(|package| !package.tree.is_empty());
        let packages = registered.filter_map(|package| {
            let folder = state.installed_folder(&package.name, &package.uuid, &package.tree, &files)?;
            let folder = fs::canonicalize(folder).ok()?;
            let additions = additions(&folder, &package.tree);
            Some((folder, additions))
        });
        let artifacts = state.depots.iter().map(|depot| resolved(&depot.join("artifacts")));
        Self { packages: packages.collect(), artifacts: artifacts.collect() }
    }

    fn has(&self, path: &Path) -> bool {
        let path = resolved(path);
        let is_covered = |(folder, additions): &(PathBuf, Option<BTreeSet<PathBuf>>)| {
            let below = path.strip_prefix(folder).ok()?;
            Some(additions.as_ref().is_some_and(|additions| !additions.contains(below)) && path.exists())
        };
        let of_package = self.packages.iter().find_map(is_covered);
        of_package.unwrap_or_else(|| self.artifacts.iter().any(|folder| path.starts_with(folder)))
    }
}

/// Resolves symbolic links, as far as the path exists.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => path.to_owned(),
    })
}

/// Files in a package's folder that are not of the tree of this hash, relative to the folder: the files written by its
/// build are newer than the installed ones. `None` if they are unknown, since the tree itself was changed, too.
fn additions(folder: &Path, tree: &str) -> Option<BTreeSet<PathBuf>> {
    let mut files = Vec::new();
    for entry in walk(folder) {
        let entry = entry.ok()?;
        let below = entry.path().strip_prefix(folder).ok()?.to_owned();
        let stamp = Stamp::of_entry(entry.path()).ok()?;
        files.push((stamp.modified, below, git_entry(folder, entry.path(), stamp)?));
    }
    files.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
    let entries: Vec<Entry> = files.iter().map(|(_, _, entry)| entry.clone()).collect();
    let count = git_tree::additions(&entries, tree)?;
    Some(files.into_iter().rev().take(count).map(|(_, below, _)| below).collect())
}

/// All files below a folder but those of git itself.
fn walk(folder: &Path) -> impl Iterator<Item = Result<ignore::DirEntry, ignore::Error>> {
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.standard_filters(false).follow_links(false).filter_entry(|entry| entry.file_name() != ".git");
    let is_folder = |entry: &ignore::DirEntry| entry.file_type().is_some_and(|kind| kind.is_dir());
    walk.build().filter(move |entry| !entry.as_ref().is_ok_and(is_folder))
}

fn git_entry(folder: &Path, path: &Path, stamp: Stamp) -> Option<Entry> {
    const EXECUTABLE_BY_OWNER: u32 = 0o100;
    let below = path.strip_prefix(folder).ok()?;
    let names = below.iter().map(|name| platform::bytes(name).to_vec()).collect();
    let metadata = fs_err::symlink_metadata(path).ok()?;
    if metadata.is_symlink() {
        let target = fs_err::read_link(path).ok()?;
        return Some(Entry::new(names, Mode::Link, platform::bytes(target.as_os_str())));
    }
    let mode = if stamp.mode & EXECUTABLE_BY_OWNER == 0 { Mode::Plain } else { Mode::Executable };
    Some(Entry::new(names, mode, &fs_err::read(path).ok()?))
}
