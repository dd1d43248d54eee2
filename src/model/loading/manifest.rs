//! A `Manifest.toml`: the exact packages of an environment and how they depend on each other.
//!
//! Reads formats 1.0 (Julia up to 1.6), 2.0, 2.1 (Pkg of Julia 1.13: registries, which loading does not look at) and
//! later formats of the same shape, as `base/loading.jl` of Julia 1.12 to 1.14 does (`get_deps`, `dep_stanza_get`,
//! `explicit_manifest_deps_get`). A value holds the meaning of the file, not its form: a manifest gives dependencies as
//! a list of names or as a table from names to UUIDs, and both come out equal.

mod filtered;
#[cfg(test)]
mod tests;

pub(crate) use filtered::merged;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use toml::de::DeValue;
use uuid::Uuid;

use crate::model::loading::toml_file::{self, Fields, TomlError};

/// `manifest_format`; later formats compare as greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Format {
    /// 1 where the file does not say.
    pub(crate) major: u32,
    /// 0 where the file does not say.
    pub(crate) minor: u32,
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
    /// All packages by identity. Entries without a UUID are skipped, as in Julia.
    pub(crate) packages: BTreeMap<Uuid, Package>,
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
        let packages = packages.into_iter().map(|package| (package.uuid, package)).collect();
        Self { format: Format { major: 1, minor: 0 }, julia_version: None, packages }
    }

    /// Reads a manifest; an empty one has no packages.
    ///
    /// # Errors
    ///
    /// [`TomlError`]: no text, no TOML, too large, or a field that decides what is loaded has
    /// another type than Julia reads.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TomlError> {
        let table = toml_file::borrowed(toml_file::text(bytes)?)?;
        let root = Fields::root(&table);
        let format = format(&root)?;
        let stanzas = stanzas(&root)?;
        let only = only_uuids(&stanzas);
        let held: BTreeSet<Uuid> = stanzas.iter().map(|stanza| stanza.uuid).collect();
        let mut packages = BTreeMap::new();
        for stanza in &stanzas {
            // If an identity occurs twice, Julia takes the first.
            if let Entry::Vacant(place) = packages.entry(stanza.uuid) {
                place.insert(package(stanza, &only, &held)?);
            }
        }
        let julia_version = if is_flat(&root) { None } else { root.owned("julia_version")? };
        Ok(Self { format, julia_version, packages })
    }
}

/// One entry of the file, with its required identity.
struct Stanza<'a> {
    name: &'a str,
    uuid: Uuid,
    /// Whether no other entry, even one without a UUID, has this name.
    single: bool,
    fields: Fields<'a>,
}

/// Whether the packages are the file's top level (`is_v1_format_manifest`, Julia 1.6.2 and later): `manifest_format` is
/// missing, or is a table with a UUID and so a package.
fn is_flat(root: &Fields<'_>) -> bool {
    match root.value("manifest_format") {
        None => true,
        Some(DeValue::Table(table)) => table.contains_key("uuid"),
        Some(_) => false,
    }
}

fn format(root: &Fields<'_>) -> Result<Format, TomlError> {
    if is_flat(root) {
        return Ok(Format { major: 1, minor: 0 });
    }
    let text = match root.value("manifest_format") {
        Some(DeValue::String(text)) => text.as_ref(),
        Some(DeValue::Float(number)) => number.as_str(),
        Some(DeValue::Integer(number)) => number.as_str(),
        _ => return Err(root.wrong("manifest_format", "a version")),
    };
    let mut numbers = text.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), None) => Ok(Format { major, minor: 0 }),
        (Some(Ok(major)), Some(Ok(minor))) => Ok(Format { major, minor }),
        _ => Err(root.wrong("manifest_format", "a version")),
    }
}

fn stanzas<'a>(root: &Fields<'a>) -> Result<Vec<Stanza<'a>>, TomlError> {
    let mut found = Vec::new();
    if is_flat(root) {
        for (name, value) in root.iter() {
            // Anything else at the top level is a field that format 1 does not have.
            if let Some(list) = value.as_array() {
                append(&mut found, root, name, list)?;
            }
        }
    } else if let Some(packages) = root.table("deps")? {
        for (name, value) in packages.iter() {
            let list = value.as_array().ok_or_else(|| packages.wrong(name, "a list of tables"))?;
            append(&mut found, &packages, name, list)?;
        }
    }
    Ok(found)
}

fn append<'a>(
    found: &mut Vec<Stanza<'a>>,
    parent: &Fields<'a>,
    name: &'a str,
    list: &'a toml::de::DeArray<'a>,
) -> Result<(), TomlError> {
    for item in list {
        let table = item.get_ref().as_table().ok_or_else(|| parent.wrong(name, "a list of tables"))?;
        let fields = parent.below(name, table);
        if let Some(uuid) = fields.uuid("uuid")? {
            found.push(Stanza { name, uuid, single: list.len() == 1, fields });
        }
    }
    Ok(())
}

/// Maps names that stand for one UUID to it: Julia demands exactly one entry of a name that is listed
/// (`base/loading.jl` 1.6 to 1.12: "expected a single entry for").
fn only_uuids<'a>(stanzas: &[Stanza<'a>]) -> HashMap<&'a str, Uuid> {
    let single = stanzas.iter().filter(|stanza| stanza.single);
    single.map(|stanza| (stanza.name, stanza.uuid)).collect()
}

fn package(
    stanza: &Stanza<'_>,
    only: &HashMap<&str, Uuid>,
    held: &BTreeSet<Uuid>,
) -> Result<Package, TomlError> {
    let fields = &stanza.fields;
    let (dependencies, mut unresolved_dependencies) = links(fields, "deps", only)?;
    let missing = dependencies.iter().filter(|(_, uuid)| !held.contains(uuid));
    unresolved_dependencies.extend(missing.map(|(name, _)| name.clone()));
    let (weak_dependencies, unresolved_weak_dependencies) = links(fields, "weakdeps", only)?;
    Ok(Package {
        name: stanza.name.to_owned(),
        uuid: stanza.uuid,
        version: fields.owned("version")?,
        source: source(fields)?,
        dependencies,
        unresolved_dependencies,
        weak_dependencies,
        unresolved_weak_dependencies,
        extensions: fields.extensions()?,
        entry_file: fields.owned("entryfile")?,
        repository: repository(fields)?,
        syntax: syntax(fields),
    })
}

/// `path` wins over the tree hash, as in `explicit_manifest_entry_path` (Julia 1.7 to 1.13;
/// `explicit_manifest_entry_load_spec` of 1.14).
fn source(fields: &Fields<'_>) -> Result<Source, TomlError> {
    Ok(match (fields.owned("path")?, fields.owned("git-tree-sha1")?) {
        (Some(path), _) => Source::Path(path),
        (None, Some(hash)) => Source::Tree(hash),
        (None, None) => Source::Stdlib,
    })
}

fn repository(fields: &Fields<'_>) -> Result<Option<Repository>, TomlError> {
    let repository = Repository {
        url: fields.owned("repo-url")?,
        revision: fields.owned("repo-rev")?,
        subdirectory: fields.owned("repo-subdir")?,
    };
    Ok(Some(repository).filter(|repository| *repository != Repository::default()))
}

/// Returns the minor release of `syntax.julia_version`; caches distinguish no more than that either
/// (`explicit_manifest_entry_load_spec` and `cache_syntax_version`, `base/loading.jl` on master of 2026-06-12). Text
/// that is no version is left for Julia to refuse: before 1.14 it does not look.
fn syntax(fields: &Fields<'_>) -> Option<String> {
    const OLDEST: (u32, u32) = (1, 13);
    let text = fields.value("syntax")?.as_table()?.get("julia_version")?.get_ref().as_str()?;
    let mut numbers = text.split('.').map(str::parse::<u32>);
    let release = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    (release > OLDEST).then(|| format!("{}.{}", release.0, release.1))
}

type Links = (BTreeMap<String, Uuid>, BTreeSet<String>);

/// Reads `deps` or `weakdeps` in either form; names without a known UUID come second.
fn links<'a>(fields: &Fields<'a>, key: &'a str, only: &HashMap<&str, Uuid>) -> Result<Links, TomlError> {
    if !matches!(fields.value(key), Some(DeValue::Array(_))) {
        return Ok((fields.uuids(key)?, BTreeSet::new()));
    }
    let mut links = Links::default();
    for name in fields.strings(key)? {
        match only.get(name) {
            Some(&uuid) => drop(links.0.insert(name.to_owned(), uuid)),
            None => drop(links.1.insert(name.to_owned())),
        }
    }
    Ok(links)
}
