//! The memory that a build takes.

use crate::building::context::BuildContext;
use crate::context;
use crate::installation::Installation;
use crate::model::image::record::Measurements;
use crate::store::layout::Layout;
use crate::store::project_record;
use crate::ui::size::size;

/// Share of the peak memory with one thread that each further thread adds, in percent. Measured on Julia 1.10.8 with 34
/// packages: 4.2 GB with one thread, 6.5 GB with two.
pub(super) const PERCENT_OF_THREAD: u64 = 55;

/// What a build takes and what is free, in words, if that is less; `None` if it is enough, unknown, or on another machine.
pub(crate) fn shortage(build: &BuildContext<'_>) -> Option<String> {
    let toolchain = &build.toolchain;
    if !toolchain.settings.runner.value.is_empty() {
        return None;
    }
    let free = context::free_memory()?;
    let needed = one_build(&toolchain.context.layout, Some(&toolchain.installation));
    (free < needed)
        .then(|| format!("a build takes about {} of memory, and {} are free", size(needed), size(free)))
}

/// Bytes that a build takes at its peak, if one thread generates code: the most of all builds on record; the usual if none
/// was measured, with an unknown Julia that of a new one.
pub(crate) fn one_build(layout: &Layout, installation: Option<&Installation>) -> u64 {
    let records = project_record::read_all(layout);
    let peak = records.iter().map(|record| with_one_thread(&record.measured)).max();
    peak.filter(|peak| *peak > 0)
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

/// Peak memory that a build would have had with one thread.
fn with_one_thread(measured: &Measurements) -> u64 {
    let further = measured.image_threads.saturating_sub(1) as u64;
    measured.peak_memory / (100 + further * PERCENT_OF_THREAD) * 100
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
