//! A build beside a launch: at low priority, one at a time on the machine, and only if it pays.

use std::ffi::OsString;

use crate::assessment;
use crate::building::{BuildContext, Options, Plan, make};
use crate::commands::build::frequent;
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
            let details = error.details();
            let detail = details.lines().find(|line| !line.trim().is_empty());
            let detail = detail.map_or_else(String::new, |line| format!(": {}", line.trim()));
            note(&format!("the build in the background failed: {}{detail}", error.in_one_line()));
            Err(error)
        }
    }
}

/// Reason not to build an image for a project, if it is for the user to change.
fn reason_against(build: &BuildContext<'_>, plan: &Plan) -> Result<Option<String>, Error> {
    let context = build.toolchain.context;
    let survey = assessment::Survey::new(build.toolchain.basis());
    let known = assessment::known_project(context, survey.clock, &plan.state().folder)?;
    if known.record.as_ref().is_some_and(|record| record.is_declined) {
        return Ok(Some("its image was dropped".to_owned()));
    }
    let packages = plan.packages().iter().map(|package| package.uuid);
    let per_month =
        survey.model.saving(packages) * known.uses.per_week(survey.clock) * frequent::WEEKS_IN_MONTH;
    let cost = survey.build_seconds();
    let needed = build.toolchain.settings.worth_building.value * cost;
    Ok((per_month < needed)
        .then(|| format!("would save {per_month:.0} s a month, and takes about {cost:.0} s to build")))
}
