//! Inventory for `cache` and `gc`: every Julia, every project, every image and every precompile file.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

use crate::assessment::{
    self, Basis, CacheFile, ForProject, Found, KnownProject, Owners, Survey, Surveyed, Toolchain,
};
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::installation::Installation;
use crate::model::image::record::KnownImage;
use crate::model::settings::Flags;
use crate::model::usage::journal::{Clock, Uses};
use crate::path_text;
use crate::store::installation_cache::{self, KnownJulia};
use crate::store::project_record;

/// Everything that `cache` and `gc` look at.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// The Julia of this command.
    pub(crate) installation: Installation,
    /// Every Julia that was ever asked about itself.
    pub(crate) julias: Vec<KnownJulia>,
    /// All known projects, under each Julia that is unchanged since it was asked.
    pub(crate) surveys: Vec<(Arc<Survey>, Vec<Surveyed>)>,
    pub(crate) caches: Vec<CacheFile>,
    /// Folders that were not entered, and why.
    pub(crate) passed_over: Vec<String>,
}

/// Reads the inventory.
///
/// # Errors
/// Where there is no Julia, a setting cannot be followed, or the journal cannot be read.
pub(crate) fn inventory(context: &Context, julia: Option<OsString>) -> Result<Inventory, Error> {
    let overrides = Flags { julia, ..Flags::default() };
    let Toolchain { settings, installation, .. } =
        Toolchain::open_for_records(context, overrides, ForProject::None)?;
    let mut julias = installation_cache::read_all(&context.layout);
    // If the store cannot be written, this Julia is not among them.
    if julias.iter().all(|julia| julia.installation != installation) {
        julias.push(KnownJulia { installation: installation.clone(), is_there: true, is_unchanged: true });
    }
    let mut depots = assessment::depots(context, &installation)?;
    let mut surveys = Vec::new();
    for julia in julias.iter().filter(|julia| julia.is_there && julia.is_unchanged) {
        let others = assessment::depots(context, &julia.installation)?;
        let mut known = assessment::known_projects(context, Clock::at(context.now), &others)?;
        let survey =
            Arc::new(Survey::new(Basis { context, installation: &julia.installation, settings: &settings }));
        known.extend(just_built(context, &survey, &known));
        let surveyed = survey.of(known);
        surveys.push((survey, surveyed));
        for depot in others {
            if !depots.contains(&depot) {
                depots.push(depot);
            }
        }
    }
    let looked_at: Vec<(&Survey, &[Surveyed])> =
        surveys.iter().map(|(survey, surveyed)| (&**survey, surveyed.as_slice())).collect();
    let mut owners = Owners::read(context, &julias, &depots, &looked_at)?;
    let listing = assessment::list(&depots);
    let caches = assessment::judge_all(listing.files, &mut owners, context.now);
    Ok(Inventory { installation, julias, surveys, caches, passed_over: listing.passed_over })
}

/// Projects known only from an image: just built, and not used yet.
fn just_built(context: &Context, survey: &Survey, known: &[KnownProject]) -> Vec<KnownProject> {
    let known: BTreeSet<&str> = known.iter().map(|known| known.path.as_str()).collect();
    let images = survey.catalog.own().map(|image| &image.record);
    let named = images.flat_map(|record| std::iter::once(&record.project).chain(&record.shared_with));
    let named: BTreeSet<&String> = named.filter(|project| !known.contains(project.as_str())).collect();
    let projects = named.into_iter().map(|path| {
        let record = project_record::read(&context.layout, &path_text::decode(path));
        KnownProject { path: path.clone(), uses: Uses::default(), record }
    });
    // A forgotten project stays forgotten.
    let is_forgotten =
        |known: &KnownProject| known.record.as_ref().is_some_and(|record| record.forgotten.is_some());
    projects.filter(|known| !is_forgotten(known)).collect()
}

impl Inventory {
    /// Whether a Julia that the image works with is on the machine, or may be.
    pub(crate) fn has_julia(&self, image: &KnownImage) -> bool {
        let is_known = self
            .julias
            .iter()
            .any(|julia| julia.is_there && julia.installation.identity == image.inputs.julia);
        let binary = path_text::decode(&image.record.julia);
        let is_gone = fs_err::metadata(binary).is_err_and(|error| fs::is_absence(&error));
        is_known || !is_gone
    }

    /// Projects that are not gone, each with its survey.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&Survey, &Surveyed)> {
        let all =
            self.surveys.iter().flat_map(|(survey, surveyed)| surveyed.iter().map(|one| (&**survey, one)));
        all.filter(|(_, surveyed)| !matches!(surveyed.found, Found::Gone))
    }
}
