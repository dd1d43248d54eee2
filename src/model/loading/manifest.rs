//! A `Manifest.toml`: the exact packages of an environment and how they depend on each other.
//!
//! Reads formats 1.0 (Julia up to 1.6), 2.0, 2.1 (Pkg of Julia 1.13: registries, which loading does not look at) and
//! later formats of the same shape, as `base/loading.jl` of Julia 1.12 to 1.14 does (`get_deps`, `dep_stanza_get`,
//! `explicit_manifest_deps_get`). A value holds the meaning of the file, not its form: a manifest gives dependencies as
//! a list of names or as a table from names to UUIDs, and both come out equal.

mod filtered;
mod pieces;
mod stanzas;
#[cfg(test)]
mod tests;

pub(crate) use filtered::merged;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use uuid::Uuid;

use crate::model::loading::toml_file::{self, TomlError};

/// `manifest_format`; later formats compare as greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Format {
    /// 1 where the file does not say.
    pub(crate) major: u32,
    /// 0 where the file does not say.
    pub(crate) minor: u32,
}

impl Format {
    /// That of a file that does not say.
    pub(crate) const OLDEST: Self = Self { major: 1, minor: 0 };
}

/// Where a package's code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `git-tree-sha1`: installed in a depot, content known.
    Tree(String),
    /// `path`: a folder, relative to the manifest's own; its content can change at any time.
    Path(String),
    /// Neither: comes with Julia.
    Stdlib,
}

impl Source {
    /// Whether the code comes with Julia.
    #[must_use]
    pub(crate) fn is_standard_library(&self) -> bool {
        matches!(self, Self::Stdlib)
    }
}

/// `repo-url` and the fields beside it: a package taken from a repository and not a registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Repository {
    /// `repo-url`.
    pub(crate) url: Option<String>,
    /// `repo-rev`.
    pub(crate) revision: Option<String>,
    /// `repo-subdir`.
    pub(crate) subdirectory: Option<String>,
}

/// One package of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// The name that it is loaded by.
    pub(crate) name: String,
    /// Its identity; two packages may share a name.
    pub(crate) uuid: Uuid,
    /// `version` as written; standard libraries may have none.
    pub(crate) version: Option<String>,
    /// Where its code comes from.
    pub(crate) source: Source,
    /// Strong dependencies, as far as their UUIDs are known.
    pub(crate) dependencies: BTreeMap<String, Uuid>,
    /// Strong dependencies that this manifest does not hold, or holds more than once under a name that is listed
    /// without its UUID. Julia fails to load a package with any of these.
    pub(crate) unresolved_dependencies: BTreeSet<String>,
    /// Weak dependencies whose UUIDs are known; the manifest may or may not hold them.
    pub(crate) weak_dependencies: BTreeMap<String, Uuid>,
    /// Weak dependencies listed by a name whose UUID is unknown.
    pub(crate) unresolved_weak_dependencies: BTreeSet<String>,
    /// Extensions (Julia 1.9 and later): name to triggers.
    pub(crate) extensions: BTreeMap<String, Vec<String>>,
    /// `entryfile` (Julia 1.11 and later), relative to the package's folder.
    pub(crate) entry_file: Option<String>,
    /// The repository that it was taken from, if it was.
    pub(crate) repository: Option<Repository>,
    /// `syntax.julia_version` (Julia 1.14 and later): the release in whose language its code is read, such as `1.14`.
    /// `None` for 1.13, which is the oldest, and the default.
    pub(crate) syntax: Option<String>,
}

/// A manifest's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The format that the file claims to have. A major number above 2 is read like 2, as Julia does; callers that must
    /// not misread it have to check.
    pub(crate) format: Format,
    /// The Julia that it was resolved for (format 2).
    pub(crate) julia_version: Option<String>,
    /// All packages by identity, each in memory of its own: to keep a thousand in order moves no more than pointers. Entries
    /// without a UUID are skipped, as in Julia.
    pub(crate) packages: BTreeMap<Uuid, Box<Package>>,
}

impl Package {
    /// A standard library, as a manifest of format 1 has it.
    #[must_use]
    pub(crate) fn standard_library(uuid: Uuid, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            uuid,
            version: None,
            source: Source::Stdlib,
            dependencies: BTreeMap::new(),
            unresolved_dependencies: BTreeSet::new(),
            weak_dependencies: BTreeMap::new(),
            unresolved_weak_dependencies: BTreeSet::new(),
            extensions: BTreeMap::new(),
            entry_file: None,
            repository: None,
            syntax: None,
        }
    }
}

impl Manifest {
    /// A manifest of these packages.
    #[must_use]
    pub(crate) fn of(packages: impl IntoIterator<Item = Package>) -> Self {
        let packages = packages.into_iter().map(|package| (package.uuid, Box::new(package))).collect();
        Self { format: Format::OLDEST, julia_version: None, packages }
    }

    /// Reads a manifest; an empty one has no packages.
    ///
    /// # Errors
    ///
    /// [`TomlError`]: no text, no TOML, too large, or a field that decides what is loaded has
    /// another type than Julia reads.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TomlError> {
        let text = toml_file::text(bytes)?;
        // What is wrong, and where, only the whole tells.
        stanzas::read(pieces::pieces(text, pieces::ENOUGH)).or_else(|_| stanzas::read(iter::once(text)))
    }
}
