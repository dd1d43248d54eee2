//! How much of the machine a build may take.

use std::path::Path;
use std::thread;

use crate::building::context::BuildContext;
use crate::building::memory::{self, PERCENT_OF_THREAD};
use crate::context;
use crate::julia::session::Limits;

/// Memory of a process that precompiles a package: 1 GB.
const PRECOMPILING: u64 = 1_000_000_000;

impl BuildContext<'_> {
    /// Limits of one of `jobs` builds that run at once. What the user's environment says wins: then there is none of ours.
    pub(super) fn limits(&self, jobs: usize, project: &Path) -> Limits {
        let toolchain = &self.toolchain;
        if !toolchain.settings.runner.value.is_empty() {
            // Cores and memory are those of another machine.
            return Limits::default();
        }
        let cores = thread::available_parallelism().map_or(1, usize::from) / jobs.max(1);
        let free = context::free_memory().map(|free| free / jobs.max(1) as u64);
        let peak = memory::one_build(&toolchain.context.layout, Some(&toolchain.installation), Some(project));
        let variables = &toolchain.context.julia_variables;
        let may_choose = toolchain.installation.has_image_threads() && variables.image_threads.is_none();
        Limits {
            precompile_tasks: variables.precompile_tasks.is_none().then(|| processes(cores, free)),
            image_threads: may_choose.then(|| threads(cores, free, peak)),
        }
    }

    /// Number of threads that generate the code of a build with these limits; `None` where that is Julia's choice.
    pub(super) fn image_threads(&self, limits: Limits) -> Option<usize> {
        let given = || self.toolchain.context.julia_variables.image_threads.as_ref()?.to_str()?.parse().ok();
        limits.image_threads.or_else(|| given().filter(|_| self.toolchain.installation.has_image_threads()))
    }
}

/// Number of processes that precompile at once, for free memory in bytes.
fn processes(cores: usize, free: Option<u64>) -> usize {
    fitting(cores, free.map(|free| free / PRECOMPILING))
}

/// Number of threads that generate code, for free memory and for the peak of earlier builds with one thread, both in
/// bytes.
fn threads(cores: usize, free: Option<u64>, peak: u64) -> usize {
    let further = free.map(|free| free.saturating_sub(peak) / (peak * PERCENT_OF_THREAD / 100).max(1));
    fitting(cores, further.map(|further| further + 1))
}

/// At least one, and at most one for each core.
fn fitting(cores: usize, room: Option<u64>) -> usize {
    let room = room.and_then(|room| usize::try_from(room).ok()).unwrap_or(usize::MAX);
    room.min(cores).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIGABYTE: u64 = 1_000_000_000;

    #[test]
    fn there_is_a_thread_for_each_core_as_far_as_there_is_memory() {
        assert_eq!(threads(8, None, 4 * GIGABYTE), 8);
        assert_eq!(threads(8, Some(100 * GIGABYTE), 4 * GIGABYTE), 8);
        assert_eq!(threads(8, Some(9 * GIGABYTE), 4 * GIGABYTE), 3);
        // It is tried all the same: the preflight says what is too little.
        assert_eq!(threads(8, Some(GIGABYTE), 4 * GIGABYTE), 1);
        assert_eq!(threads(0, None, 4 * GIGABYTE), 1);
    }

    #[test]
    fn packages_are_precompiled_in_as_many_processes_as_there_is_memory_for() {
        assert_eq!(processes(8, Some(3 * GIGABYTE)), 3);
        assert_eq!(processes(2, Some(24 * GIGABYTE)), 2);
        assert_eq!(processes(4, Some(0)), 1);
    }
}
