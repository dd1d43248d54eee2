//! Prints the summary of a build.

use crate::assessment;
use crate::building::context::BuildContext;
use crate::building::make::Made;
use crate::building::plan::Plan;
use crate::model::image::bake::Outside;
use crate::model::usage::journal::Clock;
use crate::path_text;
use crate::store::catalog;
use crate::ui::message;
use crate::ui::pay_off::{load_time, pay_off_text};
use crate::ui::progress::Verbosity;
use crate::ui::size::size;
use crate::ui::stages::{build_time, stages};
use crate::ui::table::pairs;

/// Reports that there is nothing to build.
pub(super) fn already_there(plan: &Plan, verbosity: Verbosity) {
    if verbosity != Verbosity::Quiet {
        let project = path_text::encode(&plan.state().folder);
        message::line(&format!("{project}: the image is up to date, nothing to build"));
    }
}

/// Reports what would be built.
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

/// Reports what was built, and what it saves.
pub(super) fn built(build: &BuildContext<'_>, plan: &Plan, made: &Made, verbosity: Verbosity) {
    if verbosity == Verbosity::Quiet || !made.is_new {
        return;
    }
    let julia = &build.toolchain;
    let measured = &made.record.measured;
    let images = catalog::read_all(&julia.context.layout, &julia.context.processor()).images;
    let packages = plan.packages().iter().map(|package| package.uuid);
    let estimate = assessment::estimated_saving(julia.context, &julia.installation, &images, packages);
    let projects = plan.projects().into_iter().map(|(state, _)| path_text::encode(&state.folder));
    let left_out: Vec<&str> =
        made.record.left_out(&plan.inputs).map(|package| package.name.as_str()).collect();
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
                plan.packages().len() - left_out.len(),
                plan.assessment.wanted.outside.len() + left_out.len()
            ),
        ),
        ("size", size(made.record.file.size)),
        ("built in", build_time(measured)),
        ("", stages(measured)),
        ("load time", load_time(measured, estimate)),
    ];
    if !left_out.is_empty() {
        lines.push(("left out", format!("{}: {}", left_out.join(", "), Outside::DoesNotLoad)));
    }
    let clock = Clock::at(build.toolchain.context.now);
    let known = assessment::known_project(build.toolchain.context, clock, &plan.state().folder);
    if let Ok(known) = known
        && let Some(pay_off) = known.pay_off(clock, Some(estimate))
    {
        lines.push(("pay-off", pay_off_text(&pay_off, &known.path)));
    }
    message::line(pairs(&lines).trim_end());
}
