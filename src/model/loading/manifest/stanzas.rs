//! The packages of a manifest, from its text.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;

use toml::de::{DeArray, DeTable, DeValue};
use uuid::Uuid;

use crate::model::loading::manifest::{Format, Manifest, Package, Repository, Source};
use crate::model::loading::toml_file::{self, Fields, TomlError};

/// Reads a manifest from TOML texts that are one when put together, each of whole statements. Fields of the whole file
/// are in the first.
///
/// # Errors
///
/// As [`Manifest::parse`], with places in one of the texts.
pub(super) fn read<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Manifest, TomlError> {
    let mut head: Option<Head> = None;
    let mut stanzas = Stanzas::default();
    for text in texts {
        let table = toml_file::borrowed(text)?;
        let root = Fields::root(&table);
        let head = match &head {
            None => head.insert(Head::of(&root)?),
            Some(head) => head.before(&root)?,
        };
        stanzas.append(&root, head.is_flat)?;
    }
    let (format, julia_version) =
        head.map_or((Format::OLDEST, None), |head| (head.format, head.julia_version));
    Ok(Manifest { format, julia_version, packages: stanzas.resolve() })
}

/// What a manifest says of itself.
struct Head {
    format: Format,
    julia_version: Option<String>,
    /// Whether the packages are the file's top level.
    is_flat: bool,
}

impl Head {
    const FIELDS: [&str; 2] = ["manifest_format", "julia_version"];

    fn of(root: &Fields<'_>) -> Result<Self, TomlError> {
        let is_flat = is_flat(root);
        let format = if is_flat { Format::OLDEST } else { format(root)? };
        let julia_version = if is_flat { None } else { root.owned("julia_version")? };
        Ok(Self { format, julia_version, is_flat })
    }

    /// Checks that a later text has none of these fields and, where packages are the top level, nothing but packages: a
    /// table may belong to one of a text before it, as `[Example.deps]` does.
    fn before(&self, root: &Fields<'_>) -> Result<&Self, TomlError> {
        if let Some(field) = Self::FIELDS.iter().find(|field| root.value(field).is_some()) {
            return Err(root.wrong(field, "at the top"));
        }
        if self.is_flat
            && let Some((name, _)) = root.iter().find(|(_, value)| !value.is_array())
        {
            return Err(root.wrong(name, "a list of tables"));
        }
        Ok(self)
    }
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

/// The packages that were read. Dependencies that a list names are not resolved yet: which packages have their names, only
/// the end of the file tells.
#[derive(Default)]
struct Stanzas {
    packages: BTreeMap<Uuid, Box<Package>>,
    /// The UUID that a name stands for; `None` where more than one entry has it, or one without a UUID.
    only: HashMap<String, Option<Uuid>>,
}

impl Stanzas {
    fn append(&mut self, root: &Fields<'_>, is_flat: bool) -> Result<(), TomlError> {
        if is_flat {
            for (name, value) in root.iter() {
                // Anything else at the top level is a field that format 1 does not have.
                if let Some(list) = value.as_array() {
                    self.append_named(root, name, list)?;
                }
            }
        } else if let Some(packages) = root.table("deps")? {
            for (name, value) in packages.iter() {
                let list = value.as_array().ok_or_else(|| packages.wrong(name, "a list of tables"))?;
                self.append_named(&packages, name, list)?;
            }
        }
        Ok(())
    }

    /// Entries without a UUID are skipped, as in Julia. Of an identity that occurs twice the first counts, in the order of
    /// names.
    fn append_named<'a>(
        &mut self,
        parent: &Fields<'a>,
        name: &'a str,
        list: &'a DeArray<'a>,
    ) -> Result<(), TomlError> {
        for item in list {
            let table: &DeTable<'_> =
                item.get_ref().as_table().ok_or_else(|| parent.wrong(name, "a list of tables"))?;
            let fields = parent.below(name, table);
            let uuid = fields.uuid("uuid")?;
            self.only.entry(name.to_owned()).and_modify(|only| *only = None).or_insert(uuid);
            if let Some(uuid) = uuid
                && self.packages.get(&uuid).is_none_or(|known| known.name.as_str() > name)
            {
                self.packages.insert(uuid, Box::new(package(name, uuid, &fields)?));
            }
        }
        Ok(())
    }

    /// Julia demands exactly one entry of a name that is listed (`base/loading.jl` 1.6 to 1.12: "expected a single entry
    /// for").
    fn resolve(self) -> BTreeMap<Uuid, Box<Package>> {
        let Self { mut packages, only } = self;
        let held: Vec<Uuid> = packages.keys().copied().collect();
        for package in packages.values_mut() {
            resolve(&mut package.dependencies, &mut package.unresolved_dependencies, &only);
            resolve(&mut package.weak_dependencies, &mut package.unresolved_weak_dependencies, &only);
            let missing = package.dependencies.iter().filter(|(_, uuid)| held.binary_search(uuid).is_err());
            package.unresolved_dependencies.extend(missing.map(|(name, _)| name.clone()));
        }
        packages
    }
}

/// Moves the names with a known UUID to those that are resolved.
fn resolve(
    resolved: &mut BTreeMap<String, Uuid>,
    unresolved: &mut BTreeSet<String>,
    only: &HashMap<String, Option<Uuid>>,
) {
    for name in mem::take(unresolved) {
        match only.get(&name).copied().flatten() {
            Some(uuid) => drop(resolved.insert(name, uuid)),
            None => drop(unresolved.insert(name)),
        }
    }
}

fn package(name: &str, uuid: Uuid, fields: &Fields<'_>) -> Result<Package, TomlError> {
    let mut package = Package::standard_library(uuid, name);
    let mut repository = Repository::default();
    let (mut path, mut tree) = (None, None);
    // Most packages have four fields of twelve.
    for (key, _) in fields.iter() {
        match key {
            "deps" => (package.dependencies, package.unresolved_dependencies) = links(fields, key)?,
            "weakdeps" => {
                (package.weak_dependencies, package.unresolved_weak_dependencies) = links(fields, key)?;
            }
            "version" => package.version = fields.owned(key)?,
            "path" => path = fields.owned(key)?,
            "git-tree-sha1" => tree = fields.owned(key)?,
            "extensions" => package.extensions = fields.extensions()?,
            "entryfile" => package.entry_file = fields.owned(key)?,
            "repo-url" => repository.url = fields.owned(key)?,
            "repo-rev" => repository.revision = fields.owned(key)?,
            "repo-subdir" => repository.subdirectory = fields.owned(key)?,
            "syntax" => package.syntax = syntax(fields),
            _ => {}
        }
    }
    // `path` wins over the tree hash, as in `explicit_manifest_entry_path` (Julia 1.7 to 1.13;
    // `explicit_manifest_entry_load_spec` of 1.14).
    package.source = path.map(Source::Path).or(tree.map(Source::Tree)).unwrap_or(Source::Stdlib);
    package.repository = Some(repository).filter(|repository| *repository != Repository::default());
    Ok(package)
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

/// Reads `deps` or `weakdeps`: a table from names to UUIDs, or a list of names, which come second.
fn links<'a>(
    fields: &Fields<'a>,
    key: &'a str,
) -> Result<(BTreeMap<String, Uuid>, BTreeSet<String>), TomlError> {
    if matches!(fields.value(key), Some(DeValue::Array(_))) {
        let names = fields.strings(key)?;
        return Ok((BTreeMap::new(), names.into_iter().map(str::to_owned).collect()));
    }
    Ok((fields.uuids(key)?, BTreeSet::new()))
}
