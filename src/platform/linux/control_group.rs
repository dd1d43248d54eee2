//! What a control group leaves of the machine's memory: to a container, a batch job or a service.

use std::path::{Path, PathBuf};

/// Bytes that are left under the tightest memory limit of the control groups that this process is in; `None` without a
/// limit.
pub(super) fn memory_room() -> Option<u64> {
    let groups = fs_err::read_to_string("/proc/self/cgroup").ok()?;
    room(Path::new("/sys/fs/cgroup"), &groups)
}

/// Files in which a version of control groups tells of memory.
struct Files {
    limit: &'static str,
    used: &'static str,
    /// Lines of `memory.stat` with the bytes that are dropped where memory gets short: of files that were read, and of what
    /// the system notes of them.
    droppable: &'static [&'static str],
}

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    droppable: &["total_inactive_file ", "total_active_file "],
};

const VERSION_2: Files = Files {
    limit: "memory.max",
    used: "memory.current",
    droppable: &["inactive_file ", "active_file ", "slab_reclaimable "],
};

/// `groups` is what /proc/self/cgroup says, a line for each hierarchy: its number, its controllers, and the group
/// (cgroups(7)). A batch system sets the limit of a job on a group above that of the process.
fn room(root: &Path, groups: &str) -> Option<u64> {
    let rooms = groups.lines().flat_map(|line| {
        let (controllers, group) =
            line.split_once(':').and_then(|(_, rest)| rest.split_once(':')).unwrap_or_default();
        let (mount, files) = match controllers {
            "" => (root.to_owned(), VERSION_2),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                (root.join("memory"), VERSION_1)
            }
            _ => return Vec::new(),
        };
        let group = PathBuf::from(group.trim_start_matches('/'));
        // In a container the names are those outside of it, and only the topmost group is there.
        group.ancestors().filter_map(|group| room_in(&mount.join(group), &files)).collect()
    });
    rooms.min()
}

fn room_in(group: &Path, files: &Files) -> Option<u64> {
    let text = |name: &str| fs_err::read_to_string(group.join(name)).ok();
    let number = |text: &str| text.trim().parse::<u64>().ok();
    // Without a limit: `max`, or a number that no machine has.
    let limit = number(&text(files.limit)?)?;
    let used = number(&text(files.used)?)?;
    let statistics = text("memory.stat").unwrap_or_default();
    let of_line = |line: &str| files.droppable.iter().find_map(|name| number(line.strip_prefix(name)?));
    let droppable: u64 = statistics.lines().filter_map(of_line).sum();
    Some(limit.saturating_sub(used.saturating_sub(droppable)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group with its limit, what it uses, and what of that can be dropped.
    fn write(group: &Path, files: &Files, numbers: [&str; 3]) {
        fs_err::create_dir_all(group).expect("a folder");
        let [limit, used, droppable] = numbers;
        fs_err::write(group.join(files.limit), format!("{limit}\n")).expect("write");
        fs_err::write(group.join(files.used), format!("{used}\n")).expect("write");
        let [inactive, active] = [files.droppable[0], files.droppable[1]];
        let statistics = format!("anon 1\n{inactive}{droppable}\n{active}5\n");
        fs_err::write(group.join("memory.stat"), statistics).expect("write");
    }

    #[test]
    fn the_limit_of_a_job_is_that_of_its_steps() {
        let root = tempfile::tempdir().expect("temporary folder");
        let groups = "0::/system.slice/job_1/step_0/user/task_0\n";
        write(&root.path().join("system.slice/job_1/step_0/user/task_0"), &VERSION_2, ["max", "60", "0"]);
        write(&root.path().join("system.slice/job_1/step_0"), &VERSION_2, ["900", "60", "0"]);
        assert_eq!(room(root.path(), groups), Some(845));
        write(&root.path().join("system.slice/job_1"), &VERSION_2, ["800", "300", "0"]);
        assert_eq!(room(root.path(), groups), Some(505));
    }

    #[test]
    fn files_that_were_read_take_no_room() {
        let root = tempfile::tempdir().expect("temporary folder");
        write(&root.path().join("user"), &VERSION_2, ["1000", "700", "600"]);
        assert_eq!(room(root.path(), "0::/user\n"), Some(905));
    }

    #[test]
    fn the_first_version_has_a_hierarchy_of_its_own_for_memory() {
        let root = tempfile::tempdir().expect("temporary folder");
        write(&root.path().join("memory/slurm/job_1"), &VERSION_1, ["1000", "400", "100"]);
        write(&root.path().join("memory"), &VERSION_1, ["9223372036854771712", "400", "100"]);
        let groups = "5:cpu,cpuacct:/\n4:memory:/slurm/job_1\n0::/\n";
        assert_eq!(room(root.path(), groups), Some(705));
        // In a container: the group has the name that it has outside.
        let groups = "4:memory:/docker/1234\n0::/\n";
        write(&root.path().join("memory"), &VERSION_1, ["500", "400", "100"]);
        assert_eq!(room(root.path(), groups), Some(205));
    }

    #[test]
    fn without_a_limit_there_is_none() {
        let root = tempfile::tempdir().expect("temporary folder");
        write(&root.path().join("user"), &VERSION_2, ["max", "700", "600"]);
        assert_eq!(room(root.path(), "0::/user\n"), None);
        assert_eq!(room(root.path(), "not a line\n"), None);
    }
}
