//! Preferences: settings that a package reads while it compiles, so that an image bakes them in.
//!
//! Mirrors `Base.get_preferences` (`base/loading.jl` 1.6 to 1.13, and 1.14 on master of 2026-06-12). Julia before
//! 1.6 has none.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use semver::Version;
use toml::{Table, Value};
use uuid::Uuid;

use crate::model::loading::files::Files;
use crate::model::loading::project::Project;

/// The names of a preferences file, in Julia's order (`preferences_names`, `base/loading.jl` 1.6).
pub(crate) const FILE_NAMES: [&str; 2] = ["JuliaLocalPreferences.toml", "LocalPreferences.toml"];

/// One project of the environment stack and the preferences file beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// The project file's content.
    pub(crate) project: &'a Project,
    /// The content of the file that [`locate_file`] found.
    pub(crate) file: Option<&'a Table>,
}

/// Why preferences are unknown. Julia stops with an error of its own there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PreferencesError {
    /// The package's preferences are not a table.
    #[error("the preferences of `{package}` are not a table")]
    NotTable {
        /// The name of their entry.
        package: String,
    },
}

/// The preferences that a package would read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Preferences(pub Table);

/// The preferences file beside a project file: the first name that is there.
#[must_use]
pub(crate) fn locate_file(project_file: &Path, files: &dyn Files) -> Option<PathBuf> {
    let names = FILE_NAMES.iter().map(|name| project_file.with_file_name(name));
    names.into_iter().find(|path| files.is_file(path))
}

/// Returns the preferences that the package `uuid` reads. `layers` are the projects of the stack in order of search
/// (`Environment::preference_projects` gives them, workspace included).
///
/// The last project counts least; in each, the file beside it overrides its `[preferences]`. A `__clear__` list drops
/// the keys that it names from the values merged so far, and the list itself stays, as in Julia.
/// Julia.
///
/// # Errors
///
/// [`PreferencesError::NotTable`].
pub(crate) fn effective(
    julia: &Version,
    uuid: &Uuid,
    layers: &[Layer<'_>],
) -> Result<Preferences, PreferencesError> {
    let mut merged = Table::new();
    if (julia.major, julia.minor) < (1, 6) {
        return Ok(Preferences(merged));
    }
    for layer in layers.iter().rev() {
        let Some(name) = name_in(julia, layer.project, uuid) else {
            continue;
        };
        for table in [Some(&layer.project.preferences), layer.file].into_iter().flatten() {
            match table.get(name) {
                None => {}
                Some(Value::Table(overrides)) => merge(&mut merged, overrides),
                Some(_) => {
                    return Err(PreferencesError::NotTable { package: name.to_owned() });
                }
            }
        }
    }
    Ok(Preferences(merged))
}

/// Returns the name that a project has for a package (`get_uuid_name`): its own, then `[deps]`, `[extras]` and
/// `[weakdeps]`.
///
/// `[extras]` came with 1.8 and `[weakdeps]` with 1.10; patch releases before may have them too, so
/// they are read one and two minors early: an image then depends on one value more than needed.
fn name_in<'a>(julia: &Version, project: &'a Project, uuid: &Uuid) -> Option<&'a str> {
    if let Some((name, own)) = project.package()
        && own == *uuid
    {
        return Some(name);
    }
    let weak = ((julia.major, julia.minor) >= (1, 9)).then_some(&project.weak_dependencies);
    let sections = [Some(&project.dependencies), Some(&project.extras), weak];
    let mut entries = sections.into_iter().flatten().flatten();
    entries.find(|(_, other)| *other == uuid).map(|(name, _)| name.as_str())
}

/// `recursive_prefs_merge` (`base/loading.jl` 1.6 to 1.14): only a list of nothing but strings
/// clears, and a nested table is merged only into a table.
fn merge(base: &mut Table, overrides: &Table) {
    if let Some(Value::Array(list)) = overrides.get("__clear__")
        && let Some(keys) = list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()
    {
        for key in keys {
            base.remove(key);
        }
    }
    for (key, value) in overrides {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => drop(base.insert(key.clone(), value.clone())),
        }
    }
}

impl Preferences {
    /// Whether no preference is set.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns one text for one meaning, to be hashed: keys sorted, no spaces, each type in a form that no other type
    /// can have (`1`, `1.0`, `"1"`, and dates bare).
    #[must_use]
    pub(crate) fn canonical(&self) -> String {
        let mut text = String::new();
        write_table(&mut text, &self.0);
        text
    }
}

fn write_table(text: &mut String, table: &Table) {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(text, key);
        text.push('=');
        write_value(text, value);
    }
    text.push('}');
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => write_string(text, string),
        Value::Integer(number) => text.push_str(&number.to_string()),
        Value::Float(number) if number.is_nan() => text.push_str("nan"),
        Value::Float(number) => write_float(text, *number),
        Value::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Datetime(time) => text.push_str(&time.to_string()),
        Value::Table(table) => write_table(text, table),
        Value::Array(list) => {
            text.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
    }
}

/// The shortest digits that read back as the same number, always with a point or an exponent.
fn write_float(text: &mut String, number: f64) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{number:?}");
}

/// Quoted, with quotes, backslashes and control characters escaped.
fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{{{:x}}}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests;
