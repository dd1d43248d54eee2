//! Makes images: one plan, one private folder, one image in force. For every command that builds.

mod bake_project;
pub(crate) mod beside;
mod choice;
mod context;
mod limits;
mod make;
mod measure;
pub(crate) mod memory;
mod plan;
pub(crate) mod preflight;
mod remember;
pub(crate) mod runner;
mod steps;
mod summary;
mod turn;
mod watcher;

use crate::building::beside::Task;
use crate::error::Error;
use crate::exit;
use crate::store::recording::Lacking;
use crate::store::{self, leftovers, protection, restored, verdict_cache};
use crate::ui::count::count;
use crate::ui::message;
use crate::ui::progress::Verbosity;

pub(crate) use context::BuildContext;
pub(crate) use plan::{Plan, direct_dependencies};

/// Flags of one build.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(crate) struct Options {
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
    /// Whether a project without a package to bake is passed over instead of failing.
    pub(crate) passes_over_empty: bool,
    /// Whether to measure in the background afterwards what the image saves.
    pub(crate) measures: bool,
    /// Number of builds that run at once.
    pub(crate) jobs: usize,
    pub(crate) verbosity: Verbosity,
}

/// Removes the leftovers of builds that died, and finds images that came back unchanged.
pub(crate) fn sweep(build: &BuildContext<'_>, options: Options) {
    if options.dry_run {
        return;
    }
    let swept = store::workspace::sweep(&build.toolchain.context.layout);
    leftovers::sweep(&build.toolchain.context.layout);
    verdict_cache::sweep(&build.toolchain.context.layout);
    if swept > 0 && options.verbosity != Verbosity::Quiet {
        message::note(&format!("removed what {} had left", count(swept, "earlier build")));
    }
    let found = restored::record_anew(&build.toolchain.context.layout);
    if found > 0 && options.verbosity != Verbosity::Quiet {
        message::note(&format!("{} came back with the recorded contents", count(found, "image file")));
    }
}

/// Makes the image of `plan`, if it is not there.
pub(crate) fn make(build: &BuildContext<'_>, plan: &Plan, options: Options) -> Result<u8, Error> {
    let has_news = plan.lacking(build).is_some_and(Lacking::is_worth_a_build);
    if let Some(key) = plan.done(build).filter(|_| !options.force && !has_news) {
        summary::already_there(plan, options.verbosity);
        if !options.dry_run {
            // If the store cannot be written, the image is in force all the same.
            let _ = build.adopt(plan, key);
            measure_beside(build, plan, options);
        }
        return Ok(exit::SUCCESS);
    }
    if options.verbosity != Verbosity::Quiet {
        for note in plan.projects().iter().filter_map(|(state, _)| state.note_on_names()) {
            message::note(&note);
        }
    }
    preflight::check(build, plan)?;
    if options.dry_run {
        summary::intention(plan);
        return Ok(exit::SUCCESS);
    }
    if options.verbosity != Verbosity::Quiet
        && let Some(shortage) = memory::shortage(build, &plan.state().folder)
    {
        message::note(&format!("{shortage}: it may get slow, or be ended by the system"));
    }
    for folder in protection::tighten(&build.toolchain.context.layout)? {
        let folder = crate::path_text::encode(&folder);
        message::note(&format!("`{folder}` could be written by others; now by you alone"));
    }
    let made = build.make(plan, options)?;
    summary::built(build, plan, &made, options.verbosity);
    measure_beside(build, plan, options);
    Ok(exit::SUCCESS)
}

/// Begins to measure in the background, in each project of the plan, if that is asked for.
fn measure_beside(build: &BuildContext<'_>, plan: &Plan, options: Options) {
    if !options.measures {
        return;
    }
    let toolchain = &build.toolchain;
    for (state, _) in plan.projects() {
        beside::begin(toolchain.context, &toolchain.located.binary, &state.folder, Task::Measure);
    }
    if options.verbosity != Verbosity::Quiet {
        message::note("measuring in the background; `jlproj status` shows what comes out");
    }
}
