//! `jlproj list`: the known projects, ranked by what an image saves.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;

use crate::assessment::{self, Found, KnownProject, Prospect, Survey, Surveyed};
use crate::cli::ListArgs;
use crate::commands::survey;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::savings::{PayOff, Saving};
use crate::ui::message::visible;
use crate::ui::output;
use crate::ui::table::{Side, columns};
use crate::ui::time::{age, time};

#[derive(Serialize)]
struct Row {
    project: String,
    /// In one word, as `status` has it; `gone` where there is no project any more, `trouble` where it cannot be read.
    verdict: &'static str,
    /// What is the matter, where it cannot be read.
    trouble: Option<String>,
    /// Starts through `run` in the last 30 days.
    uses: u64,
    /// Starts per week at the present rate, other signs of use included.
    starts_per_week: f64,
    /// Seconds since 1970.
    last_use: Option<i64>,
    /// What the image saves at a start; where there is none, what one would save.
    saves_per_start: Option<Saving>,
    /// Seconds.
    saves_per_week: Option<f64>,
    /// Key of the image in force.
    image: Option<String>,
    /// Bytes of the image in force.
    size: Option<u64>,
    pay_off: Option<PayOff>,
    /// Packages that the next start would have to compile.
    cold: Vec<String>,
}

pub(crate) fn run(arguments: &ListArgs, context: &Context) -> Result<u8, Error> {
    let survey = survey::read(context, arguments.julia.julia.clone(), true)?;
    let surveyed = survey::all(&survey)?;
    let mut rows: Vec<Row> = surveyed.iter().filter_map(|surveyed| row(&survey, surveyed)).collect();
    rows.sort_by(by_worth);
    output::print(&rows, arguments.format.format, || table(&rows, arguments.all, context))?;
    Ok(exit::SUCCESS)
}

/// A line for a project; none for one that is gone, unless an image is kept for it.
fn row(survey: &Arc<Survey>, surveyed: &Surveyed) -> Option<Row> {
    let Surveyed { known, found } = surveyed;
    let has_image = known.record.as_ref().is_some_and(|record| record.image.is_some());
    let row = plain_row(survey, known);
    match found {
        Found::Project(prospect) => Some(with_prospect(survey, known, prospect, row)),
        Found::Gone if has_image => Some(Row { verdict: "gone", ..row }),
        Found::Gone => None,
        Found::Trouble(text) => Some(Row { verdict: "trouble", trouble: Some(text.clone()), ..row }),
    }
}

/// What is known without looking at the project.
fn plain_row(survey: &Survey, known: &KnownProject) -> Row {
    Row {
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

fn with_prospect(survey: &Survey, known: &KnownProject, prospect: &Prospect, row: Row) -> Row {
    let image = survey.image_of(&prospect.verdict);
    let saving = survey.saving(known, prospect).unwrap_or_else(|| survey.possible(known, prospect));
    Row {
        verdict: assessment::code(&prospect.verdict),
        saves_per_week: Some(saving.seconds * row.starts_per_week),
        saves_per_start: Some(saving),
        image: image.map(|image| image.record.key.to_string()),
        size: image.map(|image| image.record.file.size),
        pay_off: image.and_then(|_| known.pay_off(survey.clock, Some(saving.seconds))),
        cold: prospect.cold.clone(),
        ..row
    }
}

/// Most worth first; among equals the one used last, then by path.
fn by_worth(left: &Row, right: &Row) -> Ordering {
    let worth = |row: &Row| row.saves_per_week.unwrap_or(f64::NEG_INFINITY);
    worth(right)
        .total_cmp(&worth(left))
        .then(right.last_use.cmp(&left.last_use))
        .then_with(|| left.project.cmp(&right.project))
}

fn table(rows: &[Row], all: bool, context: &Context) -> String {
    if rows.is_empty() {
        return "no project is known yet; `jlproj run` in one, or `jlproj scan FOLDER`\n".to_owned();
    }
    // What was not used for a month and has no image would hide the rest.
    let needs_a_look = |row: &Row| row.image.is_some() || row.trouble.is_some() || row.verdict == "gone";
    let is_shown = |row: &&Row| all || needs_a_look(row) || is_recent(row, context.now);
    let shown: Vec<&Row> = rows.iter().filter(is_shown).collect();
    let header = [
        ("project", Side::Left),
        ("verdict", Side::Left),
        ("saves", Side::Right),
        ("a week", Side::Right),
        ("uses", Side::Right),
        ("last", Side::Right),
        ("size", Side::Right),
        ("cold", Side::Right),
    ];
    let cells: Vec<Vec<String>> = shown.iter().map(|row| cells(row, context)).collect();
    let mut text = if shown.is_empty() { String::new() } else { columns(&header, &cells, context.width) };
    for row in &shown {
        if let Some(trouble) = &row.trouble {
            text.extend([context.home_relative(&row.project).as_str(), ": ", &visible(trouble), "\n"]);
        }
    }
    if shown.len() < rows.len() {
        let left = rows.len() - shown.len();
        let more = format!("{left} more without an image, not used for 30 days: `jlproj list --all`\n");
        text.push_str(&more);
    }
    text
}

fn is_recent(row: &Row, now: i64) -> bool {
    const MONTH: i64 = 30 * 24 * 3600;
    row.last_use.is_some_and(|last| now.saturating_sub(last) <= MONTH)
}

fn cells(row: &Row, context: &Context) -> Vec<String> {
    let dash = || "-".to_owned();
    let tilde = if row.saves_per_start.is_some_and(|saving| saving.is_measured) { "" } else { "~" };
    let is_some_use = row.starts_per_week > 0.0;
    vec![
        context.home_relative(&row.project),
        row.verdict.to_owned(),
        row.saves_per_start.map_or_else(dash, |saving| format!("{tilde}{:.1} s", saving.seconds)),
        row.saves_per_week
            .filter(|_| is_some_use)
            .map_or_else(dash, |seconds| format!("{tilde}{}", time(seconds))),
        row.uses.to_string(),
        row.last_use.map_or_else(dash, |last| age(context.now.saturating_sub(last))),
        row.size.map_or_else(dash, |size| format!("{} MB", size / 1_000_000)),
        if row.cold.is_empty() { dash() } else { row.cold.len().to_string() },
    ]
}
