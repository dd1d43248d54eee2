//! `build --frequent` and `--all`: chooses the known projects to build for.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::sync::Arc;

use crate::assessment::{self, AssessedProject, Found, KnownProject, NO_PROJECT, Survey, Surveyed};
use crate::building::BuildContext;
use crate::cli::BuildArgs;
use crate::error::Error;
use crate::model::image::verdict::Verdict;
use crate::path_text;
use crate::ui::message;
use crate::ui::progress::Verbosity;
use crate::ui::size::size;
use crate::ui::time::time;

/// Weeks in a month of 30 days.
pub(super) const WEEKS_IN_MONTH: f64 = 30.0 / 7.0;

/// A project that an image could be built for.
struct Candidate {
    project: OsString,
    path: String,
    /// Seconds that a new image would save in a month of present use, beyond the image in force.
    per_month: f64,
    /// Reason not to build one, whatever it saves.
    obstacle: Option<&'static str>,
}

/// The projects to build for, most worth first.
///
/// # Errors
/// Where the journal cannot be read.
pub(super) fn choose(
    build: &BuildContext<'_>,
    arguments: &BuildArgs,
    verbosity: Verbosity,
) -> Result<Vec<OsString>, Error> {
    let survey = Arc::new(Survey::new(build.toolchain.basis()));
    let depots = assessment::depots(build.toolchain.context, &build.toolchain.installation)?;
    let known = assessment::known_projects(build.toolchain.context, survey.clock, &depots)?;
    let tell = |text: &str| {
        if verbosity != Verbosity::Quiet {
            message::line(text);
        }
    };
    let nothing = if known.is_empty() {
        format!("nothing to build: {NO_PROJECT}")
    } else {
        "nothing to build".to_owned()
    };
    let mut candidates: Vec<Candidate> =
        survey.of(known).iter().filter_map(|surveyed| candidate(&survey, surveyed)).collect();
    candidates.sort_by(by_worth);
    if arguments.all {
        candidates.retain(|candidate| candidate.obstacle != Some(NOTHING));
        if candidates.is_empty() {
            tell(&nothing);
        }
        return Ok(candidates.into_iter().map(|candidate| candidate.project).collect());
    }
    let cost = survey.build_seconds();
    let mut room = arguments.disk.map(|disk| disk.saturating_sub(survey.image_bytes()));
    let image = survey.image_size();
    let mut chosen = Vec::new();
    for candidate in candidates.into_iter().take(arguments.top.unwrap_or(usize::MAX)) {
        let Candidate { project, path, per_month, obstacle } = candidate;
        let pays = per_month >= build.toolchain.settings.worth_building.value * cost;
        let verdict = format!("{} a month for a build of about {}", time(per_month), time(cost));
        match obstacle {
            Some(obstacle) => tell(&format!("{path}: {obstacle}")),
            None if !pays => tell(&format!("{path}: left out, would save {verdict}")),
            None if room.is_some_and(|room| room < image) => {
                tell(&format!("{path}: left out, no room for {} more", size(image)));
            }
            None => {
                tell(&format!("{path}: would save {verdict}"));
                room = room.map(|room| room - image);
                chosen.push(project);
            }
        }
    }
    if chosen.is_empty() {
        tell(&nothing);
    }
    Ok(chosen)
}

/// Obstacle of a project without a package to bake.
const NOTHING: &str = "no package of it can be baked";

fn candidate(survey: &Survey, surveyed: &Surveyed) -> Option<Candidate> {
    let Surveyed { known, found: Found::Project(assessed) } = surveyed else { return None };
    let now = survey.saving(known, assessed).map_or(0.0, |saving| saving.seconds);
    let gain = (survey.possible(known, assessed).seconds - now).max(0.0);
    Some(Candidate {
        project: assessed.state.folder.clone().into_os_string(),
        path: path_text::encode(&assessed.state.folder),
        per_month: gain * known.uses.per_week(survey.clock) * WEEKS_IN_MONTH,
        obstacle: obstacle(survey, known, assessed),
    })
}

fn obstacle(survey: &Survey, known: &KnownProject, assessed: &AssessedProject) -> Option<&'static str> {
    if assessed.wanted.inputs.packages.is_empty() {
        Some(NOTHING)
    } else if known.record.as_ref().is_some_and(|record| record.is_declined) {
        Some("its image was dropped")
    } else if matches!(assessed.verdict, Verdict::Exact { .. }) {
        Some("the image is up to date")
    } else if survey.is_covered(assessed) {
        Some("the image in force holds nearly all of it")
    } else {
        None
    }
}

fn by_worth(left: &Candidate, right: &Candidate) -> Ordering {
    right.per_month.total_cmp(&left.per_month).then_with(|| left.path.cmp(&right.path))
}
