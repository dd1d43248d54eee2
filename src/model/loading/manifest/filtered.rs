//! A manifest reduced to some of its packages, in the format that it had.

use std::collections::{BTreeMap, HashSet};

use toml::{Table, Value};
use uuid::Uuid;

use crate::model::loading::toml_file;

/// Merges several manifests, with only the packages in `keep`: each as in the first manifest that holds it. The form is
/// that of the first.
#[must_use]
pub(crate) fn merged(raw: &[Table], keep: &HashSet<Uuid>) -> Table {
    let Some((first, others)) = raw.split_first() else { return Table::new() };
    let mut result = filtered(first, keep);
    let mut held = uuids(packages(&result));
    for other in others {
        let missing: HashSet<Uuid> = keep.difference(&held).copied().collect();
        let addition = packages(&filtered(other, &missing)).clone();
        held.extend(uuids(&addition));
        let is_flat = is_flat(&result);
        let target = if is_flat {
            &mut result
        } else {
            let deps = result.entry("deps").or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(table) = deps else { continue };
            table
        };
        for (name, stanzas) in addition {
            if stanzas.is_array() {
                target.entry(name).or_insert(stanzas);
            }
        }
    }
    result
}

/// The table that holds the packages.
fn packages(manifest: &Table) -> &Table {
    match manifest.get("deps") {
        Some(Value::Table(packages)) if !is_flat(manifest) => packages,
        _ => manifest,
    }
}

fn uuids(packages: &Table) -> HashSet<Uuid> {
    packages.values().filter_map(Value::as_array).flatten().filter_map(uuid).collect()
}

/// Returns the manifest `raw` with only the packages in `keep`.
///
/// Weak dependencies come out as tables from names to UUIDs: Julia 1.9 and 1.10 assert that the manifest holds each one
/// that is listed, later ones look the triggers of every extension up (`insert_extension_triggers`, `base/loading.jl`
/// 1.10.4 and 1.12), and the packages left out would make them fail. A weak dependency that is listed without a known
/// UUID is dropped, and with it the extensions that it triggers. `project_hash` is dropped too, as it belongs to the
/// whole. Everything else stays as it is, unknown fields included.
#[must_use]
pub(super) fn filtered(raw: &Table, keep: &HashSet<Uuid>) -> Table {
    let mut result = raw.clone();
    result.remove("project_hash");
    if is_flat(raw) {
        filter(&mut result, keep);
    } else if let Some(Value::Table(packages)) = result.get_mut("deps") {
        filter(packages, keep);
    }
    result
}

/// As in [`super::Manifest::parse`].
fn is_flat(raw: &Table) -> bool {
    match raw.get("manifest_format") {
        None => true,
        Some(Value::Table(table)) => table.contains_key("uuid"),
        Some(_) => false,
    }
}

fn filter(packages: &mut Table, keep: &HashSet<Uuid>) {
    let only = only_uuids(packages);
    packages.retain(|_, value| {
        let Value::Array(stanzas) = value else {
            return true;
        };
        stanzas.retain(|stanza| uuid(stanza).is_some_and(|uuid| keep.contains(&uuid)));
        for stanza in stanzas.iter_mut().filter_map(Value::as_table_mut) {
            tabulate_weak_dependencies(stanza, &only);
        }
        !stanzas.is_empty()
    });
}

fn uuid(stanza: &Value) -> Option<Uuid> {
    stanza.get("uuid")?.as_str().and_then(toml_file::uuid)
}

fn only_uuids(packages: &Table) -> BTreeMap<String, String> {
    let single = packages.iter().filter_map(|(name, value)| {
        let [stanza] = value.as_array()?.as_slice() else {
            return None;
        };
        Some((name.clone(), uuid(stanza)?.to_string()))
    });
    single.collect()
}

fn tabulate_weak_dependencies(stanza: &mut Table, only: &BTreeMap<String, String>) {
    let Some(Value::Array(names)) = stanza.get("weakdeps") else {
        return;
    };
    let names = names.iter().filter_map(Value::as_str);
    let (known, unknown): (Vec<_>, Vec<_>) =
        names.map(str::to_owned).partition(|name| only.contains_key(name));
    let table: Table = known.into_iter().map(|name| (name.clone(), only[&name].clone().into())).collect();
    drop_extensions(stanza, &unknown);
    if table.is_empty() {
        stanza.remove("weakdeps");
    } else {
        stanza.insert("weakdeps".to_owned(), Value::Table(table));
    }
}

fn drop_extensions(stanza: &mut Table, unknown: &[String]) {
    let is_unknown =
        |trigger: &Value| trigger.as_str().is_some_and(|name| unknown.iter().any(|other| other == name));
    let Some(Value::Table(extensions)) = stanza.get_mut("extensions") else {
        return;
    };
    extensions.retain(|_, triggers| match triggers {
        Value::Array(list) => !list.iter().any(is_unknown),
        single => !is_unknown(single),
    });
    if extensions.is_empty() {
        stanza.remove("extensions");
    }
}
