//! A build beside a launch: at low priority, one at a time on the machine, and only if it pays.

use std::ffi::OsString;

use crate::assessment;
use crate::building::{BuildContext, Options, Plan, make, memory};
use crate::commands::build::frequent;
use crate::context;
use crate::error::Error;
use crate::exit;
use crate::model::loading::environment::ProjectFlag;
use crate::platform;
use crate::store::attempt;
use crate::store::lock::{Attempt, Lock};

/// Builds for the first of `projects`, unless there is a reason against it. Nobody sees the output: the outcome is kept
/// for `jlproj log`.
///
/// # Errors
/// Where the build fails.
pub(super) fn run(build: &BuildContext<'_>, projects: &[OsString], options: Options) -> Result<u8, Error> {
    let Some(project) = projects.first() else { return Ok(exit::SUCCESS) };
    platform::lower_priority();
    let layout = &build.toolchain.context.layout;
    let flag = ProjectFlag::Value(project.clone());
    let plan = Plan::make(&build.toolchain, Some(&flag))?;
    let folder = plan.state().folder.clone();
    let note = |text: &str| attempt::note(layout, &folder, build.toolchain.context.now, text);
    if platform::is_on_battery() {
        note("not built in the background: on battery");
        return Ok(exit::SUCCESS);
    }
    let Attempt::Taken(_lock) = Lock::attempt(&layout.lock("background"))? else {
        // The next start tries again.
        attempt::withdraw(layout, &folder);
        return Ok(exit::SUCCESS);
    };
    if let Some(reason) = reason_against(build, &plan)? {
        note(&format!("not built in the background: {reason}"));
        return Ok(exit::SUCCESS);
    }
    note("being built in the background");
    match make(build, &plan, options) {
        Ok(code) => {
            note("built in the background");
            Ok(code)
        }
        Err(error) => {
            note(&failure("the build", &error));
            Err(error)
        }
    }
}

/// Measures what the image of the first of `projects` saves. Several wait for each other, and for a build in the
/// background: they would disturb each other.
///
/// # Errors
/// Where a package does not load, or the store cannot be written.
pub(super) fn measure(build: &BuildContext<'_>, projects: &[OsString]) -> Result<u8, Error> {
    let Some(project) = projects.first() else { return Ok(exit::SUCCESS) };
    platform::lower_priority();
    let layout = &build.toolchain.context.layout;
    let lock = Lock::take(&layout.lock("background"), |_| build.interruption.signal().is_none())?;
    let Some(_lock) = lock else { return Ok(exit::SUCCESS) };
    let flag = ProjectFlag::Value(project.clone());
    let plan = Plan::make(&build.toolchain, Some(&flag))?;
    let folder = plan.state().folder.clone();
    let note = |text: &str| attempt::note(layout, &folder, context::now(), text);
    note("being measured in the background");
    let outcome = build.measure(&plan);
    match &outcome {
        Ok(true) => note("measured in the background"),
        Ok(false) => note("not measured: this project has no image of its own"),
        Err(error) => note(&failure("the measurement", error)),
    }
    outcome.map(|_| exit::SUCCESS)
}

/// What failed in the background, and why, in one line.
fn failure(what: &str, error: &Error) -> String {
    let details = error.details();
    let detail = details.lines().find(|line| !line.trim().is_empty());
    let detail = detail.map_or_else(String::new, |line| format!(": {}", line.trim()));
    format!("{what} in the background failed: {}{detail}", error.in_one_line())
}

/// Reason not to build an image for a project, if it is for the user to change.
fn reason_against(build: &BuildContext<'_>, plan: &Plan) -> Result<Option<String>, Error> {
    let context = build.toolchain.context;
    let survey = assessment::Survey::new(build.toolchain.basis());
    let known = assessment::known_project(context, survey.clock, &plan.state().folder)?;
    if known.record.as_ref().is_some_and(|record| record.is_declined) {
        return Ok(Some("its image was dropped".to_owned()));
    }
    let shortage = memory::shortage(build, &plan.state().folder);
    if shortage.is_some() {
        return Ok(shortage);
    }
    let packages = plan.packages().iter().map(|package| package.uuid);
    // Where the image is there, it would only be one with what was recorded.
    let saving = match plan.lacking(build) {
        None => survey.model.saving(packages),
        Some(lacking) if lacking.is_worth_a_build() => lacking.seconds(),
        Some(_) => return Ok(Some("little was recorded since the last build".to_owned())),
    };
    let per_month = saving * known.uses.per_week(survey.clock) * frequent::WEEKS_IN_MONTH;
    let cost = survey.build_seconds();
    let needed = build.toolchain.settings.worth_building.value * cost;
    Ok((per_month < needed)
        .then(|| format!("would save {per_month:.0} s a month, and takes about {cost:.0} s to build")))
}
