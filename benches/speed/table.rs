//! The one table.

use std::time::Duration;

use crate::measure::Size;

pub(crate) fn header() {
    println!(
        "{:<18} {:>8} {:>8} {:>7} {:>9} {:>12} {:>12} {:>6} {:>9}",
        "what", "projects", "packages", "files", "starts", "median", "difference", "ratio", "memory"
    );
}

/// `base` is what the same takes by hand, `memory` in bytes.
pub(crate) fn row(what: &str, size: Size, time: Duration, base: Option<Duration>, memory: u64) {
    let milliseconds = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1_000.0);
    let Size { projects, packages, files, lines } = size;
    let difference = base.map(|base| milliseconds(time.saturating_sub(base))).unwrap_or_default();
    let ratio =
        base.map(|base| format!("{:.2}", time.as_secs_f64() / base.as_secs_f64())).unwrap_or_default();
    println!(
        "{what:<18} {projects:>8} {packages:>8} {files:>7} {lines:>9} {:>12} {difference:>12} {ratio:>6} {:>6} MB",
        milliseconds(time),
        memory / 1_000_000
    );
}
