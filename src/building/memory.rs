//! The memory that a build takes.

use std::path::Path;

use crate::building::context::BuildContext;
use crate::context;
use crate::installation::Installation;
use crate::julia::stage::Stage;
use crate::model::image::record::Measurements;
use crate::store::layout::Layout;
use crate::store::project_record::{self, ProjectRecord};
use crate::ui::size::size;

/// Share of the peak memory with one thread that each further thread adds, in percent. Measured on Julia 1.10.8 with 34
/// packages: 4.2 GB with one thread, 6.5 GB with two.
pub(super) const PERCENT_OF_THREAD: u64 = 55;

/// What a build takes and what is free, in words, if that is less; `None` if it is enough, unknown, or on another machine.
pub(crate) fn shortage(build: &BuildContext<'_>, project: &Path) -> Option<String> {
    let toolchain = &build.toolchain;
    if !toolchain.settings.runner.value.is_empty() {
        return None;
    }
    let free = context::free_memory()?;
    let needed = one_build(&toolchain.context.layout, Some(&toolchain.installation), Some(project));
    (free < needed)
        .then(|| format!("a build takes about {} of memory, and {} are free", size(needed), size(free)))
}

/// Bytes that a build takes at its peak, if one thread generates code: what the last one of `project` took; the most of all
/// builds on record; the usual if none was measured, with an unknown Julia that of a new one.
pub(crate) fn one_build(layout: &Layout, installation: Option<&Installation>, project: Option<&Path>) -> u64 {
    let peak = |record: ProjectRecord| Some(with_one_thread(&record.measured)).filter(|peak| *peak > 0);
    let own = project.and_then(|project| project_record::read(layout, project)).and_then(peak);
    let most = || project_record::read_all(layout).into_iter().filter_map(peak).max();
    own.or_else(most)
        .unwrap_or_else(|| usual(|minor| installation.is_none_or(|julia| julia.is_at_least(1, minor))))
}

/// What builds took with one thread: 1.12.5 with 46 packages 6.5 GB, 1.10.8 with 34 packages 4.2 GB.
fn usual(is_at_least: impl Fn(u64) -> bool) -> u64 {
    if is_at_least(12) {
        6_500_000_000
    } else if is_at_least(10) {
        4_200_000_000
    } else {
        2 << 30
    }
}

/// Memory that generating the code would have taken with one thread, which is more than all else takes in a build.
fn with_one_thread(measured: &Measurements) -> u64 {
    let generating = measured.stages.iter().find(|time| time.stage == Stage::Compile.name());
    let peak = generating.map_or(measured.peak_memory, |time| time.peak_memory);
    let further = measured.image_threads.saturating_sub(1) as u64;
    peak / (100 + further * PERCENT_OF_THREAD) * 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIGABYTE: u64 = 1_000_000_000;

    #[test]
    fn what_a_build_with_several_threads_took_is_more_than_one_with_a_single_one_takes() {
        let peak = |peak_memory, image_threads| {
            with_one_thread(&Measurements { peak_memory, image_threads, ..Measurements::default() })
        };
        assert_eq!(peak(4 * GIGABYTE, 0), 4 * GIGABYTE);
        assert_eq!(peak(4 * GIGABYTE, 1), 4 * GIGABYTE);
        assert_eq!(peak(6_510_000_000, 2), 4_200_000_000);
    }
}
