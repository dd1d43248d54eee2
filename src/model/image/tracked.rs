//! Files and artifacts that an image depends on and that no hash of a package's files covers.

use serde::{Deserialize, Serialize};

use crate::model::image::key::Digest;

/// A file or folder that a baked package read while it was compiled. If it changes, Julia compiles the package again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrackedFile {
    /// The name of the package.
    pub(crate) package: String,
    /// As path text.
    pub(crate) path: String,
    /// Digest of its contents, for a folder of the names in it; none if nothing of this name existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Digest>,
    /// For a file: while this state is the same, its contents need not be read again.
    #[serde(default)]
    pub(crate) state: FileState,
}

/// Signs of an unchanged file. All zero if it could have changed without a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    /// In bytes.
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
    pub(crate) changed: i64,
    pub(crate) inode: u64,
}

/// The way in which a tracked file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
    Contents,
    Gone,
    New,
}

/// An artifact that a baked package needs when it is initialised or used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Artifact {
    /// The name of the package.
    pub(crate) package: String,
    /// The name in the package's `Artifacts.toml`.
    pub(crate) name: String,
    /// `git-tree-sha1` of each installed form: the names of their folders. If the forms are for several platforms or
    /// Julias, one of them is ours.
    pub(crate) trees: Vec<String>,
}

/// Why an image that fits must not be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// A file changed since the image was made.
    Changed { package: String, path: String, change: Change },
    /// An artifact is missing.
    NoArtifact(Artifact),
    /// Starts under it died.
    Dies,
    /// A package in it has to be a direct dependency of the project.
    Indirect { package: String },
}
