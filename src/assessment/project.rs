//! The project of a command, with all of its files read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::Table;
use uuid::Uuid;

use crate::assessment::Basis;
use crate::error::Error;
use crate::fs::{self, ObservedFiles};
use crate::installation::Installation;
use crate::model::loading::depots::package_folders;
use crate::model::loading::environment::{Environment, ProjectOrigin, StackEntry};
use crate::model::loading::files::Files as _;
use crate::model::loading::manifest::{Manifest, Package, Source};
use crate::model::loading::paths::{self};
use crate::model::loading::preferences::{self, Layer, Preferences};
use crate::model::loading::project::Project;
use crate::model::loading::reach::{Reach, reach};
use crate::model::loading::stack::{self, Stack};
use crate::model::loading::toml_file;
use crate::model::settings::ProjectFile;
use crate::path_text;

/// A project as it is on disk.
#[derive(Debug)]
pub(crate) struct ProjectState {
    pub(crate) environment: Environment,
    /// The project file in which Julia looks for packages first.
    pub(crate) project_file: PathBuf,
    /// Its folder, with symbolic links resolved: Julia's caches depend on the path.
    pub(crate) folder: PathBuf,
    pub(crate) project: Project,
    pub(crate) manifest_file: PathBuf,
    /// Manifest entries that the project can load.
    pub(crate) manifest: Manifest,
    /// The other entries: a workspace has one manifest for all of its projects.
    pub(crate) unreached: Vec<Package>,
    /// The raw manifest, for the project that a build is made from. Those of stacked environments follow.
    pub(crate) raw_manifests: Vec<Vec<u8>>,
    /// Packages that two stacked environments hold with different code.
    pub(crate) conflicts: BTreeSet<Uuid>,
    /// `jlproj.toml`
    pub(crate) settings: ProjectFile,
    pub(crate) depots: Vec<PathBuf>,
    /// Whether the project's own package is an installed one, as in the environment of an app: its code then changes no
    /// more than that of its dependencies.
    pub(crate) is_installed_app: bool,
    layers: Vec<(Project, Option<Table>)>,
}

impl ProjectState {
    /// Reads the project of `environment`.
    ///
    /// # Errors
    /// Where there is no project or no manifest, or a file of it cannot be read.
    pub(crate) fn read(
        basis: Basis<'_>,
        environment: Environment,
        depots: Vec<PathBuf>,
        files: &ObservedFiles,
    ) -> Result<Self, Error> {
        let Basis { context, installation, settings } = basis;
        let no_project = || Error::NoProject { directory: context.directory.clone() };
        if environment.is_absent_default(files) {
            return Err(no_project());
        }
        if let Some(path) = environment.project_file.as_ref().filter(|path| !files.is_file(path)) {
            return Err(Error::NoProjectFile { path: path.clone() });
        }
        let Some(StackEntry::Project { project_file, manifest_file }) = environment.primary().cloned() else {
            return Err(no_project());
        };
        let project = parse(&project_file, files, |bytes| Project::parse(bytes).map_err(text))?;
        let manifest_file =
            manifest_file.ok_or_else(|| Error::NoManifest { project: project_file.clone() })?;
        let raw_manifest = read(&manifest_file, files)?;
        let manifest =
            Manifest::parse(&raw_manifest).map_err(|error| unreadable(&manifest_file, &text(error)))?;
        let folder = project_file.parent().unwrap_or(&project_file);
        let folder = fs::canonicalize(folder)?;
        let own_settings = own_settings(&folder.join("jlproj.toml"), files)?;
        let layers = layers(&environment, (&project_file, &project), files)?;
        let mut raw_manifests = vec![raw_manifest];
        let mut stack = Stack { manifest, conflicts: BTreeSet::new() };
        let mut projects_below = Vec::new();
        if own_settings.stacked.unwrap_or(settings.stacked.value) {
            let mut others = Vec::new();
            for below in below(&environment, files)? {
                projects_below
                    .push(parse(below.project_file, files, |bytes| Project::parse(bytes).map_err(text))?);
                raw_manifests.push(below.raw);
                others.push(below.manifest);
            }
            stack = stack::stack(&stack.manifest, &others);
        }
        let Stack { manifest, conflicts } = stack;
        let Reach { reached, unreached } = reach(manifest, projects_below.iter().chain([&project]));
        let is_installed_app =
            installation.has_apps() && is_installed_app(&project, &folder, &reached, &depots, files);
        Ok(Self {
            environment,
            is_installed_app,
            project_file,
            folder,
            project,
            manifest_file,
            manifest: reached,
            unreached,
            raw_manifests,
            conflicts,
            settings: own_settings,
            depots,
            layers,
        })
    }

    /// Packages that are loaded by name in the project: its dependencies, and an installed app.
    pub(crate) fn direct(&self) -> BTreeMap<&str, Uuid> {
        let own = self.project.package().filter(|_| self.is_installed_app);
        let dependencies = self.project.dependencies.iter().map(|(name, uuid)| (name.as_str(), *uuid));
        dependencies.chain(own).collect()
    }

    /// Path that Julia has as its active project under `run`: names of caches depend on it.
    pub(crate) fn launched_project(&self) -> PathBuf {
        match (self.environment.origin, self.project_file.file_name()) {
            (ProjectOrigin::Default, _) | (_, None) => self.project_file.clone(),
            (_, Some(name)) => self.folder.join(name),
        }
    }

    /// All packages of the manifest, with those that the project cannot load.
    pub(crate) fn all_packages(&self) -> impl Iterator<Item = &Package> {
        self.manifest.packages.values().map(Box::as_ref).chain(&self.unreached)
    }

    /// Tells of names in the project's own `include` and `exclude` that no package of the manifest has: misspelt ones, most
    /// likely. The user's `exclude` is for many projects.
    pub(crate) fn note_on_names(&self) -> Option<String> {
        let named = [&self.settings.include, &self.settings.exclude].into_iter().flatten().flatten();
        let is_known = |name: &String| self.all_packages().any(|package| package.name == *name);
        let unknown: BTreeSet<_> = named.filter(|name| !is_known(name)).collect();
        let unknown: Vec<String> = unknown.into_iter().map(|name| format!("`{name}`")).collect();
        (!unknown.is_empty()).then(|| {
            format!("`jlproj.toml` names packages that the manifest does not have: {}", unknown.join(", "))
        })
    }

    /// Name of the manifest, if it names no package at all.
    pub(crate) fn empty_manifest(&self) -> Option<String> {
        let is_empty = self.manifest.packages.is_empty() && self.unreached.is_empty();
        let name = self.manifest_file.file_name().filter(|_| is_empty)?;
        Some(path_text::encode(Path::new(name)))
    }

    /// Packages that are held by environments below the project in the load path.
    ///
    /// # Errors
    /// Where a manifest of theirs cannot be read, or a folder of packages is among them.
    pub(crate) fn elsewhere(&self, files: &ObservedFiles) -> Result<BTreeSet<Uuid>, Error> {
        let below = below(&self.environment, files)?;
        Ok(below.into_iter().flat_map(|below| below.manifest.packages.into_keys()).collect())
    }

    /// Checks that this minor release of Julia resolved the manifest: another one's may name standard libraries that
    /// this one does not have. A manifest that names no release passes.
    ///
    /// # Errors
    /// Where another release resolved it.
    pub(crate) fn check_release(&self, installation: &Installation) -> Result<(), Error> {
        let Some(manifest) = &self.manifest.julia_version else { return Ok(()) };
        let release = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
        let julia = &installation.identity.version;
        if release(manifest) == release(julia) {
            return Ok(());
        }
        let (manifest, julia) = (manifest.clone(), julia.clone());
        Err(Error::OtherJulia { manifest, julia, project: self.project_file.clone() })
    }

    /// Folder in which a registered package of this content is installed, the first that Julia looks at; `None` if it
    /// is in no depot.
    pub(crate) fn installed_folder(
        &self,
        name: &str,
        uuid: &Uuid,
        tree_hash: &str,
        files: &ObservedFiles,
    ) -> Option<PathBuf> {
        installed_folder(&self.depots, name, uuid, tree_hash, files)
    }

    /// Puts other projects below this one, like stacked environments: for an image of all their packages.
    pub(crate) fn join<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        for other in others {
            let Stack { manifest, conflicts } =
                stack::stack(&self.manifest, std::slice::from_ref(&other.manifest));
            self.manifest = manifest;
            self.conflicts.extend(conflicts);
            self.raw_manifests.extend(other.raw_manifests.iter().cloned());
            self.layers.extend(other.layers.iter().cloned());
        }
    }

    /// Whether packages of other environments are baked too.
    pub(crate) fn is_joined(&self) -> bool {
        self.raw_manifests.len() > 1
    }

    /// Preferences, by name, of packages that a project only names and the manifest does not hold: a baked package may
    /// read them while it is compiled.
    ///
    /// # Errors
    /// As [`ProjectState::preferences`].
    pub(crate) fn preferences_of_others(
        &self,
        installation: &Installation,
    ) -> Result<BTreeMap<String, String>, Error> {
        let others =
            self.named_preferences(installation, |uuid| !self.manifest.packages.contains_key(uuid))?;
        let others = others.into_iter();
        Ok(others.map(|(name, (_, preferences))| (name, Preferences(preferences).canonical())).collect())
    }

    /// Preferences, by name, of those packages among the ones that a project names; of those that have any.
    ///
    /// # Errors
    /// As [`ProjectState::preferences`].
    pub(crate) fn named_preferences(
        &self,
        installation: &Installation,
        is_among: impl Fn(&Uuid) -> bool,
    ) -> Result<BTreeMap<String, (Uuid, Table)>, Error> {
        let projects = self.layers.iter().map(|(project, _)| project);
        let named = projects.flat_map(|project| {
            let sections = [&project.dependencies, &project.extras, &project.weak_dependencies];
            sections.into_iter().flatten()
        });
        let mut preferences = BTreeMap::new();
        for (name, uuid) in named.filter(|(_, uuid)| is_among(uuid)) {
            let table = self.preferences(installation, *uuid)?;
            if !table.is_empty() {
                preferences.insert(name.clone(), (*uuid, table));
            }
        }
        Ok(preferences)
    }

    /// Preferences of a package, in the form that is hashed; empty if it has none.
    pub(crate) fn preferences(&self, installation: &Installation, package: Uuid) -> Result<Table, Error> {
        if self.layers.is_empty() {
            return Ok(Table::new());
        }
        let layers: Vec<Layer<'_>> =
            self.layers.iter().map(|(project, file)| Layer { project, file: file.as_ref() }).collect();
        preferences::effective(&installation.version(), &package, &layers)
            .map(|preferences| preferences.0)
            .map_err(|error| unreadable(&self.project_file, &error.to_string()))
    }
}

fn installed_folder(
    depots: &[PathBuf],
    name: &str,
    uuid: &Uuid,
    tree_hash: &str,
    files: &ObservedFiles,
) -> Option<PathBuf> {
    let folders = package_folders(depots, name, uuid, tree_hash);
    folders.into_iter().find(|folder| files.is_directory(folder))
}

/// Whether the project's own package is loaded from the installed package that the manifest names. `_resolve` (Pkg's
/// `Apps.jl` 1.12) writes the environment of an app in this way.
fn is_installed_app(
    project: &Project,
    folder: &Path,
    manifest: &Manifest,
    depots: &[PathBuf],
    files: &ObservedFiles,
) -> bool {
    let is_installed = || {
        let (name, uuid) = project.package()?;
        let entry = paths::absolute(folder, project.entry_file.as_deref()?);
        let Source::Tree(tree) = &manifest.packages.get(&uuid)?.source else { return None };
        Some(entry.starts_with(installed_folder(depots, name, &uuid, tree, files)?))
    };
    is_installed().unwrap_or_default()
}

/// An environment below the project in the load path.
struct Below<'a> {
    project_file: &'a Path,
    /// Its raw manifest.
    raw: Vec<u8>,
    /// The same, parsed.
    manifest: Manifest,
}

/// The environments with a manifest below the project in the load path.
///
/// # Errors
/// Where a manifest cannot be read, or a folder of packages is among them: its contents are not known.
fn below<'a>(environment: &'a Environment, files: &ObservedFiles) -> Result<Vec<Below<'a>>, Error> {
    let mut environments = Vec::new();
    for entry in environment.below() {
        match entry {
            StackEntry::Project { project_file, manifest_file: Some(path) } => {
                let raw = read(path, files)?;
                let manifest = Manifest::parse(&raw).map_err(|error| unreadable(path, &text(error)))?;
                environments.push(Below { project_file, raw, manifest });
            }
            StackEntry::Packages(folder) => return Err(unreadable(folder, "a folder of packages")),
            StackEntry::Project { manifest_file: None, .. } | StackEntry::Stdlib => {}
        }
    }
    Ok(environments)
}

/// The settings of the project; none where it has no `jlproj.toml`.
fn own_settings(path: &Path, files: &ObservedFiles) -> Result<ProjectFile, Error> {
    match files.read(path)? {
        None => Ok(ProjectFile::default()),
        Some(bytes) => ProjectFile::parse(&bytes).map_err(|source| Error::settings_file(path, source)),
    }
}

/// Projects whose preferences count, each with the preferences file beside it. One project was read already.
fn layers(
    environment: &Environment,
    (known_file, known): (&Path, &Project),
    files: &ObservedFiles,
) -> Result<Vec<(Project, Option<Table>)>, Error> {
    let mut layers = Vec::new();
    for project_file in &environment.preference_projects {
        if !files.is_file(project_file) {
            continue;
        }
        let project = if project_file == known_file {
            Cow::Borrowed(known)
        } else {
            Cow::Owned(parse(project_file, files, |bytes| Project::parse(bytes).map_err(text))?)
        };
        let table = preferences::locate_file(project_file, files)
            .map(|path| parse(&path, files, |bytes| toml_file::table(bytes).map_err(text)))
            .transpose()?;
        // Most projects have none, and each one kept is searched for every package.
        if table.is_some() || !project.preferences.is_empty() {
            layers.push((project.into_owned(), table));
        }
    }
    Ok(layers)
}

fn read(path: &Path, files: &ObservedFiles) -> Result<Vec<u8>, Error> {
    let contents = files.read(path).map_err(|error| unreadable(path, &error.to_string()))?;
    contents.ok_or_else(|| unreadable(path, "it vanished"))
}

fn parse<T>(
    path: &Path,
    files: &ObservedFiles,
    parse: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, Error> {
    parse(&read(path, files)?).map_err(|text| unreadable(path, &text))
}

fn unreadable(path: &Path, text: &str) -> Error {
    Error::ProjectFile { path: path.to_owned(), text: text.to_owned() }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
