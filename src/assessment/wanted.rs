//! Inputs of an image of a project, as they are now.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use crate::assessment::builder_choice::acceptable;
use crate::assessment::{Basis, ProjectState};
use crate::error::Error;
use crate::fs::{self, ObservedFiles};
use crate::installation::Installation;
use crate::julia::builder::Builder;
use crate::model::image::bake::{Rules, Selection, select};
use crate::model::image::cpu_target::CpuTarget;
use crate::model::image::key::{
    BakedPackage, Digest, KEY_VERSION, KeyInputs, SteeringFile, baked_packages, find,
};
use crate::model::image::pycall;
use crate::model::image::pycall::PYCALL;
use crate::model::image::wanted::Wanted;
use crate::model::loading::files::Files as _;
use crate::model::loading::manifest::{Manifest, Package, Source};
use crate::model::loading::preferences::Preferences;
use crate::model::settings::{Origin, Settings};
use crate::path_text;

/// Computes what the image of `state` would be made from.
///
/// # Errors
/// Where a file that steers the build cannot be read.
pub(crate) fn wanted(basis: Basis<'_>, state: &ProjectState, files: &ObservedFiles) -> Result<Wanted, Error> {
    let Basis { context, installation, settings } = basis;
    let selection = select(&state.manifest, &rules(settings, state));
    let packages = with_preferences(installation, state, &selection)?;
    let packages = as_in_image(installation, &state.manifest, packages);
    let builders = acceptable(basis, files);
    let mut builders = builders.iter().map(|builder| (builder.name(), builder.template().digest()));
    // There always is a builder; the direct one needs nothing.
    let (builder, template) =
        builders.next().unwrap_or_else(|| (Builder::Direct.name(), Builder::Direct.template().digest()));
    let target = target(settings, state);
    let identity = &installation.identity;
    let cpu_target = target.resolve(&installation.version(), &identity.architecture, &identity.system);
    // Code for a named processor is the same on every machine.
    let processor = match cpu_target.as_str() {
        "native" => context.processor_fingerprint.clone(),
        _ => String::new(),
    };
    let libpython = if find(&packages, PYCALL).is_some() { libpython(state, files) } else { None };
    let inputs = KeyInputs {
        key_version: KEY_VERSION,
        julia: installation.identity.clone(),
        cpu_target,
        processor,
        builder,
        template,
        packages,
        workload: steering_files(&state.folder, &state.settings.precompile_workload, files)?,
        statements: steering_files(&state.folder, &state.settings.precompile_statements, files)?,
        arguments: settings.build_arguments.value.clone(),
        depots: state.depots.iter().map(|depot| path_text::encode(depot)).collect(),
        other_preferences: state.preferences_of_others(installation)?,
        libpython,
    };
    // A package that is in every image is not outside, whatever the settings say.
    let outside = selection.outside.into_iter().filter(|(uuid, _)| find(&inputs.packages, *uuid).is_none());
    let outside = outside.filter_map(|(uuid, reason)| {
        Some((uuid, (state.manifest.packages.get(&uuid)?.name.clone(), reason)))
    });
    let outside = outside.collect();
    let replaced = installation.standard_libraries.iter().map(|(uuid, _)| *uuid).filter(|uuid| {
        state.manifest.packages.get(uuid).is_some_and(|package| !package.source.is_standard_library())
    });
    let replaced = replaced.collect();
    Ok(Wanted { inputs: Arc::new(inputs), alternatives: builders.collect(), outside, replaced })
}

/// CPU target: from a flag or variable for this run, else from the project, else from the user.
fn target(settings: &Settings, state: &ProjectState) -> CpuTarget {
    let is_for_this_run = matches!(settings.cpu_target.origin, Origin::Flag | Origin::Environment(_));
    let own = state.settings.cpu_target.as_ref().filter(|_| !is_for_this_run);
    own.unwrap_or(&settings.cpu_target.value).clone()
}

/// Library that PyCall is bound to, as recorded by its build; as path text.
fn libpython(state: &ProjectState, files: &ObservedFiles) -> Option<String> {
    let package = state.manifest.packages.get(&PYCALL)?;
    let Source::Tree(tree) = &package.source else { return None };
    let folder = state.installed_folder(&package.name, &PYCALL, tree, files)?;
    let deps = files.read(&folder.join("deps/deps.jl")).ok()??;
    pycall::libpython(&String::from_utf8_lossy(&deps)).map(|path| path_text::encode(Path::new(&path)))
}

/// Rules for baking from the settings: the project's replace the user's.
fn rules(settings: &Settings, state: &ProjectState) -> Rules {
    Rules {
        include: state.settings.include.clone().unwrap_or_default(),
        exclude: state.settings.exclude.clone().unwrap_or_else(|| settings.exclude.value.clone()),
        own: state.project.uuid.filter(|_| !state.is_installed_app),
        conflicts: state.conflicts.clone(),
    }
}

/// The selected packages with their digests, which cover their preferences.
fn with_preferences(
    installation: &Installation,
    state: &ProjectState,
    selection: &Selection,
) -> Result<Vec<BakedPackage>, Error> {
    let mut texts: BTreeMap<Uuid, String> = BTreeMap::new();
    for uuid in &selection.baked {
        let preferences = Preferences(state.preferences(installation, *uuid)?);
        if !preferences.is_empty() {
            texts.insert(*uuid, preferences.canonical());
        }
    }
    Ok(baked_packages(&state.manifest, selection, |uuid| texts.get(&uuid).cloned().unwrap_or_default()))
}

/// Packages of an image on top of the default one: without the standard libraries of the default image; with those of
/// every interactive start that it lacks (1.11 and later), since the caches that Julia ships for them fit the default
/// image alone.
fn as_in_image(
    installation: &Installation,
    manifest: &Manifest,
    mut packages: Vec<BakedPackage>,
) -> Vec<BakedPackage> {
    const INTERACTIVE: [&str; 3] = ["InteractiveUtils", "Pkg", "REPL"];
    packages
        .retain(|package| !package.tree.is_empty() || !installation.in_default_image.contains(&package.uuid));
    if packages.is_empty() {
        return packages;
    }
    let absent = installation.standard_libraries.iter().filter(|(uuid, name)| {
        INTERACTIVE.contains(&name.as_str())
            && !installation.in_default_image.contains(uuid)
            && find(&packages, *uuid).is_none()
            // One from a registry is a package like others: the project decides what stays outside of it.
            && manifest.packages.get(uuid).is_none_or(|package| package.source.is_standard_library())
    });
    let added: Vec<BakedPackage> = absent.flat_map(|(uuid, name)| standard_package(*uuid, name)).collect();
    if !added.is_empty() {
        packages.extend(added);
        packages.sort_unstable_by_key(|package| package.uuid);
    }
    packages
}

/// A standard library as a baked package: its code is Julia's own, so its name and UUID identify it.
fn standard_package(uuid: Uuid, name: &str) -> Vec<BakedPackage> {
    let manifest = Manifest::of([Package::standard_library(uuid, name)]);
    let selection = Selection { baked: vec![uuid], ..Selection::default() };
    baked_packages(&manifest, &selection, |_| String::new())
}

/// Digests of files of the project.
fn steering_files(
    folder: &Path,
    paths: &[String],
    files: &ObservedFiles,
) -> Result<Vec<SteeringFile>, Error> {
    paths.iter().map(|path| steering_file(folder, path, files)).collect()
}

fn steering_file(folder: &Path, path: &str, files: &ObservedFiles) -> Result<SteeringFile, Error> {
    let full = folder.join(path);
    let unreadable = |text: String| Error::ProjectFile {
        path: full.clone(),
        text: format!("{text} (named in jlproj.toml)"),
    };
    let contents = files.read(&full).map_err(|error| unreadable(error.to_string()))?;
    let contents = contents.ok_or_else(|| unreadable("it does not exist".to_owned()))?;
    // A link inside the project may lead out of it.
    if !fs::canonicalize(&full)?.starts_with(folder) {
        return Err(unreadable("it leads out of the project's folder".to_owned()));
    }
    Ok(SteeringFile { path: path.to_owned(), digest: Digest::of(&contents) })
}
