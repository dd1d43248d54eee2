//! Which stores are measured, and the table.

use std::env;
use std::fs;

use crate::measure::Size;
use crate::world::World;
use crate::{julia_stand_in, launch, measure, table};

const GROUPS: [(&str, &[&str]); 4] = [
    ("list", &["list", "--all"]),
    ("plan", &["plan", "--images", "10"]),
    ("cache", &["cache"]),
    ("gc", &["gc", "--dry-run"]),
];

pub(crate) fn print() {
    if julia_stand_in::is_called("julia") {
        return julia_stand_in::answer();
    }
    if julia_stand_in::is_called(julia_stand_in::BARE) {
        return julia_stand_in::start();
    }
    if measure::is_measuring() {
        return measure::tell_memory();
    }
    let quick = env::var_os("JLPROJ_BENCH_QUICK").is_some();
    let rounds = |usual: usize| if quick { 3 } else { usual };
    let folder = tempfile::tempdir().expect("temporary folder");
    let folder = fs::canonicalize(folder.path()).expect("folder");
    table::header();
    for size in launches(quick) {
        launch::compare(&World::of_one(&folder.join("launch"), size), rounds(200));
    }
    for size in sizes(quick) {
        let world = World::make(&folder.join("world"), size);
        for (name, arguments) in GROUPS {
            // Of a large journal, and of many precompile files, it is told what they cost who reads them.
            let is_told = match name {
                "list" => size.files == 0,
                "plan" => size.files == 0 && size.lines < 100_000,
                _ => size.lines < 100_000,
            };
            if is_told {
                let command = || world.jlproj(arguments);
                table::row(
                    name,
                    size,
                    measure::median(rounds(5), command),
                    None,
                    measure::memory(&command()),
                );
            }
        }
    }
}

/// More and more projects, then packages, around the size that the budget is for.
fn launches(quick: bool) -> Vec<Size> {
    let around = Size { projects: 1_000, packages: 500, ..Size::default() };
    if quick {
        return vec![Size { projects: 10, packages: 10, ..around }];
    }
    let projects = [10, 100, 1_000, 10_000].map(|projects| Size { projects, ..around });
    let packages = [10, 100, 2_000].map(|packages| Size { packages, ..around });
    projects.into_iter().chain(packages).collect()
}

/// More and more projects, packages, precompile files, and starts in the journal.
fn sizes(quick: bool) -> Vec<Size> {
    let small = Size { projects: 10, packages: 100, lines: 1_000, files: 0 };
    if quick {
        return vec![small, Size { files: 100, ..small }];
    }
    let projects = [10, 100, 1_000, 5_000].map(|projects| Size { projects, lines: 10 * projects, ..small });
    let packages = [10, 100, 500, 2_000].map(|packages| Size { projects: 100, packages, ..small });
    let most = [Size { projects: 500, packages: 300, ..small }];
    let files =
        [1_000, 5_000, 20_000, 50_000].map(|files| Size { projects: 100, packages: 10, files, ..small });
    let lines = [10_000, 100_000, 1_000_000].map(|lines| Size { packages: 10, lines, ..small });
    projects.into_iter().chain(packages).chain(most).chain(files).chain(lines).collect()
}
