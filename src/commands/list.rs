//! `jlproj list`: the known projects, ranked by what an image saves.

use crate::assessment;
use crate::assessment::{RankedProject, Survey};
use crate::cli::ListArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::ui::message::visible;
use crate::ui::output;
use crate::ui::size::size;
use crate::ui::table::{Side, columns};
use crate::ui::time::{age, seconds, time};

pub(crate) fn run(arguments: &ListArgs, context: &Context) -> Result<u8, Error> {
    let survey = Survey::open_for_records(context, arguments.julia.julia.clone())?;
    let surveyed = survey.all()?;
    let rows = assessment::ranked(&survey, &surveyed);
    output::print(&rows, arguments.format.format, || table(&rows, arguments.all, context))?;
    Ok(exit::SUCCESS)
}

fn table(rows: &[RankedProject], all: bool, context: &Context) -> String {
    if rows.is_empty() {
        return format!("{}\n", assessment::NO_PROJECT);
    }
    // Projects without an image and unused for a month would hide the rest.
    let needs_a_look =
        |row: &RankedProject| row.image.is_some() || row.trouble.is_some() || row.verdict == "gone";
    let is_shown = |row: &&RankedProject| all || needs_a_look(row) || is_recent(row, context.now);
    let shown: Vec<&RankedProject> = rows.iter().filter(is_shown).collect();
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

fn is_recent(row: &RankedProject, now: i64) -> bool {
    const MONTH: i64 = 30 * 24 * 3600;
    row.last_use.is_some_and(|last| now.saturating_sub(last) <= MONTH)
}

fn cells(row: &RankedProject, context: &Context) -> Vec<String> {
    let dash = || "-".to_owned();
    let tilde = if row.saves_per_start.is_some_and(|saving| saving.is_measured) { "" } else { "~" };
    let is_some_use = row.starts_per_week > 0.0;
    vec![
        context.home_relative(&row.project),
        row.verdict.to_owned(),
        row.saves_per_start.map_or_else(dash, |saving| format!("{tilde}{}", seconds(saving.seconds))),
        row.saves_per_week
            .filter(|_| is_some_use)
            .map_or_else(dash, |saved| format!("{tilde}{}", time(saved))),
        row.uses.to_string(),
        row.last_use.map_or_else(dash, |last| age(context.now.saturating_sub(last))),
        row.size.map_or_else(dash, size),
        if row.cold.is_empty() { dash() } else { row.cold.len().to_string() },
    ]
}
