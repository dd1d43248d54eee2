//! Packages that the next start of a project would have to compile, judged by the names and heads of Julia's cache
//! files: Julia itself checks more before it uses one.

use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::assessment::ProjectState;
use crate::fs::{ObservedFiles, Stamp};
use crate::installation::Installation;
use crate::model::caches::slug::{self, ProjectSlug};
use crate::model::image::key::Digest;
use crate::model::loading::dependency_order::dependency_order;
use crate::model::loading::manifest::{Package, Source};
use crate::platform;

/// Caches of the packages looked up so far: projects have many in common.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    known: Mutex<HashMap<Content, Option<Vec<String>>>>,
}

/// A package and the tree hash of its code.
type Content = (Uuid, String);

impl Caches {
    /// Returns the caches of a package. Those of one in development are not kept: each project may have another
    /// version.
    fn of(&self, package: &Package, search: impl FnOnce() -> Option<Vec<String>>) -> Option<Vec<String>> {
        let Source::Tree(tree) = &package.source else { return search() };
        let content: Content = (package.uuid, tree.clone());
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&content) {
            return known.clone();
        }
        // Not under the lock: a disk may not answer.
        let found = search();
        lock().insert(content, found.clone());
        found
    }
}

/// Conditions under which a project is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) state: &'a ProjectState,
    /// The image in force, and the packages in it.
    pub(crate) image: Option<&'a Path>,
    pub(crate) baked: &'a BTreeSet<Uuid>,
    /// `JULIA_CPU_TARGET`, else `native`.
    pub(crate) cpu_target: &'a str,
}

impl Surroundings<'_> {
    /// Digest of all that would be compiled, except for packages in development, whose code can change.
    pub(crate) fn digest(&self) -> Digest {
        let mut text = self.image.map(crate::path_text::encode).unwrap_or_default();
        for package in self.state.manifest.packages.values() {
            if let Source::Tree(tree) = &package.source {
                text.extend(["\n", package.uuid.to_string().as_str(), " ", tree.as_str()]);
            }
        }
        Digest::of(text.as_bytes())
    }

    /// Names of the packages that would have to be compiled. `warmed` is the digest at the last precompilation.
    pub(crate) fn cold(&self, warmed: Option<&Digest>, caches: &Caches) -> Vec<String> {
        let slug = self.slug().ok();
        let is_warmed = warmed == Some(&self.digest());
        let manifest = &self.state.manifest;
        let mut cold: BTreeSet<Uuid> = BTreeSet::new();
        for uuid in dependency_order(manifest).sorted {
            let Some(package) = manifest.packages.get(&uuid) else { continue };
            if self.baked.contains(&uuid) || package.source.is_standard_library() || self.is_own(uuid) {
                continue;
            }
            let is_settled = is_warmed && !matches!(package.source, Source::Path(_));
            let on_cold = package.dependencies.values().any(|dependency| cold.contains(dependency));
            if on_cold || (!is_settled && !self.has_cache(package, slug.as_deref(), caches)) {
                cold.insert(uuid);
            }
        }
        cold.iter().filter_map(|uuid| Some(manifest.packages.get(uuid)?.name.clone())).collect()
    }

    fn is_own(&self, uuid: Uuid) -> bool {
        self.state.project.uuid == Some(uuid) && !self.state.is_installed_app
    }

    /// Times of the last load of each cache that this project writes, in seconds since 1970: Julia touches a cache when
    /// it loads it.
    pub(crate) fn last_loads(&self) -> Vec<i64> {
        let (Some(depot), Ok(slug)) = (self.state.depots.first(), self.slug()) else { return Vec::new() };
        let files = self.state.direct().into_iter().map(|(name, uuid)| {
            let file = format!("{}_{slug}.ji", slug::package_slug(uuid));
            Stamp::of(&self.cache_folder(depot, name).join(file))
        });
        files.filter(|stamp| stamp.exists).map(|stamp| stamp.modified / 1_000_000_000).collect()
    }

    fn cache_folder(&self, depot: &Path, name: &str) -> PathBuf {
        depot.join("compiled").join(slug::cache_folder(&self.installation.version())).join(name)
    }

    /// Second half of the names of the caches written under these conditions.
    fn slug(&self) -> Result<String, slug::UnknownJulia> {
        let image = self.image.unwrap_or(&self.installation.default_image);
        ProjectSlug {
            julia: &self.installation.version(),
            project: platform::bytes(self.state.launched_project().as_os_str()),
            image: platform::bytes(image.as_os_str()),
            binary: platform::bytes(self.installation.real_binary.as_os_str()),
            flags: slug::DEFAULT_FLAGS,
            cpu_target: self.cpu_target.as_bytes(),
            preferences: &[],
        }
        .text()
    }

    /// Whether there is a cache of exactly this code. One that was written elsewhere will do if Julia takes any
    /// (without an image), or may (before 1.9, for packages that depend on nothing in the image).
    fn has_cache(&self, package: &Package, slug: Option<&str>, caches: &Caches) -> bool {
        let on_baked = package.dependencies.values().any(|uuid| self.baked.contains(uuid));
        let any_will_do = self.image.is_none() || !(on_baked || self.installation.has_package_images());
        let own = slug.map(|slug| format!("{}_{slug}.ji", slug::package_slug(package.uuid)));
        let Some(known) = caches.of(package, || self.caches_of(package)) else { return true };
        known.iter().any(|name| any_will_do || own.as_ref().is_none_or(|own| own == name))
    }

    /// File names of the caches of exactly this code; `None` if the code is not there.
    fn caches_of(&self, package: &Package) -> Option<Vec<String>> {
        let (source, mark) = self.source(package)?;
        let prefix = format!("{}_", slug::package_slug(package.uuid));
        let edited = matches!(package.source, Source::Path(_)).then(|| Stamp::of(&source).modified);
        let mut names = Vec::new();
        for depot in &self.state.depots {
            let Ok(entries) = fs_err::read_dir(self.cache_folder(depot, &package.name)) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_cache = Path::new(&name).extension().is_some_and(|extension| extension == "ji");
                if is_cache
                    && name.starts_with(&prefix)
                    && head_names(&entry.path(), mark.as_bytes())
                    && edited.is_none_or(|edited| Stamp::of(&entry.path()).modified >= edited)
                {
                    names.push(name);
                }
            }
        }
        Some(names)
    }

    /// The file that a package is loaded from, and the end of its path, by which a cache names it. `None` if the
    /// package is not installed: nothing can be compiled then.
    fn source(&self, package: &Package) -> Option<(PathBuf, String)> {
        let entry = package.entry_file.clone().unwrap_or_else(|| format!("src/{}.jl", package.name));
        let folder = match &package.source {
            Source::Stdlib => return None,
            Source::Tree(tree) => {
                let files = ObservedFiles::default();
                self.state.installed_folder(&package.name, &package.uuid, tree, &files)?
            }
            Source::Path(path) => self.state.manifest_file.parent()?.join(path),
        };
        let last = folder.file_name()?.to_string_lossy().into_owned();
        Some((folder.join(&entry), format!("{last}/{entry}")))
    }
}

/// Whether the head of a cache contains `mark`. The head lists the files that the cache was made from.
fn head_names(cache: &Path, mark: &[u8]) -> bool {
    const HEAD: u64 = 16 << 10;
    if !fs_err::metadata(cache).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let read = fs_err::File::open(cache).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.windows(mark.len()).any(|window| window == mark)
}
