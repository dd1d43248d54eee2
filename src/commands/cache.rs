//! `jlproj cache`: the precompile files and their owners.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assessment;
use crate::assessment::CacheFile;
use crate::cli::CacheArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::caches::owner::CacheVerdict;
use crate::model::usage::own_folder::is_own_folder;
use crate::path_text;
use crate::ui::size::size;
use crate::ui::table::{Side, columns};
use crate::ui::time::age;
use crate::ui::{message, output};

/// A file, with the native code beside it.
#[derive(Serialize)]
struct Row {
    path: String,
    package: String,
    /// The release of Julia, such as `1.10`.
    julia: String,
    /// The project that wrote it; `None` if unknown.
    project: Option<String>,
    /// Key of the image under which it was written, or `default`; `None` if unknown.
    image: Option<String>,
    /// In bytes.
    size: u64,
    /// Seconds since 1970.
    created: Option<i64>,
    /// Seconds since 1970.
    last_use: i64,
    verdict: CacheVerdict,
    reason: &'static str,
}

/// Total of some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Sum {
    bytes: u64,
    files: usize,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        self.bytes += row.size;
        self.files += 1;
    }
}

#[derive(Serialize)]
struct ProjectSum {
    project: Option<String>,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Serialize)]
struct VerdictSum {
    verdict: CacheVerdict,
    #[serde(flatten)]
    sum: Sum,
}

#[derive(Serialize)]
struct Report {
    files: Vec<Row>,
    projects: Vec<ProjectSum>,
    verdicts: Vec<VerdictSum>,
    /// Folders that were not entered, and why.
    passed_over: Vec<String>,
}

pub(crate) fn run(arguments: &CacheArgs, context: &Context) -> Result<u8, Error> {
    let project = arguments.project.as_deref();
    let project =
        project.map(|project| assessment::project_folder_even_gone(context, project)).transpose()?;
    let project = project.as_deref().map(path_text::encode);
    let inventory = assessment::inventory(context, arguments.julia.julia.clone())?;
    let store = path_text::encode(context.layout.root());
    let mut rows: Vec<Row> = inventory
        .caches
        .iter()
        .map(|cache| row(cache, &store))
        .filter(|row| project.is_none() || row.project == project)
        .filter(|row| arguments.package.as_ref().is_none_or(|package| row.package == *package))
        .collect();
    rows.sort_by(|left, right| {
        (&left.project, &left.package, &left.julia, &left.path).cmp(&(
            &right.project,
            &right.package,
            &right.julia,
            &right.path,
        ))
    });
    let (projects, verdicts) = (by_project(&rows), by_verdict(&rows));
    let passed_over = inventory.passed_over;
    let report =
        Report { files: if arguments.totals { Vec::new() } else { rows }, projects, verdicts, passed_over };
    output::print(&report, arguments.format.format, || table(&report, context))?;
    for text in &report.passed_over {
        message::note(&format!("not looked at: {text}"));
    }
    Ok(exit::SUCCESS)
}

/// `store` is the path of our store, as path text.
fn row(cache: &CacheFile, store: &str) -> Row {
    let CacheFile { file, owner, verdict, reason } = cache;
    let is_ours = |project: &str| is_own_folder(project, store);
    let is_builders = owner.as_ref().is_some_and(|owner| is_ours(&owner.project));
    let reason = if reason.is_empty() && is_builders { "for builds of images" } else { reason };
    let image = owner
        .as_ref()
        .map(|owner| owner.image.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string));
    Row {
        path: path_text::encode(&file.path()),
        package: file.package.clone(),
        julia: file.release.trim_start_matches('v').to_owned(),
        project: owner.as_ref().map(|owner| owner.project.clone()).filter(|project| !is_ours(project)),
        image,
        size: file.bytes(),
        created: file.created,
        last_use: file.last_use(),
        verdict: *verdict,
        reason,
    }
}

/// Most bytes first.
fn by_project(rows: &[Row]) -> Vec<ProjectSum> {
    let mut sums: BTreeMap<&Option<String>, Sum> = BTreeMap::new();
    for row in rows {
        sums.entry(&row.project).or_default().add(row);
    }
    let mut sums: Vec<ProjectSum> =
        sums.into_iter().map(|(project, sum)| ProjectSum { project: project.clone(), sum }).collect();
    sums.sort_by(|left, right| right.sum.cmp(&left.sum).then_with(|| left.project.cmp(&right.project)));
    sums
}

fn by_verdict(rows: &[Row]) -> Vec<VerdictSum> {
    let mut sums: BTreeMap<CacheVerdict, Sum> = BTreeMap::new();
    for row in rows {
        sums.entry(row.verdict).or_default().add(row);
    }
    sums.into_iter().map(|(verdict, sum)| VerdictSum { verdict, sum }).collect()
}

fn table(report: &Report, context: &Context) -> String {
    if report.verdicts.is_empty() {
        return "no precompile file is there\n".to_owned();
    }
    let mut text = String::new();
    if !report.files.is_empty() {
        let header = [
            ("project", Side::Left),
            ("package", Side::Left),
            ("julia", Side::Left),
            ("image", Side::Left),
            ("size", Side::Right),
            ("age", Side::Right),
            ("used", Side::Right),
            ("verdict", Side::Left),
        ];
        let rows: Vec<Vec<String>> = report.files.iter().map(|row| cells(row, context)).collect();
        text.push_str(&columns(&header, &rows, context.width));
        text.push('\n');
    }
    let sum = |name: String, sum: &Sum| vec![name, sum.files.to_string(), size(sum.bytes)];
    let header = [("project", Side::Left), ("files", Side::Right), ("size", Side::Right)];
    let projects = report
        .projects
        .iter()
        .map(|project| sum(project_text(project.project.as_deref(), context), &project.sum));
    text.push_str(&columns(&header, &projects.collect::<Vec<_>>(), context.width));
    text.push('\n');
    let header = [("verdict", Side::Left), ("files", Side::Right), ("size", Side::Right)];
    let verdicts = report.verdicts.iter().map(|verdict| sum(verdict.verdict.text().to_owned(), &verdict.sum));
    text.push_str(&columns(&header, &verdicts.collect::<Vec<_>>(), context.width));
    text
}

fn cells(row: &Row, context: &Context) -> Vec<String> {
    let age = |time: i64| age(context.now.saturating_sub(time).max(0));
    let image = row.image.as_deref().unwrap_or("-");
    vec![
        project_text(row.project.as_deref(), context),
        message::visible(if row.package.is_empty() { "-" } else { &row.package }),
        row.julia.clone(),
        image.get(..12).unwrap_or(image).to_owned(),
        size(row.size),
        row.created.map_or_else(|| "-".to_owned(), age),
        age(row.last_use),
        if row.reason.is_empty() {
            row.verdict.text().to_owned()
        } else {
            format!("{}: {}", row.verdict.text(), row.reason)
        },
    ]
}

fn project_text(project: Option<&str>, context: &Context) -> String {
    match project {
        Some("") => "(none)".to_owned(),
        Some(project) => context.home_relative(project),
        None => "-".to_owned(),
    }
}
