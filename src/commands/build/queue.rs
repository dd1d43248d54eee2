//! Several builds, some of them at once.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::building::{BuildContext, Options, memory};
use crate::commands::build::build_project;
use crate::context;
use crate::error::Error;
use crate::exit;
use crate::julia::builder::BuildError;
use crate::model::loading::environment::ProjectFlag;
use crate::path_text;
use crate::ui::message;

/// Projects to be built, and the outcome of those that were.
struct Queue {
    waiting: VecDeque<OsString>,
    running: usize,
    failed: usize,
    interrupted: Option<Error>,
}

/// Builds the images of several projects, as many at once as the options say, and never more than there is memory for.
///
/// # Errors
/// Where some failed, or we are interrupted.
pub(super) fn build_all(
    build: &BuildContext<'_>,
    projects: &[OsString],
    options: Options,
) -> Result<u8, Error> {
    let all = projects.len();
    let needed = needed_memory(build);
    // A build takes its memory minutes after it began: what several that just began will take is not seen yet.
    let room = context::free_memory().map_or(u64::MAX, |free| free / needed.max(1));
    let jobs = options.jobs.min(usize::try_from(room).unwrap_or(usize::MAX)).clamp(1, all.max(1));
    // Cores and memory are for those that do run at once.
    let options = Options { jobs, ..options };
    let waiting = projects.iter().cloned().collect();
    let queue = Mutex::new(Queue { waiting, running: 0, failed: 0, interrupted: None });
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| work(build, &queue, options, needed));
        }
    });
    let Queue { failed, interrupted, .. } = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    match interrupted {
        Some(error) => Err(error),
        None if failed > 0 => Err(Error::SomeFailed { failed, all }),
        None => Ok(exit::SUCCESS),
    }
}

/// Builds one after the other until nothing is left.
fn work(build: &BuildContext<'_>, queue: &Mutex<Queue>, options: Options, needed: u64) {
    const PAUSE: Duration = Duration::from_millis(200);
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let project = {
            let mut queue = lock();
            if queue.interrupted.is_some() || queue.waiting.is_empty() {
                return;
            }
            // One build always runs: it checks the memory itself before it begins.
            let has_room = context::free_memory().is_none_or(|free| free >= needed);
            if queue.running == 0 || has_room {
                queue.running += 1;
                queue.waiting.pop_front()
            } else {
                None
            }
        };
        let Some(project) = project else {
            thread::sleep(PAUSE);
            continue;
        };
        let outcome = build_project(build, Some(&ProjectFlag::Value(project.clone())), options);
        let mut queue = lock();
        queue.running -= 1;
        match outcome {
            Ok(_) => {}
            Err(error @ Error::Build { source: BuildError::Interrupted(_), .. }) => {
                queue.interrupted = Some(error);
            }
            Err(Error::NothingToBake { .. }) if options.passes_over_empty => {
                let project = path_text::encode(Path::new(&project));
                message::note(&format!("`{project}` is passed over: no package of it can be baked"));
            }
            Err(error) => {
                not_built(&project, &error);
                queue.failed += 1;
            }
        }
    }
}

/// Reports why one of several was not built.
pub(super) fn not_built(project: &OsStr, error: &Error) {
    message::note(&format!("`{}` is not built", path_text::encode(Path::new(project))));
    error.print();
}

/// Bytes of memory for one build: a quarter more than one is known to take.
fn needed_memory(build: &BuildContext<'_>) -> u64 {
    if !build.toolchain.settings.runner.value.is_empty() {
        // The scheduler behind the runner sees to it.
        return 0;
    }
    let peak = memory::one_build(&build.toolchain.context.layout, Some(&build.toolchain.installation), None);
    peak.saturating_add(peak / 4)
}
