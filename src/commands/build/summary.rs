//! What a build tells when it is over.

use crate::assessment;
use crate::commands::build::context::BuildContext;
use crate::commands::build::make::Made;
use crate::commands::build::plan::Plan;
use crate::model::image::record::Measurements;
use crate::model::text::shell;
use crate::model::usage::journal::Clock;
use crate::model::usage::savings::PayOff;
use crate::path_text;
use crate::ui::message;
use crate::ui::progress::{Verbosity, duration};
use crate::ui::table::pairs;
use crate::ui::time::time;

/// Tells that there is nothing to do.
pub(super) fn already_there(plan: &Plan, verbosity: Verbosity) {
    if verbosity != Verbosity::Quiet {
        let project = path_text::encode(&plan.state().folder);
        message::line(&format!("{project}: the image is up to date, nothing to build"));
    }
}

/// Tells what would be built.
pub(super) fn intention(plan: &Plan) {
    let names = |mut names: Vec<String>| {
        names.sort();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let baked = plan.packages().iter().map(|package| format!("{} {}", package.name, package.version));
    let baked = baked.map(|text| text.trim().to_owned()).collect();
    let outside = plan.assessment.wanted.outside.values();
    let outside = outside.map(|(name, reason)| format!("{name} ({reason})")).collect();
    let text = pairs(&[
        ("project", path_text::encode(&plan.state().folder)),
        ("would bake", names(baked)),
        ("would leave out", names(outside)),
    ]);
    message::line(text.trim_end());
}

/// Tells what was built, and what it is worth.
pub(super) fn built(build: &BuildContext<'_>, plan: &Plan, made: &Made, verbosity: Verbosity) {
    if verbosity == Verbosity::Quiet || !made.is_new {
        return;
    }
    let julia = &build.toolchain;
    let measured = &made.record.measured;
    let projects = plan.projects().into_iter().map(|(state, _)| path_text::encode(&state.folder));
    let mut lines = vec![
        (
            if plan.members.is_empty() { "project" } else { "projects" },
            projects.collect::<Vec<_>>().join("\n"),
        ),
        ("julia", julia.installation.identity.version.clone()),
        ("builder", made.builder.clone()),
        (
            "packages",
            format!(
                "{} in the image, {} outside",
                plan.packages().len(),
                plan.assessment.wanted.outside.len()
            ),
        ),
        ("size", format!("{} MB", made.record.file.size / 1_000_000)),
        ("built in", duration(std::time::Duration::from_secs_f64(measured.build))),
        ("load time", load_time(measured)),
    ];
    let clock = Clock::at(build.toolchain.context.now);
    let known = assessment::known_project(build.toolchain.context, clock, &plan.state().folder);
    if let Ok(known) = known
        && let Some(pay_off) = known.pay_off(clock, None)
    {
        lines.push(("pay-off", pay_off_text(&pay_off, &known.path)));
    }
    message::line(pairs(&lines).trim_end());
}

/// What the image of a project cost and what it brings, and what to do where that is too little.
pub(crate) fn pay_off_text(pay_off: &PayOff, project: &str) -> String {
    let PayOff { spent, saved, per_week, .. } = *pay_off;
    let figures = format!(
        "{} to build, {} saved so far, {} a week at present",
        time(spent),
        time(saved.max(0.0)),
        time(per_week.max(0.0))
    );
    if pay_off.pays() {
        return figures;
    }
    let project = shell::quote(path_text::decode(project).as_os_str());
    format!("{figures}\nnot paid back in 60 days at this rate; to drop it: `jlproj forget --image {project}`")
}

/// What a start saves, or that it saves nothing.
pub(crate) fn load_time(measured: &Measurements) -> String {
    let Measurements { load_without, load_with, .. } = measured;
    if *load_without <= 0.0 {
        return "not measured".to_owned();
    }
    let times = format!("{load_without:.2} s → {load_with:.2} s");
    if measured.pays() {
        format!("{times}: saves {:.2} s at each start", measured.saved())
    } else {
        format!("{times}: this image does not pay; `jlproj run --sysimage=none` starts as fast")
    }
}
