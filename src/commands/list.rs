//! `jlproj list`: the projects that have an image.

use serde::Serialize;

use crate::cli::ListArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::image::Measurements;
use crate::store::{catalog, journal, project_record};
use crate::ui::output;
use crate::ui::table::{Side, columns};

#[derive(Serialize)]
struct Row {
    project: String,
    /// Key of the image of the last build.
    image: String,
    /// In words, where the image cannot be used.
    flaw: Option<String>,
    size: Option<u64>,
    uses: u64,
    last_use: Option<i64>,
    measured: Measurements,
}

pub(crate) fn run(arguments: &ListArgs, context: &Context) -> Result<u8, Error> {
    let uses = journal::uses(&context.layout, context.now)?;
    let rows: Vec<Row> = project_record::read_all(&context.layout)
        .into_iter()
        .map(|record| {
            let uses = uses.get(&record.path).copied().unwrap_or_default();
            let image = catalog::read(&context.layout, &record.image);
            Row {
                project: record.path,
                image: record.image.to_string(),
                size: image.as_ref().ok().map(|image| image.record.file.size),
                flaw: image.map_or_else(Some, |image| image.flaw),
                uses: uses.recent,
                last_use: (uses.last > 0).then_some(uses.last),
                measured: record.measured,
            }
        })
        .collect();
    output::print(&rows, arguments.format.format, || table(&rows, context.width))?;
    Ok(exit::SUCCESS)
}

fn table(rows: &[Row], width: Option<usize>) -> String {
    if rows.is_empty() {
        return "no project has an image yet; run `jlproj build` in one\n".to_owned();
    }
    let header = [
        ("project", Side::Left),
        ("image", Side::Left),
        ("size", Side::Right),
        ("saves", Side::Right),
        ("uses in 30 days", Side::Right),
        ("last use", Side::Right),
    ];
    let cells = rows.iter().map(|row| {
        let date = |time: i64| jiff::Timestamp::from_second(time).map(|time| time.strftime("%F").to_string());
        vec![
            row.project.clone(),
            if row.flaw.is_some() { "broken".to_owned() } else { row.image.chars().take(12).collect() },
            row.size.map_or_else(|| "-".to_owned(), |size| format!("{} MB", size / 1_000_000)),
            format!("{:.2} s", row.measured.saved()),
            row.uses.to_string(),
            row.last_use.and_then(|time| date(time).ok()).unwrap_or_else(|| "-".to_owned()),
        ]
    });
    columns(&header, &cells.collect::<Vec<_>>(), width)
}
