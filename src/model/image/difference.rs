//! Differences between an image and what would be built now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::model::image::key::{BakedPackage, KeyInputs, SteeringFile, find};
use crate::model::image::pycall::PYCALL;
use crate::model::image::tracked::Change;
use crate::model::image::wanted::Wanted;

/// One input that changed, with its old and its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "input")]
pub(crate) enum Difference {
    Package {
        name: String,
        old: String,
        new: String,
    },
    Preferences {
        name: String,
        old: String,
        new: String,
    },
    Julia {
        old: String,
        new: String,
    },
    CpuTarget {
        old: String,
        new: String,
    },
    Builder {
        old: String,
        new: String,
    },
    Scripts,
    File {
        path: String,
    },
    Tracked {
        package: String,
        path: String,
        change: Change,
    },
    Arguments {
        old: String,
        new: String,
    },
    Depots {
        old: String,
        new: String,
    },
    Libpython {
        old: String,
        new: String,
    },
    #[serde(rename = "reckoning")]
    KeyVersion {
        old: u32,
        new: u32,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { name, old, new } => write!(formatter, "{name} {old} → {new}"),
            Self::Preferences { name, .. } => write!(formatter, "preferences of {name} changed"),
            Self::Julia { old, new } => write!(formatter, "Julia {old} → {new}"),
            Self::CpuTarget { old, new } => {
                let (old, new) = shown_processors(old, new);
                write!(formatter, "processor {old} → {new}")
            }
            Self::Builder { old, new } => write!(formatter, "builder {old} → {new}"),
            Self::Scripts => formatter.write_str("jlproj's build scripts changed"),
            Self::File { path } => write!(formatter, "`{path}` changed"),
            Self::Tracked { package, path, change } => {
                let change = match change {
                    Change::Contents => "changed",
                    Change::Gone => "is gone",
                    Change::New => "is there now",
                };
                write!(formatter, "`{path}`, which {package} reads, {change}")
            }
            Self::Arguments { old, new } => write!(formatter, "build arguments `{old}` → `{new}`"),
            Self::Depots { old, new } => write!(formatter, "depot path {old} → {new}"),
            Self::Libpython { old, new } => write!(formatter, "libpython of PyCall {old} → {new}"),
            Self::KeyVersion { old, new } => write!(formatter, "key version {old} → {new}"),
        }
    }
}

/// Shortens two targets with their processors: omits the words of bits if the rest distinguishes them.
fn shown_processors<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str) {
    let is_bits = |word: &str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let short = |text: &'a str| {
        let bits = text.split(' ').find(|word| is_bits(word));
        let place = bits.and_then(|bits| text.find(bits)).unwrap_or(text.len());
        text.get(..place).unwrap_or(text).trim_end()
    };
    if short(old) == short(new) { (old, new) } else { (short(old), short(new)) }
}

/// Returns all inputs of the image that differ from the wanted ones. Wanted packages that the image lacks are not among
/// them: they do not make an image stale.
#[must_use]
pub(crate) fn differences(image: &KeyInputs, wanted: &Wanted) -> Vec<Difference> {
    let mut list = world_differences(image, &wanted.inputs);
    list.extend(image.packages.iter().filter_map(|package| package_difference(package, wanted)));
    let builder_fits = image.builder == wanted.inputs.builder
        || wanted.alternatives.iter().any(|(builder, _)| *builder == image.builder);
    if !builder_fits {
        let (old, new) = (image.builder.clone(), wanted.inputs.builder.clone());
        list.push(Difference::Builder { old, new });
    }
    let template_fits = image.template == wanted.inputs.template
        || wanted.alternatives.iter().any(|(_, template)| *template == image.template);
    if builder_fits && !template_fits {
        list.push(Difference::Scripts);
    }
    list.extend(file_differences(&image.workload, &wanted.inputs.workload));
    list.extend(file_differences(&image.statements, &wanted.inputs.statements));
    list
}

/// Compares the inputs that surround the packages.
fn world_differences(old: &KeyInputs, new: &KeyInputs) -> Vec<Difference> {
    let mut list = Vec::new();
    if old.key_version != new.key_version {
        list.push(Difference::KeyVersion { old: old.key_version, new: new.key_version });
    }
    if old.julia != new.julia {
        let (mut before, mut after) = (old.julia.version.clone(), new.julia.version.clone());
        if before == after {
            before = format!("{before} (image {})", old.julia.default_image.short());
            after = format!("{after} (image {})", new.julia.default_image.short());
        }
        list.push(Difference::Julia { old: before, new: after });
    }
    if (&old.cpu_target, &old.processor) != (&new.cpu_target, &new.processor) {
        let text =
            |inputs: &KeyInputs| format!("{} {}", inputs.cpu_target, inputs.processor).trim().to_owned();
        list.push(Difference::CpuTarget { old: text(old), new: text(new) });
    }
    if old.arguments != new.arguments {
        list.push(Difference::Arguments { old: old.arguments.join(" "), new: new.arguments.join(" ") });
    }
    if old.depots != new.depots {
        list.push(Difference::Depots { old: old.depots.join(":"), new: new.depots.join(":") });
    }
    list.extend(other_preferences(old, new));
    if old.libpython != new.libpython && (find(&old.packages, PYCALL).is_some()) {
        let text = |inputs: &KeyInputs| inputs.libpython.clone().unwrap_or_else(|| "unknown".to_owned());
        list.push(Difference::Libpython { old: text(old), new: text(new) });
    }
    list
}

/// Compares the preferences of packages that the project only names.
fn other_preferences(old: &KeyInputs, new: &KeyInputs) -> Vec<Difference> {
    let (before, after) = (&old.other_preferences, &new.other_preferences);
    let text = |preferences: &BTreeMap<String, String>, name: &String| {
        preferences.get(name).cloned().unwrap_or_default()
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| Difference::Preferences {
            name: name.clone(),
            old: text(before, name),
            new: text(after, name),
        })
        .collect()
}

/// Returns the change of a package itself; `None` if only a dependency of it changed.
fn package_difference(old: &BakedPackage, wanted: &Wanted) -> Option<Difference> {
    let name = old.name.clone();
    let before = shown_version(old);
    let Some(new) = find(&wanted.inputs.packages, old.uuid) else {
        let after = wanted
            .outside
            .get(&old.uuid)
            .map_or_else(|| "not in the project".to_owned(), |(_, reason)| reason.to_string());
        return Some(Difference::Package { name, old: before, new: after });
    };
    if old.digest == new.digest {
        return None;
    }
    if old.tree != new.tree || old.version != new.version {
        let (mut before, mut after) = (before, shown_version(new));
        if before == after {
            before = format!("{before} ({})", old.tree.get(..7).unwrap_or("standard"));
            after = format!("{after} ({})", new.tree.get(..7).unwrap_or("standard"));
        }
        return Some(Difference::Package { name, old: before, new: after });
    }
    if old.preferences != new.preferences {
        let (old, new) = (old.preferences.clone(), new.preferences.clone());
        return Some(Difference::Preferences { name, old, new });
    }
    None
}

/// Returns the version for display.
fn shown_version(package: &BakedPackage) -> String {
    if package.version.is_empty() { "(standard library)".to_owned() } else { package.version.clone() }
}

/// Returns the files that were added, removed or edited.
fn file_differences(old: &[SteeringFile], new: &[SteeringFile]) -> Vec<Difference> {
    let mut paths: Vec<&str> = old
        .iter()
        .filter(|file| !new.contains(file))
        .chain(new.iter().filter(|file| !old.contains(file)))
        .map(|file| file.path.as_str())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().map(|path| Difference::File { path: path.to_owned() }).collect()
}

/// Joins the first few differences into one line.
#[must_use]
pub(crate) fn in_one_line(differences: &[Difference]) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> = differences.iter().take(SHOWN).map(ToString::to_string).collect();
    if differences.len() > SHOWN {
        parts.push(format!("{} more", differences.len() - SHOWN));
    }
    if parts.is_empty() { "dependencies or extensions changed".to_owned() } else { parts.join(", ") }
}
