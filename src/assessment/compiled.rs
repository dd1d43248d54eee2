//! The files below `compiled` of the depots.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::fs::Stamp;
use crate::model::caches::name::CacheName;
use crate::platform;

/// A precompile file with the native code beside it, or another file there.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) depot: PathBuf,
    /// Below the depot: `compiled/v1.10/DataFrames`.
    pub(crate) folder: PathBuf,
    /// `v1.10`.
    pub(crate) release: String,
    /// Empty for files beside the packages' folders.
    pub(crate) package: String,
    pub(crate) kind: Kind,
    /// When it was made, in seconds since 1970, if the file system records it.
    pub(crate) created: Option<i64>,
    /// File names, the precompile file first, with their state.
    pub(crate) files: Vec<(String, Stamp)>,
}

/// Kind of a file, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A precompile file, with the second part of its name.
    Cache {
        project_slug: String,
    },
    /// File of a compilation that did not end, or native code alone.
    Leftover,
    Other,
}

impl Compiled {
    /// Size of all files, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, stamp)| stamp.size).sum()
    }

    /// When it was last loaded, in seconds since 1970: Julia touches a precompile file when it loads it.
    pub(crate) fn last_use(&self) -> i64 {
        self.files.first().map_or(0, |(_, stamp)| stamp.modified.div_euclid(1_000_000_000))
    }

    /// The path of the first of its files.
    pub(crate) fn path(&self) -> PathBuf {
        let folder = self.depot.join(&self.folder);
        self.files.first().map_or(folder.clone(), |(name, _)| folder.join(name))
    }
}

/// Files found in all depots.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Compiled>,
    /// Folders that were not entered, and why.
    pub(crate) passed_over: Vec<String>,
}

/// Lists the files below `compiled` of `depots`. Follows no link below a depot, and enters no `compiled` of another
/// user.
pub(crate) fn list(depots: &[PathBuf]) -> Listing {
    let mut listing = Listing::default();
    for depot in depots {
        let compiled = depot.join("compiled");
        let Ok(metadata) = fs_err::symlink_metadata(&compiled) else { continue };
        let stamp = Stamp::of_entry(&compiled).unwrap_or_default();
        if metadata.is_symlink() {
            listing.passed_over.push(format!("{}: a symbolic link", compiled.display()));
        } else if platform::tampering_risk(stamp.owner, 0).is_some() {
            // A depot that comes with Julia may be such a one, too.
            listing.passed_over.push(format!("{}: of another user", compiled.display()));
        } else {
            for release in folders(&compiled, &mut listing.passed_over) {
                list_release(depot, &release, &mut listing);
            }
        }
    }
    listing
}

fn list_release(depot: &Path, release: &str, listing: &mut Listing) {
    let folder = Path::new("compiled").join(release);
    list_folder(depot, &folder, release, "", listing);
    for package in folders(&depot.join(&folder), &mut listing.passed_over) {
        list_folder(depot, &folder.join(&package), release, &package, listing);
    }
}

/// Names of the folders in a folder, without links.
fn folders(path: &Path, passed_over: &mut Vec<String>) -> Vec<String> {
    let entries = match fs_err::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            passed_over.push(error.to_string());
            return Vec::new();
        }
    };
    let is_folder = |entry: &fs_err::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let folders = entries.flatten().filter(is_folder);
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

fn list_folder(depot: &Path, folder: &Path, release: &str, package: &str, listing: &mut Listing) {
    let entries = match fs_err::read_dir(depot.join(folder)) {
        Ok(entries) => entries,
        Err(error) => return listing.passed_over.push(error.to_string()),
    };
    let mut caches: BTreeMap<String, Compiled> = BTreeMap::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(stamp) = Stamp::of_entry(&entry.path()) else { continue };
        let (stem, kind, is_native) = match CacheName::parse(&name) {
            CacheName::Cache { stem, project_slug, is_native } if !package.is_empty() => {
                (stem, Kind::Cache { project_slug: project_slug.to_owned() }, is_native)
            }
            CacheName::Leftover => (name.as_str(), Kind::Leftover, false),
            CacheName::Cache { .. } | CacheName::Other => (name.as_str(), Kind::Other, false),
        };
        let known = caches.entry(stem.to_owned()).or_insert_with(|| Compiled {
            depot: depot.to_owned(),
            folder: folder.to_owned(),
            release: release.to_owned(),
            package: package.to_owned(),
            kind,
            created: entry.metadata().ok().as_ref().and_then(created),
            files: Vec::new(),
        });
        let place = if is_native { known.files.len() } else { 0 };
        known.files.insert(place, (name, stamp));
    }
    for mut known in caches.into_values() {
        let is_alone = known
            .files
            .first()
            .is_some_and(|(name, _)| Path::new(name).extension() != Some(OsStr::new("ji")));
        if matches!(known.kind, Kind::Cache { .. }) && is_alone {
            known.kind = Kind::Leftover;
        }
        listing.files.push(known);
    }
}

fn created(metadata: &std::fs::Metadata) -> Option<i64> {
    let since = metadata.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}
