//! The machine: its battery and free memory, by /sys and /proc.

use std::path::Path;

use super::control_group;

/// Whether the machine runs on battery; `false` if unknown.
pub(crate) fn is_on_battery() -> bool {
    let supplies = fs_err::read_dir("/sys/class/power_supply").into_iter().flatten().flatten();
    let read = |folder: &Path, file: &str| {
        fs_err::read_to_string(folder.join(file)).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let (mut has_battery, mut has_mains) = (false, false);
    for supply in supplies {
        let folder = supply.path();
        match read(&folder, "type").as_str() {
            "Battery" => has_battery |= read(&folder, "status") == "Discharging",
            _ => has_mains |= read(&folder, "online") == "1",
        }
    }
    has_battery && !has_mains
}

/// Bytes of memory that a new program could use without swapping; `None` if unknown.
///
/// `MemAvailable` of /proc/meminfo, bounded by the limits of our control groups where there are any.
pub(crate) fn free_memory() -> Option<u64> {
    let information = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = information.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let available = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024);
    Some(control_group::memory_room().map_or(available, |room| room.min(available)))
}
