//! Locates juliaup's settings, and recognises its launcher among the `julia`s on PATH.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why juliaup's folder is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum LocationError {
    #[error("`JULIAUP_DEPOT_PATH` is `{0}`, which is not an absolute path")]
    NotAbsolute(String),
    #[error("there is no home directory to find juliaup's settings in")]
    NoHome,
}

/// Returns the path of `juliaup.json`: in `juliaup` below `JULIAUP_DEPOT_PATH`, else below `.julia` at home. The
/// variable is trimmed; an empty one, and one that is not UTF-8, count as unset (`src/global_paths.rs` 1.23.0).
/// `JULIA_DEPOT_PATH` plays no part.
///
/// # Errors
/// A relative `JULIAUP_DEPOT_PATH`; a missing or relative home if it is needed.
pub(crate) fn config_file(depot_path: Option<&OsStr>, home: Option<&Path>) -> Result<PathBuf, LocationError> {
    let depot = depot_path.and_then(OsStr::to_str).map(str::trim).filter(|path| !path.is_empty());
    let base = match depot {
        Some(depot) if Path::new(depot).is_absolute() => PathBuf::from(depot),
        Some(depot) => return Err(LocationError::NotAbsolute(depot.to_owned())),
        None => home.filter(|home| home.is_absolute()).ok_or(LocationError::NoHome)?.join(".julia"),
    };
    Ok(base.join("juliaup").join("juliaup.json"))
}

/// Facts about a `julia` on PATH.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launcher<'a> {
    /// Its canonical path: links followed to the end.
    pub(crate) canonical: &'a Path,
    /// Whether a `juliaup` (`juliaup.exe`) stands beside the canonical file.
    pub(crate) juliaup_beside: bool,
    /// Whether that folder is the `bin` of a Julia: `../share/julia` or `../lib/julia` is there.
    pub(crate) julia_around: bool,
}

/// Whether the file is juliaup's launcher: it is called `julialauncher` (the installer, Homebrew and
/// distributions link `julia` to it), or it is a `julia` in juliaup's own bin folder (cargo installs the
/// launcher under that name, Windows ships it so).
#[must_use]
pub(crate) fn is_launcher(file: Launcher<'_>) -> bool {
    let name = file.canonical.file_stem();
    if name == Some(OsStr::new("julialauncher")) {
        return true;
    }
    let folder = file.canonical.parent();
    let own_folder = folder.is_some_and(|folder| folder.ends_with(".juliaup/bin"));
    name == Some(OsStr::new("julia")) && (own_folder || (file.juliaup_beside && !file.julia_around))
}
