//! What a build tells when it is over.

use crate::commands::build::making::Made;
use crate::commands::build::plan::{JuliaInUse, Plan};
use crate::model::image::Measurements;
use crate::path_text;
use crate::ui::message;
use crate::ui::progress::{Verbosity, duration};
use crate::ui::table::pairs;

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
pub(super) fn built(julia: &JuliaInUse, plan: &Plan, made: &Made, verbosity: Verbosity) {
    if verbosity == Verbosity::Quiet {
        return;
    }
    let measured = &made.record.measured;
    let text = pairs(&[
        ("project", path_text::encode(&plan.state().folder)),
        ("julia", julia.installation.identity.version.clone()),
        ("builder", made.builder.name()),
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
    ]);
    message::line(text.trim_end());
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
