//! What `jlproj list` tells, and projects for it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world::{self, world};

pub const DAY: i64 = 24 * 3600;

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What `list` tells to programs, the first first.
#[track_caller]
pub fn listed(sandbox: &Sandbox) -> Vec<Value> {
    let output = sandbox.command(["list", "--format=json"]).output().expect("jlproj");
    let ran = sandbox.ran("list --format=json", &output);
    ran.code(0).stderr("");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The projects of a list, as paths below the sandbox.
pub fn paths(sandbox: &Sandbox, rows: &[Value]) -> Vec<String> {
    let root = sandbox.path("");
    let below = |row: &Value| {
        let path = Path::new(row["project"].as_str().expect("a path"));
        text(path.strip_prefix(&root).expect("below the sandbox")).to_owned()
    };
    rows.iter().map(below).collect()
}

/// The line of the project at a path below the sandbox.
#[track_caller]
pub fn row<'a>(sandbox: &Sandbox, rows: &'a [Value], below: &str) -> &'a Value {
    let place = paths(sandbox, rows).iter().position(|path| path == below);
    place.map_or_else(|| panic!("{below} is not among {rows:#?}"), |place| &rows[place])
}

/// Makes a project that has Alpha 1.0.0 and nothing else.
pub fn small_project(sandbox: &Sandbox, below: &str) -> PathBuf {
    let part = |name: &str, separator: &str, start: &str| {
        let contents = fs::read_to_string(world().project().join(name)).expect("file");
        let part = contents.split(separator).find(|part| part.starts_with(start)).expect("Alpha");
        part.to_owned()
    };
    let project = format!("[deps]\n{}\n", part("Project.toml", "\n", "Alpha = "));
    sandbox.write(format!("{below}/Project.toml"), project);
    let entry = part("Manifest.toml", "\n\n", &world::manifest_entry("Alpha"));
    let manifest = world::manifest_head() + &entry;
    sandbox.write(format!("{below}/Manifest.toml"), manifest).parent().expect("folder").to_owned()
}

/// The last use of a project, in seconds since 1970.
#[track_caller]
pub fn last_use(sandbox: &Sandbox, below: &str) -> Option<i64> {
    row(sandbox, &listed(sandbox), below)["last_use"].as_i64()
}

/// Starts Julia in a project through jlproj.
#[track_caller]
pub fn start(sandbox: &Sandbox, below: &str) {
    let mut command = sandbox.command(["run", "--quiet", "-e", "print(1)"]);
    sandbox.run(command.current_dir(sandbox.path(below))).code(0).stdout("1").stderr("");
}

#[track_caller]
pub fn scan(sandbox: &Sandbox, folder: &str) -> Ran {
    let ran = sandbox.jlproj(["scan", text(&sandbox.path(folder))]);
    ran.code(0).stdout("");
    ran
}
