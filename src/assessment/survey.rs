//! All known projects, each looked at as `run` would: verdict, worth, caches.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::assessment::cold::{Caches, Surroundings};
use crate::assessment::known::KnownProject;
use crate::assessment::stores::add_shared;
use crate::assessment::timeout::map_with_timeout;
use crate::assessment::verdict::{Subject, verdict_among};
use crate::assessment::{
    Basis, ForProject, ProjectState, Toolchain, depots, known_projects, locate_environment, wanted,
};
use crate::context::Context;
use crate::error::Error;
use crate::fs::{self, ObservedFiles};
use crate::installation::Installation;
use crate::model::image::key::{Digest, find};
use crate::model::image::record::KnownImage;
use crate::model::image::verdict::Verdict;
use crate::model::image::wanted::Wanted;
use crate::model::loading::environment::{Environment, ProjectFlag};
use crate::model::settings::{Flags, Settings};
use crate::model::usage::journal::Clock;
use crate::model::usage::savings::{Observation, Saving, SavingsModel};
use crate::store::catalog::{self, Catalog};
use crate::store::load_times;
use crate::store::project_record::{self, ProjectRecord};

/// Message if no project is known: what to type.
pub(crate) const NO_PROJECT: &str = "no project is known yet; `jlproj run` in one, or `jlproj scan FOLDER`";

/// Seconds that a build takes if none was measured: before Julia 1.9, and from then on, where an image is compiled anew with
/// all of Julia's own code.
const USUAL_BUILD: f64 = 180.0;
const USUAL_BUILD_WITH_PACKAGE_IMAGES: f64 = 600.0;

/// Longest wait for one project: a dead network mount never answers.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Context of a survey, the same for every project.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) context: Context,
    pub(crate) installation: Installation,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) catalog: Catalog,
    pub(crate) model: SavingsModel,
    /// Whether cold packages are looked for, too.
    pub(crate) looks_at_caches: bool,
    caches: Caches,
}

/// A known project, and what was found at its place.
#[derive(Debug)]
pub(crate) struct Surveyed {
    pub(crate) known: KnownProject,
    pub(crate) found: Found,
}

/// Present state of a known project.
#[derive(Debug)]
pub(crate) enum Found {
    Project(Box<AssessedProject>),
    /// There is no project any more.
    Gone,
    /// Why it cannot be looked at, in a few words.
    Trouble(String),
}

/// A project as it is now.
#[derive(Debug)]
pub(crate) struct AssessedProject {
    pub(crate) state: ProjectState,
    pub(crate) wanted: Wanted,
    pub(crate) verdict: Verdict,
    /// Packages that the next start would have to compile; empty if they were not looked for.
    pub(crate) cold: Vec<String>,
}

impl Survey {
    /// Opens a survey: settings, Julia, images and measurements.
    ///
    /// # Errors
    /// Where there is no Julia, or a setting cannot be followed.
    pub(crate) fn open(
        context: &Context,
        julia: Option<OsString>,
        looks_at_caches: bool,
    ) -> Result<Arc<Self>, Error> {
        let flags = Flags { julia, ..Flags::default() };
        let toolchain = Toolchain::open(context, flags, ForProject::None)?;
        Ok(Arc::new(Self { looks_at_caches, ..Self::new(toolchain.basis()) }))
    }

    /// The same for a command that only reads: as [`Toolchain::open_for_records`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn open_for_records(context: &Context, julia: Option<OsString>) -> Result<Arc<Self>, Error> {
        let flags = Flags { julia, ..Flags::default() };
        let toolchain = Toolchain::open_for_records(context, flags, ForProject::None)?;
        Ok(Arc::new(Self { looks_at_caches: true, ..Self::new(toolchain.basis()) }))
    }

    /// Seconds that a build takes here: the median of those on record.
    pub(crate) fn build_seconds(&self) -> f64 {
        let images = self.catalog.own();
        let mut seconds: Vec<f64> =
            images.map(|image| image.record.measured.build).filter(|seconds| *seconds > 0.0).collect();
        seconds.sort_by(f64::total_cmp);
        let usual = if self.installation.has_package_images() {
            USUAL_BUILD_WITH_PACKAGE_IMAGES
        } else {
            USUAL_BUILD
        };
        seconds.get(seconds.len() / 2).copied().unwrap_or(usual)
    }

    /// Bytes of all images.
    pub(crate) fn image_bytes(&self) -> u64 {
        self.catalog.own().map(|image| image.record.file.size).sum()
    }

    /// Bytes that an image takes: the median of those on record, else the size of Julia's own.
    pub(crate) fn image_size(&self) -> u64 {
        let mut sizes: Vec<u64> = self.catalog.own().map(|image| image.record.file.size).collect();
        sizes.sort_unstable();
        let own = || fs_err::metadata(&*self.installation.default_image).map_or(0, |metadata| metadata.len());
        sizes.get(sizes.len() / 2).copied().unwrap_or_else(own)
    }

    /// Looks at all known projects.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub(crate) fn all(self: &Arc<Self>) -> Result<Vec<Surveyed>, Error> {
        let depots = depots(&self.context, &self.installation)?;
        let known = known_projects(&self.context, self.clock, &depots)?;
        Ok(self.of(known))
    }

    /// Reads the images and measurements, which all projects share.
    pub(crate) fn new(basis: Basis<'_>) -> Self {
        let Basis { context, installation, settings } = basis;
        let mut catalog = catalog::read_all(&context.layout, &context.processor());
        add_shared(context, settings, &[], &mut catalog, &ObservedFiles::default());
        let model = model(context, installation, &catalog.images);
        Self {
            context: context.clone(),
            installation: installation.clone(),
            settings: settings.clone(),
            clock: Clock::at(context.now),
            catalog,
            model,
            looks_at_caches: false,
            caches: Caches::default(),
        }
    }

    /// Looks at all of `known`, several at a time.
    pub(crate) fn of(self: &Arc<Self>, known: Vec<KnownProject>) -> Vec<Surveyed> {
        let survey = Arc::clone(self);
        let items = known.clone();
        let answers = map_with_timeout(items, TIMEOUT, move |known| survey.look(known));
        let answers = known.into_iter().zip(answers);
        answers
            .map(|(known, answer)| {
                answer.unwrap_or_else(|| Surveyed {
                    known,
                    found: Found::Trouble("its disk does not answer".to_owned()),
                })
            })
            .collect()
    }

    /// Looks at the project of an environment.
    ///
    /// # Errors
    /// Where there is none, or a file of it cannot be read.
    pub(crate) fn assessed_project(
        &self,
        environment: Environment,
        depots: Vec<PathBuf>,
        files: &ObservedFiles,
    ) -> Result<AssessedProject, Error> {
        let (state, wanted, verdict) = self.assess(environment, depots, files)?;
        let record = project_record::read(&self.context.layout, &state.folder);
        Ok(self.assessed(record.as_ref(), state, wanted, verdict))
    }

    /// Looks at one project.
    pub(crate) fn look(&self, known: &KnownProject) -> Surveyed {
        let mut known = known.clone();
        let files = ObservedFiles::default();
        let flag = ProjectFlag::Value(known.folder().into_os_string());
        let located = locate_environment(&self.context, &self.installation, Some(&flag), None, &files);
        let found = match located.and_then(|(environment, depots)| self.assess(environment, depots, &files)) {
            Ok((state, wanted, verdict)) => {
                let found = self.assessed(known.record.as_ref(), state, wanted, verdict);
                self.add_loads(&mut known, &found);
                Found::Project(Box::new(found))
            }
            Err(Error::NoProject { .. } | Error::NoProjectFile { .. }) => absent(&known.folder()),
            Err(error) => Found::Trouble(error.in_one_line()),
        };
        Surveyed { known, found }
    }

    fn assess(
        &self,
        environment: Environment,
        depots: Vec<PathBuf>,
        files: &ObservedFiles,
    ) -> Result<(ProjectState, Wanted, Verdict), Error> {
        let Self { context, installation, settings, .. } = self;
        let basis = Basis { context, installation, settings };
        let state = ProjectState::read(basis, environment, depots, files)?;
        let wanted = wanted(basis, &state, files)?;
        let subject = Subject { state: &state, wanted: &wanted, keys: &wanted.keys() };
        let verdict = verdict_among(basis, subject, &self.catalog, files);
        Ok((state, wanted, verdict))
    }

    fn assessed(
        &self,
        record: Option<&ProjectRecord>,
        state: ProjectState,
        wanted: Wanted,
        verdict: Verdict,
    ) -> AssessedProject {
        let cold = if self.looks_at_caches {
            let (path, baked) = Self::image_parts(self.image_of(&verdict));
            let warmed = record.and_then(|record| record.warmed.as_ref());
            self.surroundings(&state, path.as_deref(), &baked).cold(warmed, &self.caches)
        } else {
            Vec::new()
        };
        AssessedProject { state, wanted, verdict, cold }
    }

    /// Counts loads of the project's own caches as use, except for our own work.
    fn add_loads(&self, known: &mut KnownProject, assessed: &AssessedProject) {
        let record = known.record.as_ref();
        let since = record.and_then(|record| record.forgotten).unwrap_or(i64::MIN);
        let seen = record.and_then(|record| record.seen).filter(|time| *time > since);
        for time in seen.into_iter().chain(self.loads(record, assessed)) {
            known.uses.add_sign(time, self.clock);
        }
    }

    /// Times at which the project's own caches were loaded, except for our own work.
    pub(crate) fn loads(&self, record: Option<&ProjectRecord>, assessed: &AssessedProject) -> Vec<i64> {
        let (path, baked) = Self::image_parts(self.image_of(&assessed.verdict));
        let worked = record.and_then(|record| record.worked).unwrap_or(i64::MIN);
        let since = record.and_then(|record| record.forgotten).unwrap_or(i64::MIN);
        let images = std::iter::once(None).chain(path.as_deref().map(Some));
        let times = images.flat_map(|image| self.surroundings(&assessed.state, image, &baked).last_loads());
        times.filter(|time| *time > worked.max(since)).collect()
    }

    pub(crate) fn surroundings<'a>(
        &'a self,
        state: &'a ProjectState,
        image: Option<&'a Path>,
        baked: &'a BTreeSet<Uuid>,
    ) -> Surroundings<'a> {
        let (installation, cpu_target) = (&self.installation, self.context.cpu_target());
        Surroundings { installation, state, image, baked, cpu_target }
    }

    /// The path of an image, and the packages in it.
    pub(crate) fn image_parts(image: Option<&KnownImage>) -> (Option<PathBuf>, BTreeSet<Uuid>) {
        let Some(image) = image else { return (None, BTreeSet::new()) };
        let baked = image.inputs.packages.iter().map(|package| package.uuid).collect();
        (Some(image.path.clone()), baked)
    }

    /// The image in force.
    pub(crate) fn image_of(&self, verdict: &Verdict) -> Option<&KnownImage> {
        match verdict {
            Verdict::Exact { key } | Verdict::Contained { key, .. } => self.image(key),
            Verdict::Plain(_) => None,
        }
    }

    fn image(&self, key: &Digest) -> Option<&KnownImage> {
        self.catalog.image(key)
    }

    /// Saving of a start by the image in force; `None` without one.
    pub(crate) fn saving(&self, known: &KnownProject, assessed: &AssessedProject) -> Option<Saving> {
        let image = self.image_of(&assessed.verdict)?;
        let measured =
            known.record.as_ref().filter(|record| record.image.as_ref() == Some(&image.record.key));
        if let Some(measured) = measured.map(|record| &record.measured).filter(|times| times.has_load_times())
        {
            return Some(Saving { seconds: measured.saved(), is_measured: true });
        }
        Some(Saving { seconds: self.estimate(image, &assessed.wanted), is_measured: false })
    }

    /// Seconds that an image saves in a project, estimated.
    fn estimate(&self, image: &KnownImage, wanted: &Wanted) -> f64 {
        let baked = image.inputs.packages.iter().map(|package| package.uuid);
        self.model.saving(baked.filter(|uuid| find(&wanted.inputs.packages, *uuid).is_some()))
    }

    /// Seconds that an image of a project's own saves, estimated.
    fn estimate_own(&self, wanted: &Wanted) -> f64 {
        self.model.saving(wanted.inputs.packages.iter().map(|package| package.uuid))
    }

    /// Whether an image of its own would save a project little more than the one in force.
    pub(crate) fn is_covered(&self, assessed: &AssessedProject) -> bool {
        const ENOUGH: f64 = 0.9;
        let Some(image) = self.image_of(&assessed.verdict) else { return false };
        let is_exact = matches!(assessed.verdict, Verdict::Exact { .. });
        is_exact || self.estimate(image, &assessed.wanted) >= ENOUGH * self.estimate_own(&assessed.wanted)
    }

    /// Saving of a start by an image of the project's own.
    pub(crate) fn possible(&self, known: &KnownProject, assessed: &AssessedProject) -> Saving {
        match self.saving(known, assessed) {
            Some(saving) if matches!(assessed.verdict, Verdict::Exact { .. }) => saving,
            _ => Saving { seconds: self.estimate_own(&assessed.wanted), is_measured: false },
        }
    }
}

/// Result for a folder in which no project file can be seen: it need not be gone.
fn absent(folder: &Path) -> Found {
    match fs_err::metadata(folder.join("Project.toml")) {
        Err(error) if !fs::is_absence(&error) => Found::Trouble(error.to_string()),
        _ => Found::Gone,
    }
}

/// Seconds that an image with `packages` saves at a start that loads them, by what was measured with other images, and
/// while they were made.
pub(crate) fn estimated_saving(
    context: &Context,
    installation: &Installation,
    images: &[KnownImage],
    packages: impl IntoIterator<Item = Uuid>,
) -> f64 {
    model(context, installation, images).saving(packages)
}

/// Model of the savings measured on this machine so far, with this release of Julia.
fn model(context: &Context, installation: &Installation, images: &[KnownImage]) -> SavingsModel {
    let release = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    let own = release(&installation.identity.version);
    let observed = images.iter().filter(|image| release(&image.inputs.julia.version) == own);
    let observations: Vec<Observation> = observed
        .map(|image| Observation {
            packages: load_times::read(&context.layout, &image.record.key).into_iter().collect(),
            saved: image.record.measured.has_load_times().then(|| image.record.measured.saved()),
        })
        .filter(|observation| !observation.packages.is_empty())
        .collect();
    SavingsModel::fit(&observations, installation.has_package_images())
}
