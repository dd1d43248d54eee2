//! `jlproj plan`: the few images that save most over all known projects.

mod report;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::assessment::{AssessedProject, ForProject, Found, KnownProject, Survey, Surveyed};
use crate::building;
use crate::building::{BuildContext, Options, Plan, runner};
use crate::cli::PlanArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::julia::builder::BuildError;
use crate::model::image::key::{BakedPackage, Digest};
use crate::model::settings::Flags;
use crate::model::sharing::{Budget, Need, PackageCost, SharedImage, Sharing, share};
use crate::model::usage::savings::WEEKS_TO_PAY;
use crate::platform::Interruption;
use crate::ui::progress::{Display, Verbosity};
use crate::ui::{message, output};

/// Seconds to compile a package once more under an image that does not hold it (Julia 1.9 and later).
const COMPILE: f64 = 3.0;

/// Seconds per start that a package costs a project which does not have it.
const FOREIGN: f64 = 0.001;

/// Bytes that a package adds to an image.
const PACKAGE_BYTES: u64 = 250_000;

pub(crate) fn run(arguments: &PlanArgs, context: &Context) -> Result<u8, Error> {
    let overrides = Flags { julia: arguments.julia.julia.clone(), ..Flags::default() };
    let building =
        if arguments.build { runner::context_for(context, overrides)? } else { Cow::Borrowed(context) };
    let context = &*building;
    let survey = Survey::open(context, arguments.julia.julia.clone(), false)?;
    let surveyed = survey.all()?;
    let field = Field::new(&survey, surveyed);
    let sharing = share(&field.needs, &field.costs, &field.budget(&survey, arguments));
    let report = report::report(&survey, &field, &sharing);
    if arguments.build {
        message::line(report::table(&report, context.width).trim_end());
        return build(arguments, context, &survey, field, &sharing);
    }
    output::print(&report, arguments.format.format, || report::table(&report, context.width))?;
    Ok(exit::SUCCESS)
}

/// The projects that could share images, and what their packages are worth.
struct Field {
    /// In the order of `needs`.
    projects: Vec<(KnownProject, Box<AssessedProject>)>,
    needs: Vec<Need>,
    /// One for each distinct content of a package.
    costs: Vec<PackageCost>,
    /// The package of each content.
    contents: Vec<BakedPackage>,
    /// Projects that can have no image, and why.
    hopeless: Vec<(String, String)>,
}

impl Field {
    fn new(survey: &Survey, surveyed: Vec<Surveyed>) -> Self {
        let mut field = Self {
            projects: Vec::new(),
            needs: Vec::new(),
            costs: Vec::new(),
            contents: Vec::new(),
            hopeless: Vec::new(),
        };
        let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
        let mut identities: BTreeMap<Uuid, usize> = BTreeMap::new();
        for Surveyed { known, found } in surveyed {
            match found {
                Found::Gone => {}
                Found::Trouble(text) => field.hopeless.push((known.path, text)),
                Found::Project(assessed) if assessed.wanted.inputs.packages.is_empty() => {
                    field.hopeless.push((known.path, "no package of it can be baked".to_owned()));
                }
                Found::Project(assessed) => {
                    let packages = &assessed.wanted.inputs.packages;
                    let mut held: Vec<usize> = packages
                        .iter()
                        .map(|package| field.place(survey, package, &mut places, &mut identities))
                        .collect();
                    held.sort_unstable();
                    let starts_per_week = known.uses.per_week(survey.clock);
                    field.needs.push(Need { starts_per_week, packages: held });
                    field.projects.push((known, assessed));
                }
            }
        }
        field
    }

    /// Index of a package's content in the lists, to which it is added if it is new.
    fn place(
        &mut self,
        survey: &Survey,
        package: &BakedPackage,
        places: &mut BTreeMap<Digest, usize>,
        identities: &mut BTreeMap<Uuid, usize>,
    ) -> usize {
        if let Some(place) = places.get(&package.digest) {
            return *place;
        }
        let count = identities.len();
        let identity = *identities.entry(package.uuid).or_insert(count);
        let seconds = survey.model.seconds(package.uuid);
        let place = self.costs.len();
        self.costs.push(PackageCost { identity, seconds, bytes: PACKAGE_BYTES });
        self.contents.push(package.clone());
        places.insert(package.digest.clone(), place);
        place
    }

    fn budget(&self, survey: &Survey, arguments: &PlanArgs) -> Budget {
        let compiles_again = survey.installation.has_package_images();
        Budget {
            images: arguments.images.unwrap_or(self.needs.len()),
            disk: arguments.disk,
            image_bytes: survey.image_size(),
            image_cost: survey.build_seconds() / WEEKS_TO_PAY,
            outside_cost: if compiles_again { COMPILE / WEEKS_TO_PAY } else { 0.0 },
            union: arguments.union,
            foreign_cost: FOREIGN,
        }
    }

    /// The packages of an image, sorted by UUID as in a key.
    fn packages(&self, image: &SharedImage) -> Vec<BakedPackage> {
        let mut packages: Vec<BakedPackage> =
            image.packages.iter().filter_map(|place| self.contents.get(*place).cloned()).collect();
        packages.sort_unstable_by_key(|package| package.uuid);
        packages
    }

    /// Index of the project that an image is built from: the one of its projects that is started most.
    fn leader(&self, image: &SharedImage) -> Option<usize> {
        let rate = |place: &usize| self.needs.get(*place).map_or(0.0, |need| need.starts_per_week);
        // Reversed, since `max_by` takes the last of equals: the first counts.
        image.projects.iter().rev().copied().max_by(|left, right| rate(left).total_cmp(&rate(right)))
    }
}

/// Builds the images that are not there.
fn build(
    arguments: &PlanArgs,
    context: &Context,
    survey: &Arc<Survey>,
    field: Field,
    sharing: &Sharing,
) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let display = Display::new(Verbosity::Normal, context.stderr_is_terminal, false);
    let overrides = Flags { julia: arguments.julia.julia.clone(), ..Flags::default() };
    let build = BuildContext::new(context, overrides, ForProject::None, Interruption::watch()?, display)?;
    let options = Options {
        force: false,
        dry_run: false,
        passes_over_empty: false,
        measures: false,
        jobs: 1,
        verbosity: Verbosity::Normal,
    };
    building::sweep(&build, options);
    let chosen: Vec<(SharedImage, Vec<BakedPackage>, Option<usize>)> = sharing
        .images
        .iter()
        .map(|image| (image.clone(), field.packages(image), field.leader(image)))
        .collect();
    let mut assessed_projects: BTreeMap<usize, Box<AssessedProject>> =
        field.projects.into_iter().map(|(_, assessed)| assessed).enumerate().collect();
    let (mut failed, all) = (0, chosen.len());
    for (image, packages, leader) in chosen {
        let Some(leader) = leader.and_then(|leader| assessed_projects.remove(&leader)) else { continue };
        let members: Vec<AssessedProject> = image
            .projects
            .iter()
            .filter_map(|place| assessed_projects.remove(place))
            .map(|assessed| *assessed)
            .collect();
        if image.is_union && !(arguments.yes || report::is_confirmed(context, &leader, &members)) {
            message::note("not built: not confirmed");
            continue;
        }
        let plan = Plan::shared(survey, *leader, members, packages, image.is_union);
        match building::make(&build, &plan, options) {
            Ok(_) => {}
            Err(error @ Error::Build { source: BuildError::Interrupted(_), .. }) => return Err(error),
            Err(error) => {
                error.print();
                failed += 1;
            }
        }
    }
    if failed > 0 { Err(Error::SomeFailed { failed, all }) } else { Ok(exit::SUCCESS) }
}

/// Names of the packages of an image that a project does not have.
fn foreign(packages: &[BakedPackage], assessed: &AssessedProject) -> Vec<String> {
    let held: BTreeSet<&Digest> =
        assessed.wanted.inputs.packages.iter().map(|package| &package.digest).collect();
    let mut names: Vec<String> = packages
        .iter()
        .filter(|package| !held.contains(&package.digest))
        .map(|package| package.name.clone())
        .collect();
    names.sort();
    names
}
