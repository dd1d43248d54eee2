//! README and the pages of docs/: whatever their blocks have a person type is typed in a project, line by line.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::depot::own_depot;
use crate::support::host_programs;
use crate::support::sandbox::Sandbox;
use crate::support::starts::instead;
use crate::support::world::repository;

/// The lines of a page's blocks that begin with jlproj or with a shell's `eval`.
fn typed(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("page");
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines);
    lines.filter(|line| line.starts_with("jlproj ") || line.starts_with("eval ")).map(str::to_owned).collect()
}

/// A sandbox with jlproj on PATH, and what the pages take for granted.
fn sandbox() -> Sandbox {
    // A depot of its own: what other tests leave in theirs would be collected.
    let mut sandbox = own_depot(Sandbox::new().in_world().with_standin_builder());
    symlink(env!("CARGO_BIN_EXE_jlproj"), sandbox.path("bin/jlproj")).expect("link");
    sandbox.write("project/script.jl", "print(ARGS[1])");
    sandbox.write("project/Makefile", "figures:\n\tjulia --startup-file=no -e 'print(1)'\n");
    if let Some(fish) = host_programs::program("bin/fish") {
        let path = format!(
            "{}:{}:/usr/bin:/bin",
            sandbox.path("bin").display(),
            fish.parent().expect("bin").display()
        );
        sandbox.set("PATH", path);
    }
    sandbox
}

/// Runs a line in the project, as a shell does that reads it from a terminal whose user is gone.
fn run(sandbox: &Sandbox, line: &str) -> i32 {
    let shell = if line.contains("--shell fish") { "fish" } else { "bash" };
    let ran = sandbox.run(&mut instead(sandbox, shell, ["-c", line]));
    eprintln!("{line}: {ran}");
    ran.code
}

#[test]
fn every_line_of_the_pages_works() {
    let docs =
        fs::read_dir(repository().join("docs")).expect("docs").map(|entry| entry.expect("entry").path());
    let pages: Vec<PathBuf> = docs.chain([repository().join("README.md")]).collect();
    let mut count = 0;
    for page in pages {
        let sandbox = sandbox();
        for line in typed(&page) {
            assert_eq!(run(&sandbox, &line), 0, "{}: {line}", page.display());
            count += 1;
        }
    }
    assert!(count > 15, "only {count} lines were found");
}
