//! The page: one file that loads nothing from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Image, Project, Report, Share, Times};
use crate::ui::count::count;
use crate::ui::message::visible;
use crate::ui::size::size;
use crate::ui::time::{age, date, seconds, time};

const STYLE: &str = include_str!("../../../templates/report.css");

pub(super) fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "jlproj report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Julia projects and their images" }
                    p { "Julia " (report.julia) ", " (date(report.now)) }
                }
                (figures(report))
                (projects(report))
                (images(report))
                (disk(report))
                footer { p { "Written by jlproj. ~ marks an estimate." } }
            }
        }
    }
}

fn figures(report: &Report) -> Markup {
    let in_force = report.projects.iter().filter(|project| project.row.image.is_some());
    let per_week: f64 = in_force.clone().filter_map(|project| project.row.saves_per_week).sum();
    let spent: Vec<_> = report.projects.iter().filter_map(|project| project.row.pay_off).collect();
    let bytes: u64 = report.disk.iter().map(|share| share.bytes).sum();
    let saved: f64 = spent.iter().map(|pay_off| pay_off.saved).sum();
    let building: f64 = spent.iter().map(|pay_off| pay_off.spent).sum();
    let figures = [
        (format!("{} of {}", in_force.count(), report.projects.len()), "projects start with an image"),
        (time(per_week), "saved in a week of present use"),
        (time(saved), "saved so far"),
        (time(building), "spent on builds"),
        (size(bytes), "on the disk"),
    ];
    html! {
        ul.figures {
            @for (figure, text) in figures {
                li { strong { (figure) } span { (text) } }
            }
        }
    }
}

fn projects(report: &Report) -> Markup {
    let most = longest(report.projects.iter().filter_map(|project| project.times));
    html! {
        section {
            h2 { "Projects by worth" }
            @if report.projects.is_empty() {
                p { "No project is known yet: " code { "jlproj run" } " in one, or " code { "jlproj scan FOLDER" } "." }
            } @else {
                table.projects {
                    thead {
                        tr {
                            th { "project" } th { "verdict" } th { "load time" } th.number { "saves" }
                            th.number { "a week" } th.number { "uses" } th.number { "last" } th.number { "image" }
                        }
                    }
                    tbody { @for project in &report.projects { (project_row(project, most, report.now)) } }
                }
            }
        }
    }
}

fn project_row(project: &Project, most: f64, now: i64) -> Markup {
    let row = &project.row;
    let tilde = if row.saves_per_start.is_some_and(|saving| saving.is_measured) { "" } else { "~" };
    let dash = || "–".to_owned();
    html! {
        tr {
            th scope="row" { (visible(&row.project)) @if let Some(trouble) = &row.trouble { br; small { (visible(trouble)) } } }
            td data-name="verdict" { span.verdict.(row.verdict) { (row.verdict) } }
            td data-name="load time" { @match project.times { Some(times) => (bars(times, most)), None => "–" } }
            td.number data-name="saves" { (row.saves_per_start.map_or_else(dash, |saving| format!("{tilde}{}", seconds(saving.seconds)))) }
            td.number data-name="a week" { (row.saves_per_week.filter(|_| row.starts_per_week > 0.0).map_or_else(dash, |seconds| format!("{tilde}{}", time(seconds)))) }
            td.number data-name="uses" { (row.uses) }
            td.number data-name="last" { (row.last_use.map_or_else(dash, |last| age(now.saturating_sub(last)))) }
            td.number data-name="image" { (row.size.map_or_else(dash, size)) }
        }
    }
}

/// Longest of the times; the bars are parts of it.
fn longest(times: impl Iterator<Item = Times>) -> f64 {
    times.map(|times| times.without.max(times.with)).fold(0.0, f64::max)
}

/// Load time before and after, one bar below the other.
fn bars(times: Times, most: f64) -> Markup {
    let tilde = if times.is_own { "" } else { "~" };
    html! {
        div.bars {
            (bar("without", times.without / most, &format!("{tilde}{:.2} s without", times.without)))
            (bar("with", times.with / most, &format!("{tilde}{:.2} s with", times.with)))
        }
    }
}

/// A bar as long as `part` of the width, with its text behind it.
fn bar(class: &str, part: f64, text: &str) -> Markup {
    let percent = (100.0 * part).clamp(0.0, 100.0);
    html! {
        div.bar { span.fill.(class) style=(format!("width:calc({percent:.1}% * .55)")) {} span.value { (text) } }
    }
}

fn images(report: &Report) -> Markup {
    let most = longest(report.images.iter().filter_map(|image| image.times));
    html! {
        section {
            h2 { "Images, and who shares them" }
            @if report.images.is_empty() { p { "There is none yet: " code { "jlproj build" } "." } }
            @for image in &report.images { (image_card(image, most)) }
        }
    }
}

fn image_card(image: &Image, most: f64) -> Markup {
    html! {
        article {
            h3 { code { (image.key.get(..12).unwrap_or(&image.key)) } }
            p { (size(image.bytes)) ", built " (date(image.built)) @if image.is_shared { ", in a store of others" } }
            @if let Some(flaw) = &image.flaw { p.flaw { "cannot be used: " (visible(flaw)) } }
            @if let Some(times) = image.times { (bars(times, most)) }
            @if image.shared_by.is_empty() && image.is_shared {
                p { "none of your projects uses it" }
            } @else if image.shared_by.is_empty() {
                p.spare { "no project gets it; " code { "jlproj gc" } " removes it in time" }
            } @else {
                ul { @for project in &image.shared_by { li { (visible(project)) } } }
            }
            details {
                summary { (count(image.packages.len(), "package")) }
                p { (visible(&image.packages.join(", "))) }
            }
        }
    }
}

fn disk(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Disk use" }
            (shares(&report.disk))
            @if !report.caches.is_empty() {
                h3 { "Precompile files by project" }
                (shares(&report.caches))
            }
            p { "What is striped goes with " code { "jlproj gc" } ", some of it only after a while." }
        }
    }
}

fn shares(shares: &[Share]) -> Markup {
    let most = shares.iter().map(|share| share.bytes).max().unwrap_or(1).max(1);
    html! {
        dl.shares {
            @for share in shares {
                dt { (visible(&share.name)) }
                dd { (bar(if share.is_spare { "spare" } else { "kept" }, part(share.bytes, most), &size(share.bytes))) }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "for a bar it will do")]
fn part(bytes: u64, most: u64) -> f64 {
    bytes as f64 / most as f64
}
