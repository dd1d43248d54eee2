//! The machine: its battery and free memory.

use starship_battery::{Manager, State};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Whether the machine runs on battery; `false` if unknown.
pub(crate) fn is_on_battery() -> bool {
    let batteries = Manager::new().and_then(|manager| manager.batteries());
    batteries.into_iter().flatten().flatten().any(|battery| battery.state() == State::Discharging)
}

/// Bytes of memory that a new program could use without swapping; `None` if unknown.
pub(crate) fn free_memory() -> Option<u64> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    Some(System::new_with_specifics(kind).available_memory()).filter(|bytes| *bytes > 0)
}
