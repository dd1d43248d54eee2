//! How much of the machine a build may take.

use std::thread;

use crate::building::context::BuildContext;
use crate::julia::session::Limits;
use crate::model::image::record::Measurements;
use crate::platform;
use crate::store::project_record;

/// Memory of a build that generates code in one thread, if none was measured: 6.5 GB. Julia 1.12.5 took 10 GB with two, for
/// 46 packages.
const USUAL_PEAK: u64 = 6_500_000_000;

/// Memory of a process that precompiles a package: 1 GB.
const PRECOMPILING: u64 = 1_000_000_000;

/// Share of the peak memory with one thread that each further thread adds, in percent. Measured on Julia 1.10.8 with 34
/// packages: 4.2 GB with one thread, 6.5 GB with two.
const PERCENT_OF_THREAD: u64 = 55;

impl BuildContext<'_> {
    /// Limits of one of `jobs` builds that run at once. What the user's environment says wins: then there is none of ours.
    pub(super) fn limits(&self, jobs: usize) -> Limits {
        let toolchain = &self.toolchain;
        if !toolchain.settings.runner.value.is_empty() {
            // Cores and memory are those of another machine.
            return Limits::default();
        }
        let cores = thread::available_parallelism().map_or(1, usize::from) / jobs.max(1);
        let free = platform::free_memory().map(|free| free / jobs.max(1) as u64);
        let records = project_record::read_all(&toolchain.context.layout);
        let peaks = records.iter().map(|record| with_one_thread(&record.measured));
        let peak = peaks.max().filter(|peak| *peak > 0);
        let variables = &toolchain.context.julia_variables;
        let may_choose = toolchain.installation.has_image_threads() && variables.image_threads.is_none();
        Limits {
            precompile_tasks: variables.precompile_tasks.is_none().then(|| processes(cores, free)),
            image_threads: may_choose.then(|| threads(cores, free, peak)),
        }
    }
}

/// Peak memory that a build would have had with one thread.
fn with_one_thread(measured: &Measurements) -> u64 {
    let further = measured.image_threads.saturating_sub(1) as u64;
    measured.peak_memory / (100 + further * PERCENT_OF_THREAD) * 100
}

/// Number of processes that precompile at once, for free memory in bytes.
fn processes(cores: usize, free: Option<u64>) -> usize {
    fitting(cores, free.map(|free| free / PRECOMPILING))
}

/// Number of threads that generate code, for free memory and for the peak of earlier builds with one thread, both in
/// bytes.
fn threads(cores: usize, free: Option<u64>, peak: Option<u64>) -> usize {
    let peak = peak.unwrap_or(USUAL_PEAK);
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
        assert_eq!(threads(8, None, None), 8);
        assert_eq!(threads(8, Some(100 * GIGABYTE), None), 8);
        assert_eq!(threads(8, Some(9 * GIGABYTE), Some(4 * GIGABYTE)), 3);
        // It is tried all the same: the preflight says what is too little.
        assert_eq!(threads(8, Some(GIGABYTE), Some(4 * GIGABYTE)), 1);
        assert_eq!(threads(0, None, None), 1);
    }

    #[test]
    fn what_a_build_with_several_threads_took_is_more_than_one_with_a_single_one_takes() {
        let peak = |peak_memory, image_threads| {
            with_one_thread(&Measurements { peak_memory, image_threads, ..Measurements::default() })
        };
        assert_eq!(peak(4 * GIGABYTE, 0), 4 * GIGABYTE);
        assert_eq!(peak(4 * GIGABYTE, 1), 4 * GIGABYTE);
        assert_eq!(peak(6_510_000_000, 2), 4_200_000_000);
    }

    #[test]
    fn packages_are_precompiled_in_as_many_processes_as_there_is_memory_for() {
        assert_eq!(processes(8, Some(3 * GIGABYTE)), 3);
        assert_eq!(processes(2, Some(24 * GIGABYTE)), 2);
        assert_eq!(processes(4, Some(0)), 1);
    }
}
