//! Possible owners of precompile files: every known project, with every image that it had, under every Julia.

mod code;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::assessment::builder_choice::packagecompiler_environment;
use crate::assessment::known::all_uses;
use crate::assessment::owners::code::Code;
use crate::assessment::survey::{Found, Survey, Surveyed};
use crate::assessment::timeout::map_with_timeout;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::model::caches::owner::{CpuTargets, Marks, Owner, Standing, Writer, Writers};
use crate::model::caches::slug::cache_folder;
use crate::model::image::cpu_target::CpuTarget;
use crate::model::image::key::Digest;
use crate::model::image::record::KnownImage;
use crate::model::loading::depots::shipped;
use crate::model::loading::environment::PROJECT_NAMES;
use crate::path_text;
use crate::platform;
use crate::store::installation_cache::KnownJulia;
use crate::store::project_record;

/// Longest wait for the disk of a project.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Images of one project.
#[derive(Clone, Debug, Default)]
struct Images {
    /// All images that it had or may get.
    keys: BTreeSet<Digest>,
    /// Images that its starts get now, under any Julia.
    in_force: BTreeSet<Digest>,
}

/// All possible owners of precompile files.
#[derive(Debug)]
pub(crate) struct Owners {
    by_release: HashMap<String, Writers>,
    /// Versions of every Julia that was asked.
    versions: HashSet<String>,
    /// Depots that come with a Julia.
    shipped: Vec<PathBuf>,
    code: Code,
}

impl Owners {
    /// Collects the owners. `surveys` has one for each Julia that can be asked.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub(crate) fn read(
        context: &Context,
        julias: &[KnownJulia],
        depots: &[PathBuf],
        surveys: &[(&Survey, &[Surveyed])],
    ) -> Result<Self, Error> {
        let catalog = surveys.first().map_or(&[][..], |(survey, _)| &survey.catalog.images);
        let mut images: BTreeMap<String, Images> = BTreeMap::new();
        let clock = crate::model::usage::journal::Clock::at(context.now);
        for (project, uses) in all_uses(context, clock, depots)? {
            let keys = uses.images.keys().filter_map(|key| Digest::parse(key));
            images.entry(project).or_default().keys.extend(keys);
        }
        for record in project_record::read_all(&context.layout) {
            let known = images.entry(record.path).or_default();
            known.keys.extend(record.image.into_iter().chain(record.former).chain(record.accepted));
        }
        for image in catalog.iter().filter(|image| !image.is_shared) {
            let record = &image.record;
            for project in std::iter::once(&record.project).chain(&record.shared_with) {
                images.entry(project.clone()).or_default().keys.insert(record.key.clone());
            }
        }
        for (survey, surveyed) in surveys {
            for Surveyed { known, found } in *surveyed {
                let Found::Project(assessed) = found else { continue };
                let Some(image) = survey.image_of(&assessed.verdict) else { continue };
                let known = images.entry(known.path.clone()).or_default();
                known.keys.insert(image.record.key.clone());
                known.in_force.insert(image.record.key.clone());
            }
        }
        let in_force = images.values().flat_map(|images| images.in_force.iter().cloned()).collect();
        let environments = environments(depots);
        for environment in &environments {
            let folder = fs::canonicalize(environment).unwrap_or_else(|_| environment.clone());
            images.entry(path_text::encode(&folder)).or_default();
        }
        let presence = presence(images.keys().cloned().collect());
        let mut writers: HashMap<String, (semver::Version, Vec<Writer>)> = HashMap::new();
        // Each Julia that is there comes first: if two writers give the same name, the earlier counts.
        for is_there in [true, false] {
            for julia in julias.iter().filter(|julia| julia.is_there == is_there) {
                let version = julia.installation.version();
                let release = cache_folder(&version);
                let (_, writers) = writers.entry(release).or_insert_with(|| (version, Vec::new()));
                let (in_force, presence, environments) = (&in_force, &presence, &environments);
                let field = Field { context, julia, catalog, in_force, presence, environments };
                field.add(&images, writers);
            }
        }
        let cpu_targets = cpu_targets(context, julias, catalog);
        let by_release = writers
            .into_iter()
            .map(|(release, (version, writers))| {
                (release, Writers::new(version, cpu_targets.clone(), writers))
            })
            .collect();
        let assessed_projects = surveys.iter().flat_map(|(_, surveyed)| surveyed.iter());
        let assessed_projects = assessed_projects.filter_map(|surveyed| match &surveyed.found {
            Found::Project(assessed) => Some(&**assessed),
            Found::Gone | Found::Trouble(_) => None,
        });
        let code = Code::of(assessed_projects, julias.iter().map(|julia| &julia.installation));
        let versions = julias.iter().map(|julia| julia.installation.identity.version.clone()).collect();
        let shipped = julias.iter().map(|julia| shipped(&julia.installation.binary_folder)).collect();
        Ok(Self { by_release, versions, shipped, code })
    }

    /// Owner of the files of this name.
    pub(crate) fn owner(&mut self, release: &str, project_slug: &str, marks: Marks) -> Option<&Rc<Owner>> {
        self.by_release.get_mut(release)?.owner(project_slug, marks)
    }

    /// Whether a depot came with a Julia: its files are that Julia's own.
    pub(crate) fn is_shipped(&self, depot: &Path) -> bool {
        self.shipped.iter().any(|shipped| shipped == depot)
    }

    /// Whether a Julia of this version was ever asked.
    pub(crate) fn knows(&self, julia: &str) -> bool {
        self.versions.contains(julia)
    }

    /// Whether an existing project holds the code that a file was made from; `source` is its entry file, as named in
    /// the header.
    pub(crate) fn is_needed(&self, source: &[u8]) -> bool {
        self.code.holds(source)
    }
}

/// Values that are the same for all projects under one Julia.
struct Field<'a> {
    context: &'a Context,
    julia: &'a KnownJulia,
    catalog: &'a [KnownImage],
    /// Images that the starts of any project get.
    in_force: &'a BTreeSet<Digest>,
    /// Whether each project is there, by path.
    presence: &'a HashMap<String, bool>,
    /// Folders of named environments.
    environments: &'a [PathBuf],
}

impl Field<'_> {
    fn add(&self, images: &BTreeMap<String, Images>, writers: &mut Vec<Writer>) {
        for is_there in [true, false] {
            for (project, images) in images {
                if self.presence.get(project).copied().unwrap_or(true) == is_there {
                    self.add_project(project, is_there, images, writers);
                }
            }
        }
        self.add_writer(Vec::new(), None, self.owner("", true, None, Standing::InForce), writers);
        // PackageCompiler's own files: they belong to no project of the user's, and the next build needs them.
        let builder = packagecompiler_environment(self.context, &self.julia.installation);
        let owner = self.owner(&path_text::encode(&builder), builder.exists(), None, Standing::InForce);
        for file in PROJECT_NAMES.map(|name| builder.join(name)) {
            self.add_writer(platform::bytes(file.as_os_str()).to_vec(), None, Rc::clone(&owner), writers);
        }
    }

    fn add_project(&self, project: &str, has_project: bool, images: &Images, writers: &mut Vec<Writer>) {
        let folder = path_text::decode(project);
        let files = self.project_files(&folder);
        let own = std::iter::once((None, Standing::InForce));
        let version = &self.julia.installation.identity.version;
        let standing = |key| standing(self.catalog, version, (project, images), key, self.in_force);
        let others = images.keys.iter().map(|key| (Some(key), standing(key)));
        for (key, standing) in own.chain(others) {
            let owner = self.owner(project, has_project, key, standing);
            for file in &files {
                self.add_writer(platform::bytes(file.as_os_str()).to_vec(), key, Rc::clone(&owner), writers);
            }
        }
    }

    /// Project files that Julia may have as its active project for a folder: the folder's own, that of a named
    /// environment which is a link to the folder, and ours from which its images are built.
    fn project_files(&self, folder: &Path) -> Vec<PathBuf> {
        let version = &self.julia.installation.identity.version;
        let mut folders = vec![folder.to_owned(), self.context.layout.bake_project(version, folder)];
        let named = self.environments.iter().filter(|named| named.file_name() == folder.file_name());
        folders.extend(named.filter(|named| is_same(named, folder)).cloned());
        folders.iter().flat_map(|folder| PROJECT_NAMES.map(|name| folder.join(name))).collect()
    }

    fn owner(&self, project: &str, has_project: bool, key: Option<&Digest>, standing: Standing) -> Rc<Owner> {
        Rc::new(Owner {
            project: project.to_owned(),
            has_project,
            image: key.cloned(),
            standing,
            julia: path_text::encode(&self.julia.installation.binary),
            has_julia: self.julia.is_there,
        })
    }

    fn add_writer(
        &self,
        active_project: Vec<u8>,
        image: Option<&Digest>,
        owner: Rc<Owner>,
        writers: &mut Vec<Writer>,
    ) {
        let installation = &self.julia.installation;
        let image = image.map_or_else(
            || installation.default_image.to_path_buf(),
            |key| {
                let known = self.catalog.iter().find(|image| image.record.key == *key);
                known.map_or_else(|| self.context.layout.image_file(key), |image| image.path.clone())
            },
        );
        writers.push(Writer {
            active_project,
            image_file: platform::bytes(image.as_os_str()).to_vec(),
            binary: platform::bytes(installation.real_binary.as_os_str()).to_vec(),
            owner,
        });
    }
}

/// Standing of an image of a project under a version of Julia. `in_force` are the images that starts of any project get.
fn standing(
    catalog: &[KnownImage],
    version: &str,
    (project, images): (&str, &Images),
    key: &Digest,
    in_force: &BTreeSet<Digest>,
) -> Standing {
    // Under it, others load what this project left.
    if in_force.contains(key) {
        return Standing::InForce;
    }
    let of_this_julia = catalog.iter().filter(|image| image.inputs.julia.version == version);
    let successors = of_this_julia.filter(|image| {
        image.record.key != *key
            && (image.record.is_for(project) || images.in_force.contains(&image.record.key))
    });
    let last = successors.map(|image| image.record.built).max();
    let own = catalog.iter().find(|image| image.record.key == *key).map(|image| image.record.built);
    match (own, last) {
        (Some(built), Some(since)) if since >= built => Standing::Superseded { since },
        (Some(_), _) => Standing::InForce,
        (None, Some(since)) => Standing::Superseded { since },
        (None, None) => Standing::Gone,
    }
}

/// CPU targets that files may have been written for: besides those of a usual start here, those common on clusters and
/// in containers, and those of images.
fn cpu_targets(context: &Context, julias: &[KnownJulia], catalog: &[KnownImage]) -> CpuTargets {
    let usual = BTreeSet::from(["native".to_owned(), context.cpu_target().to_owned()]);
    // An empty variable counts as a target of that name. For clusters Julia's manual recommends `sysimage`
    // (doc/src/manual/environment-variables.md, 1.13 and later).
    let mut rare = BTreeSet::from([String::new(), "generic".to_owned(), "sysimage".to_owned()]);
    rare.extend(julias.iter().map(|julia| {
        let identity = &julia.installation.identity;
        let version = julia.installation.version();
        CpuTarget::Portable.resolve(&version, &identity.architecture, &identity.system)
    }));
    rare.extend(catalog.iter().map(|image| image.inputs.cpu_target.clone()));
    let bytes = |targets: BTreeSet<String>| targets.into_iter().map(String::into_bytes).collect();
    CpuTargets { rare: bytes(rare.difference(&usual).cloned().collect()), usual: bytes(usual) }
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| one == other)
}

/// The named environments of the depots, as Julia writes their paths.
fn environments(depots: &[PathBuf]) -> Vec<PathBuf> {
    let folders = depots.iter().filter_map(|depot| fs_err::read_dir(depot.join("environments")).ok());
    folders.flat_map(|entries| entries.flatten().map(|entry| entry.path())).collect()
}

/// Whether there is a project in each folder. One whose disk does not answer counts as there.
fn presence(projects: Vec<String>) -> HashMap<String, bool> {
    let answers = map_with_timeout(projects.clone(), TIMEOUT, |project: &String| {
        let folder = path_text::decode(project);
        PROJECT_NAMES.iter().any(|name| match fs_err::metadata(folder.join(name)) {
            Ok(_) => true,
            Err(error) => !fs::is_absence(&error),
        })
    });
    projects.into_iter().zip(answers).map(|(project, answer)| (project, answer.unwrap_or(true))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::verdict::tests::image;
    use crate::model::loading::manifest::Manifest;
    use crate::model::loading::testing::package;

    #[test]
    fn an_image_that_another_project_gets_is_not_superseded() {
        let mut shared = image(&Manifest::of([package(1, "One", &[])]), "/p", 1);
        shared.record.shared_with = vec!["/q".to_owned()];
        let own = image(&Manifest::of([package(2, "Two", &[])]), "/p", 2);
        let keys = [&shared, &own].map(|image| image.record.key.clone());
        let [old, new] = &keys;
        let images = Images { keys: BTreeSet::from(keys.clone()), in_force: BTreeSet::from([new.clone()]) };
        let version = shared.inputs.julia.version.clone();
        let catalog = [shared, own];
        let standing = |in_force: &[&Digest]| {
            let in_force = in_force.iter().map(|key| (*key).clone()).collect();
            standing(&catalog, &version, ("/p", &images), old, &in_force)
        };
        assert_eq!(standing(&[new]), Standing::Superseded { since: 2 });
        assert_eq!(standing(&[new, old]), Standing::InForce);
    }
}
