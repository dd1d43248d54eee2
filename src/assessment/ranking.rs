//! The known projects, ranked by what an image saves: for `list` and `report`.

use std::cmp::Ordering;

use serde::Serialize;

use crate::assessment::{self, AssessedProject, Found, KnownProject, Survey, Surveyed};
use crate::model::usage::savings::{PayOff, Saving};

/// One row of the ranking.
#[derive(Serialize)]
pub(crate) struct RankedProject {
    pub(crate) project: String,
    /// In one word, as in `status`; `gone` if the project is no longer there, `trouble` if it cannot be read.
    pub(crate) verdict: &'static str,
    /// Why it cannot be read.
    pub(crate) trouble: Option<String>,
    /// Starts through `run` in the last 30 days.
    pub(crate) uses: u64,
    /// Starts per week at the present rate, other signs of use included.
    pub(crate) starts_per_week: f64,
    /// Seconds since 1970.
    pub(crate) last_use: Option<i64>,
    /// Saving of a start by the image in force; without one, by an image that could be built.
    pub(crate) saves_per_start: Option<Saving>,
    /// Seconds.
    pub(crate) saves_per_week: Option<f64>,
    /// Key of the image in force.
    pub(crate) image: Option<String>,
    /// Bytes of the image in force.
    pub(crate) size: Option<u64>,
    pub(crate) pay_off: Option<PayOff>,
    /// Packages that the next start would have to compile.
    pub(crate) cold: Vec<String>,
}

/// One row for each project, most worth first.
pub(crate) fn ranked(survey: &Survey, surveyed: &[Surveyed]) -> Vec<RankedProject> {
    let mut rows: Vec<RankedProject> = surveyed.iter().filter_map(|surveyed| row(survey, surveyed)).collect();
    rows.sort_by(by_worth);
    rows
}

/// Row of a project; none for one that is gone, unless an image is kept for it.
fn row(survey: &Survey, surveyed: &Surveyed) -> Option<RankedProject> {
    let Surveyed { known, found } = surveyed;
    let has_image = known.record.as_ref().is_some_and(|record| record.image.is_some());
    let row = plain_row(survey, known);
    match found {
        Found::Project(assessed) => Some(of_assessed(survey, known, assessed, row)),
        Found::Gone if has_image => Some(RankedProject { verdict: "gone", ..row }),
        Found::Gone => None,
        Found::Trouble(text) => {
            Some(RankedProject { verdict: "trouble", trouble: Some(text.clone()), ..row })
        }
    }
}

/// Row of what is known without looking at the project.
fn plain_row(survey: &Survey, known: &KnownProject) -> RankedProject {
    RankedProject {
        project: known.path.clone(),
        verdict: "none",
        trouble: None,
        uses: known.uses.recent,
        starts_per_week: known.uses.per_week(survey.clock),
        last_use: (known.uses.last > 0).then_some(known.uses.last),
        saves_per_start: None,
        saves_per_week: None,
        image: None,
        size: None,
        pay_off: None,
        cold: Vec::new(),
    }
}

fn of_assessed(
    survey: &Survey,
    known: &KnownProject,
    assessed: &AssessedProject,
    row: RankedProject,
) -> RankedProject {
    let image = survey.image_of(&assessed.verdict);
    let saving = survey.saving(known, assessed).unwrap_or_else(|| survey.possible(known, assessed));
    RankedProject {
        verdict: assessment::code(&assessed.verdict),
        saves_per_week: Some(saving.seconds * row.starts_per_week),
        saves_per_start: Some(saving),
        image: image.map(|image| image.record.key.to_string()),
        size: image.map(|image| image.record.file.size),
        pay_off: image.and_then(|_| known.pay_off(survey.clock, Some(saving.seconds))),
        cold: assessed.cold.clone(),
        ..row
    }
}

/// Most worth first; among equals the one used last, then by path.
fn by_worth(left: &RankedProject, right: &RankedProject) -> Ordering {
    let worth = |row: &RankedProject| row.saves_per_week.unwrap_or(f64::NEG_INFINITY);
    worth(right)
        .total_cmp(&worth(left))
        .then(right.last_use.cmp(&left.last_use))
        .then_with(|| left.project.cmp(&right.project))
}
