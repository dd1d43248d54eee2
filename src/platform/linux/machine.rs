//! The machine: its battery and free memory, by /sys and /proc.

use std::path::Path;

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
/// `MemAvailable` of /proc/meminfo, bounded by the limit of our control group where one is set.
pub(crate) fn free_memory() -> Option<u64> {
    let information = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = information.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let available = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1024);
    Some(control_group_room().map_or(available, |room| room.min(available)))
}

/// Memory left under the limit of our control group (version 2); `None` without a limit.
fn control_group_room() -> Option<u64> {
    let own = fs_err::read_to_string("/proc/self/cgroup").ok()?;
    let name = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = Path::new("/sys/fs/cgroup").join(name.trim_start_matches('/'));
    let number = |file: &str| fs_err::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}
