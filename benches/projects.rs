//! What `jlproj list` and `jlproj plan` cost, and how that grows.
//!
//! `cargo bench --bench projects` prints two tables: both commands for 50 to 1,000 known projects, each with a manifest
//! of 300 packages out of 3,000 contents; and `list` for journals of up to a million lines.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]

mod julia_stand_in;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROJECTS: [usize; 5] = [50, 100, 200, 500, 1_000];
const PACKAGES: usize = 300;
/// A package has this many versions in use.
const VERSIONS: usize = 10;
const ROUNDS: usize = 3;
const LINES: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    if julia_stand_in::is_julia() {
        return julia_stand_in::answer();
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let folder = fs::canonicalize(folder.path()).expect("folder");
    println!("{PACKAGES} packages in each manifest, medians of {ROUNDS}");
    println!("{:>8} {:>12} {:>16} {:>14}", "projects", "list", "plan --images 10", "plan alone");
    for count in PROJECTS {
        let world = World::make(&folder.join(format!("{count}-projects")), count, 10 * count);
        let list = world.time(&["list", "--all"]);
        let plan = world.time(&["plan", "--images", "10"]);
        println!(
            "{count:>8} {:>9.3} s  {:>13.3} s  {:>11.3} s",
            list.as_secs_f64(),
            plan.as_secs_f64(),
            plan.saturating_sub(list).as_secs_f64()
        );
    }
    println!();
    println!("{:>16} {:>12}", "journal", "list");
    for lines in LINES {
        let world = World::make(&folder.join(format!("{lines}-lines")), 12, lines);
        println!("{lines:>10} lines {:>9.3} s", world.time(&["list"]).as_secs_f64());
    }
}

/// A store, a Julia and projects of the bench's own.
struct World {
    folder: PathBuf,
}

impl World {
    /// Makes `count` projects, and a journal of `lines` starts over all of them.
    fn make(folder: &Path, count: usize, lines: usize) -> Self {
        for name in ["bin", "home", "store", "projects"] {
            fs::create_dir_all(folder.join(name)).expect("folder");
        }
        julia_stand_in::install(&folder.join("bin"));
        let world = Self { folder: folder.to_owned() };
        let mut numbers = Numbers(count as u64);
        for project in 0..count {
            world.write_project(project, &mut numbers);
        }
        world.write_journal(count, lines);
        world
    }

    fn project(&self, number: usize) -> PathBuf {
        self.folder.join(format!("projects/project-{number}"))
    }

    /// Each package depends on up to three before it. Projects fall into groups that share most of their versions.
    fn write_project(&self, number: usize, numbers: &mut Numbers) {
        let uuid = |package: usize| format!("00000000-0000-4000-8000-{package:012x}");
        let group = number % 20;
        let mut project = "[deps]\n".to_owned();
        let mut manifest = "julia_version = \"1.10.4\"\nmanifest_format = \"2.0\"\n\n".to_owned();
        for package in 0..PACKAGES {
            let is_common = numbers.next(100) < 95;
            let version = if is_common { (group * 7 + package) % VERSIONS } else { numbers.next(VERSIONS) };
            let dependencies: Vec<String> = [1, 17, 90]
                .iter()
                .filter(|_| package % 3 == 0)
                .filter_map(|back| package.checked_sub(*back))
                .map(|other| format!("\"Package{other}\""))
                .collect();
            let _ = writeln!(project, "Package{package} = \"{}\"", uuid(package));
            let _ = writeln!(
                manifest,
                "[[deps.Package{package}]]\ndeps = [{}]\ngit-tree-sha1 = \"{package:036x}{version:04x}\"\nuuid = \"{}\"\nversion = \"1.{version}.0\"\n",
                dependencies.join(", "),
                uuid(package)
            );
        }
        let folder = self.project(number);
        fs::create_dir_all(&folder).expect("folder");
        fs::write(folder.join("Project.toml"), project).expect("project");
        fs::write(folder.join("Manifest.toml"), manifest).expect("manifest");
    }

    fn write_journal(&self, count: usize, lines: usize) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let mut text = String::new();
        for line in 0..lines {
            let time = now - (lines - line) as u64 % 3_000_000;
            let project = self.project(line % count);
            let _ = writeln!(text, "{time}\tnone\t-\t1.10.4\t{}", project.display());
        }
        fs::write(self.folder.join("store/usage-v1.log"), text).expect("journal");
    }

    /// The median time of a command.
    fn time(&self, arguments: &[&str]) -> Duration {
        let mut times: Vec<Duration> = (0..ROUNDS).map(|_| self.time_once(arguments)).collect();
        times.sort();
        times[times.len() / 2]
    }

    fn time_once(&self, arguments: &[&str]) -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
        command.args(arguments);
        julia_stand_in::surround(&mut command, &self.folder, &self.folder);
        let begun = Instant::now();
        let status = command.status().expect("starts");
        let elapsed = begun.elapsed();
        assert!(status.success(), "{command:?}");
        elapsed
    }
}

/// Numbers that are the same at each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below as u64).expect("small")
    }
}
