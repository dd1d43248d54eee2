//! What `jlproj cache` and `jlproj gc --dry-run` cost, and how that grows.
//!
//! `cargo bench --bench caches` prints one table: both commands for 1,000 to 50,000 precompile files of 100 known
//! projects. It is the worst case: nobody would give the files their names, so the head of each is read.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]

mod julia_stand_in;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const FILES: [usize; 4] = [1_000, 5_000, 20_000, 50_000];
/// Files of one package.
const PER_PACKAGE: usize = 20;
const PROJECTS: usize = 100;
const ROUNDS: usize = 5;
/// The head of a file that Julia wrote, and about as many bytes as a small package has.
const HEAD: &[u8] = include_bytes!("../tests/fixtures/ji/sizes-1.5.3.head");
const BYTES: usize = 20_000;

fn main() {
    if julia_stand_in::is_julia() {
        return julia_stand_in::answer();
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let folder = fs::canonicalize(folder.path()).expect("folder");
    println!("{PROJECTS} projects, medians of {ROUNDS}");
    println!("{:>8} {:>12} {:>16} {:>14}", "files", "cache", "cache --totals", "gc --dry-run");
    for count in FILES {
        let world = folder.join(format!("{count}"));
        make(&world, count);
        let times = [&["cache"][..], &["cache", "--totals"], &["gc", "--dry-run"]]
            .map(|command| time(&world, command));
        let [cache, totals, gc] = times.map(|time| time.as_secs_f64());
        println!("{count:>8} {cache:>10.3} s {totals:>14.3} s {gc:>12.3} s");
        fs::remove_dir_all(&world).expect("remove");
    }
}

/// A store, a Julia, projects, and a depot of `count` precompile files.
fn make(folder: &Path, count: usize) {
    for name in ["bin", "home", "store"] {
        fs::create_dir_all(folder.join(name)).expect("folder");
    }
    julia_stand_in::install(&folder.join("bin"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let mut journal = String::new();
    for number in 0..PROJECTS {
        let project = folder.join(format!("projects/{number}"));
        fs::create_dir_all(&project).expect("folder");
        fs::write(project.join("Project.toml"), "").expect("project");
        fs::write(project.join("Manifest.toml"), "").expect("manifest");
        let _ = writeln!(journal, "{now}\tnone\t-\t1.10.4\t{}", project.display());
    }
    fs::write(folder.join("store/usage-v1.log"), journal).expect("journal");
    let mut contents = HEAD.to_vec();
    contents.resize(BYTES, 7);
    for package in 0..count / PER_PACKAGE {
        let package_folder = folder.join(format!("home/.julia/compiled/v1.10/Package{package}"));
        fs::create_dir_all(&package_folder).expect("folder");
        for file in 0..PER_PACKAGE {
            fs::write(package_folder.join(format!("AbCdE_{file:05}.ji")), &contents).expect("file");
        }
    }
}

/// The median time of a command.
fn time(folder: &Path, arguments: &[&str]) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| time_once(folder, arguments)).collect();
    times.sort();
    times[times.len() / 2]
}

fn time_once(folder: &Path, arguments: &[&str]) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
    command.args(arguments);
    julia_stand_in::surround(&mut command, folder, folder);
    let begun = Instant::now();
    let status = command.status().expect("starts");
    let elapsed = begun.elapsed();
    assert!(status.success(), "{command:?}");
    elapsed
}
