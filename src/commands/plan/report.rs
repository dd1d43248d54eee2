//! Output of `plan`.

use serde::Serialize;

use crate::assessment::{AssessedProject, KnownProject, Survey};
use crate::commands::plan::{Field, foreign};
use crate::context::Context;
use crate::model::image::key::BakedPackage;
use crate::model::sharing::{SharedImage, Sharing};
use crate::model::usage::savings::WEEKS_TO_PAY;
use crate::path_text;
use crate::ui::size::size;
use crate::ui::table::pairs;
use crate::ui::time::time;
use crate::ui::{message, prompt};

/// The plan, in any format.
#[derive(Serialize)]
pub(super) struct Report {
    images: Vec<ImageReport>,
    /// Seconds per week that the images in force save now.
    saves_now: f64,
    /// Seconds per week that the planned images save.
    saves: f64,
    /// Seconds per week that an image of its own for each project would save.
    possible: f64,
    /// Whether no other choice of as many images saves more.
    is_exact: bool,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct ImageReport {
    projects: Vec<Member>,
    packages: Vec<PackageReport>,
    /// Seconds per week, over its projects.
    saves: f64,
    bytes: u64,
    /// Whether some projects do not have all of its packages.
    is_union: bool,
    /// Whether it is built already.
    is_there: bool,
}

#[derive(Serialize)]
struct Member {
    project: String,
    starts_per_week: f64,
    /// Number of packages of the project that are not in the image.
    outside: usize,
    /// Packages of the image that the project does not have.
    foreign: Vec<String>,
}

#[derive(Serialize)]
struct PackageReport {
    name: String,
    uuid: String,
    version: String,
}

#[derive(Serialize)]
struct LeftOut {
    project: String,
    reason: String,
}

pub(super) fn report(survey: &Survey, field: &Field, sharing: &Sharing) -> Report {
    let mut left_out: Vec<LeftOut> = field
        .hopeless
        .iter()
        .map(|(project, reason)| LeftOut { project: project.clone(), reason: reason.clone() })
        .collect();
    let served = |place: &usize| sharing.images.iter().any(|image| image.projects.contains(place));
    for place in (0..field.projects.len()).filter(|place| !served(place)) {
        let reason = why_left_out(survey, field, sharing, place);
        left_out.push(LeftOut { project: field.projects[place].0.path.clone(), reason });
    }
    let saves_now = |(known, assessed): &(KnownProject, Box<AssessedProject>)| {
        let saving = survey.saving(known, assessed).map_or(0.0, |saving| saving.seconds);
        saving * known.uses.per_week(survey.clock)
    };
    Report {
        images: sharing.images.iter().map(|image| image_report(survey, field, image)).collect(),
        saves_now: field.projects.iter().map(saves_now).sum(),
        saves: sharing.saved,
        possible: sharing.possible,
        is_exact: sharing.is_exact,
        left_out,
    }
}

fn image_report(survey: &Survey, field: &Field, image: &SharedImage) -> ImageReport {
    let packages = field.packages(image);
    let members = image.projects.iter().map(|place| {
        let (known, assessed) = &field.projects[*place];
        let foreign = foreign(&packages, assessed);
        let own = assessed.wanted.inputs.packages.len();
        Member {
            project: known.path.clone(),
            starts_per_week: known.uses.per_week(survey.clock),
            outside: own - (packages.len() - foreign.len()),
            foreign,
        }
    });
    let is_there = survey.catalog.images.iter().any(|known| {
        known.flaw.is_none()
            && known.inputs.julia == survey.installation.identity
            && known.inputs.packages == packages
    });
    ImageReport {
        projects: members.collect(),
        saves: image.saved,
        bytes: image.bytes,
        is_union: image.is_union,
        is_there,
        packages: package_reports(&packages),
    }
}

fn package_reports(packages: &[BakedPackage]) -> Vec<PackageReport> {
    let mut reports: Vec<PackageReport> = packages
        .iter()
        .map(|package| PackageReport {
            name: package.name.clone(),
            uuid: package.uuid.to_string(),
            version: package.version.clone(),
        })
        .collect();
    reports.sort_by(|left, right| left.name.cmp(&right.name));
    reports
}

/// Why a project gets no image.
fn why_left_out(survey: &Survey, field: &Field, sharing: &Sharing, place: usize) -> String {
    let need = &field.needs[place];
    if need.starts_per_week <= 0.0 {
        return "it is not used".to_owned();
    }
    let seconds: f64 =
        need.packages.iter().filter_map(|package| field.costs.get(*package)).map(|cost| cost.seconds).sum();
    let own = need.starts_per_week * seconds;
    let cost = survey.build_seconds() / WEEKS_TO_PAY;
    if own <= cost {
        return format!("would save {} a week, an image costs {}", time(own), time(cost));
    }
    let count = sharing.images.len();
    format!("not among the {count} that save most; an image of its own would save {} a week", time(own))
}

pub(super) fn table(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for (place, image) in report.images.iter().enumerate() {
        text.push_str(&image_text(place + 1, image, width.unwrap_or(100)));
        text.push('\n');
    }
    if !report.left_out.is_empty() {
        let lines: Vec<String> =
            report.left_out.iter().map(|left| format!("{}: {}", left.project, left.reason)).collect();
        text.push_str(&pairs(&[("left out", lines.join("\n"))]));
        text.push('\n');
    }
    text.push_str(&summary(report));
    text
}

fn image_text(number: usize, image: &ImageReport, width: usize) -> String {
    let title = format!("image {number}");
    let state = if image.is_there { "built already" } else { "to be built: `jlproj plan --build`" };
    let mut lines = vec![
        (title.as_str(), state.to_owned()),
        ("saves", format!("~{} a week", time(image.saves))),
        ("size", format!("~{}", size(image.bytes))),
        ("packages", wrapped(&image.packages, width.saturating_sub(12))),
        ("projects", image.projects.iter().map(member_text).collect::<Vec<_>>().join("\n")),
    ];
    if image.is_union {
        lines.push(("beware", BEWARE.to_owned()));
    }
    pairs(&lines)
}

/// Warning about images that hold more than a project has.
const BEWARE: &str =
    "some of these projects do not have all of its packages. In each of them all of its packages are
loaded at every start: their `__init__` runs, methods that they add to what is not theirs count (type
piracy), and extensions that they trigger are loaded.";

fn member_text(member: &Member) -> String {
    let outside = match member.outside {
        0 => String::new(),
        count => format!(", {count} of its packages outside"),
    };
    let foreign = match member.foreign.as_slice() {
        [] => String::new(),
        names => format!(", does not have {}", names.join(", ")),
    };
    format!("{} ({:.1} starts a week{outside}{foreign})", member.project, member.starts_per_week)
}

/// Names and versions, wrapped to `width`.
fn wrapped(packages: &[PackageReport], width: usize) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for package in packages {
        let item = format!("{} {}", package.name, package.version);
        let item = item.trim();
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(item),
            Some(line) if line.len() + 2 + item.len() <= width => {
                line.push_str(", ");
                line.push_str(item);
            }
            _ => lines.push(item.to_owned()),
        }
    }
    lines.join("\n")
}

fn summary(report: &Report) -> String {
    if report.images.is_empty() {
        return "no image would pay: nothing to build\n".to_owned();
    }
    let share = if report.possible > 0.0 { 100.0 * report.saves / report.possible } else { 100.0 };
    format!(
        "{} {} would save ~{} a week, {share:.0} % of what an image for each project would; those in force save ~{}.\n{}\n",
        report.images.len(),
        if report.images.len() == 1 { "image" } else { "images" },
        time(report.saves),
        time(report.saves_now),
        if report.is_exact {
            "No other choice saves more."
        } else {
            "A better choice may exist: all could not be tried."
        },
    )
}

/// Asks whether to build an image that holds more than its projects have.
pub(super) fn is_confirmed(context: &Context, leader: &AssessedProject, members: &[AssessedProject]) -> bool {
    if !context.stdin_is_terminal {
        message::note("an image that holds more than its projects have needs a word from you: `--yes`");
        return false;
    }
    let projects = std::iter::once(leader).chain(members);
    let names: Vec<String> = projects.map(|project| path_text::encode(&project.state.folder)).collect();
    message::line(&format!("one image for {}\n{BEWARE}", names.join(", ")));
    prompt::is_confirmed("build it, and use it in all of these?")
}
