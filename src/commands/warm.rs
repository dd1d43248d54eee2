//! `jlproj warm`: compiles now what the next start of a project would.

use std::ffi::OsString;
use std::sync::Arc;

use crate::assessment::{self, AssessedProject, Found, KnownProject, Survey, Surveyed};
use crate::building::direct_dependencies;
use crate::building::preflight::check_store;
use crate::cli::WarmArgs;
use crate::context::{self, Context};
use crate::error::Error;
use crate::exit;
use crate::fs::ObservedFiles;
use crate::julia::builder::BuildError;
use crate::julia::exchange::PackageRequest;
use crate::julia::import::{self, Purpose};
use crate::julia::session::{Limits, Session};
use crate::model::loading::environment::ProjectFlag;
use crate::path_text;
use crate::platform::Interruption;
use crate::store::project_record;
use crate::store::workspace::Workspace;
use crate::template;
use crate::ui::count::count;
use crate::ui::message;

pub(crate) fn run(arguments: &WarmArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    let interruption = Interruption::watch()?;
    let survey = Survey::open(context, arguments.julia.julia.clone(), true)?;
    let surveyed =
        if arguments.frequent { frequent(&survey)? } else { named(&survey, &arguments.projects.projects)? };
    let (mut failed, all) = (0, surveyed.len());
    for (folder, assessed) in surveyed {
        match warm(&survey, &assessed, &interruption) {
            Ok(outcome) => message::line(&format!("{folder}: {}", outcome.text())),
            Err(BuildError::Interrupted(signal)) => {
                message::note("interrupted");
                return Ok(exit::SIGNAL_BASE.saturating_add(signal));
            }
            Err(source) => {
                Error::Warm { project: folder, source }.print();
                failed += 1;
            }
        }
    }
    if failed > 0 { Err(Error::SomeNotWarmed { failed, all }) } else { Ok(exit::SUCCESS) }
}

/// The named projects; without a name, the one that a start here would have.
fn named(survey: &Arc<Survey>, projects: &[OsString]) -> Result<Vec<(String, AssessedProject)>, Error> {
    let context = &survey.context;
    let flags: Vec<Option<ProjectFlag>> = if projects.is_empty() {
        vec![None]
    } else {
        projects.iter().map(|project| Some(ProjectFlag::Value(project.clone()))).collect()
    };
    let mut list = Vec::new();
    for flag in flags {
        let files = ObservedFiles::default();
        let (environment, depots) =
            assessment::locate_environment(context, &survey.installation, flag.as_ref(), None, &files)?;
        let assessed = survey.assessed_project(environment, depots, &files)?;
        list.push((path_text::encode(&assessed.state.folder), assessed));
    }
    Ok(list)
}

/// Known projects that are used and would have to compile something, most used first.
fn frequent(survey: &Arc<Survey>) -> Result<Vec<(String, AssessedProject)>, Error> {
    let rate = |known: &KnownProject| known.uses.per_week(survey.clock);
    let mut list: Vec<Surveyed> = survey.all()?;
    let is_known = !list.is_empty();
    list.retain(|surveyed| rate(&surveyed.known) > 0.0);
    list.sort_by(|left, right| rate(&right.known).total_cmp(&rate(&left.known)));
    let cold = list.into_iter().filter_map(|surveyed| match surveyed.found {
        Found::Project(assessed) if !assessed.cold.is_empty() => Some((surveyed.known.path, *assessed)),
        _ => None,
    });
    let cold: Vec<_> = cold.collect();
    if cold.is_empty() {
        let why = if is_known { "no project that you use is cold" } else { assessment::NO_PROJECT };
        message::line(&format!("nothing to compile: {why}"));
    }
    Ok(cold)
}

/// Outcome for a project.
enum Warmed {
    /// Everything is compiled, except for what cannot be.
    Warm { compiled: usize },
    /// These packages do not load, with or without jlproj.
    Broken(Vec<String>),
}

impl Warmed {
    fn text(&self) -> String {
        match self {
            Self::Warm { compiled: 0 } => "warm; nothing had to be compiled".to_owned(),
            Self::Warm { compiled } => format!("warm; compiled {}", count(*compiled, "package")),
            Self::Broken(names) => format!("warm but for {}, which cannot be loaded", names.join(", ")),
        }
    }
}

/// Precompiles the project's direct dependencies, and with them all that they depend on, under the image in force or
/// without one.
fn warm(
    survey: &Survey,
    assessed: &AssessedProject,
    interruption: &Interruption,
) -> Result<Warmed, BuildError> {
    let layout = &survey.context.layout;
    check_store(layout)?;
    let workspace = Workspace::create(layout)?;
    let scripts = template::materialise(&layout.scripts())?;
    let project_file = assessed.state.launched_project();
    let session = Session {
        julia: &survey.installation,
        julia_arguments: &[],
        runner: &[],
        project_file: &project_file,
        folder: workspace.path(),
        scripts: &scripts,
        log: &workspace.path().join("warm.log"),
        limits: Limits::default(),
        watcher: interruption,
    };
    let (image, baked) = Survey::image_parts(survey.image_of(&assessed.verdict));
    let packages: Vec<PackageRequest> = direct_dependencies(&assessed.state);
    // Read before our own work overwrites it.
    let record = project_record::read(layout, &assessed.state.folder);
    let seen = survey.loads(record.as_ref(), assessed).into_iter().max();
    let outcomes = import::import(&session, &packages, image.as_deref(), Purpose::Precompile)?.packages;
    let broken: Vec<String> =
        outcomes.iter().filter(|outcome| !outcome.ok).map(|outcome| outcome.name.clone()).collect();
    let digest = survey.surroundings(&assessed.state, image.as_deref(), &baked).digest();
    project_record::update(layout, &assessed.state.folder, |record| {
        record.worked = Some(context::now());
        record.seen = record.seen.max(seen);
        record.warmed = broken.is_empty().then_some(digest);
    })?;
    Ok(if broken.is_empty() {
        Warmed::Warm { compiled: assessed.cold.len() }
    } else {
        Warmed::Broken(broken)
    })
}
