//! A depot with the files of many projects.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::depot::own_depot;
use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::world::world;

/// A sandbox with a depot of its own, by the real clock, in which images are copies of the world's.
pub fn sandbox() -> Sandbox {
    let mut sandbox = own_depot(Sandbox::new().with_standin_builder());
    sandbox.unset("__JLPROJ_NOW");
    sandbox
}

/// A project with the world's packages, and a file of statements that makes its image one of its own.
pub fn make_project(sandbox: &Sandbox, name: &str) -> PathBuf {
    let folder = sandbox.path("work").join(name);
    copy_folder(&world().project(), &folder);
    fs::write(folder.join("jlproj.toml"), "precompile_statements = [\"statements.jl\"]\n").expect("settings");
    write_statements(&folder, name);
    folder
}

pub fn write_statements(project: &Path, text: &str) {
    fs::write(project.join("statements.jl"), format!("# {text}\n")).expect("statements");
}

pub fn build(sandbox: &Sandbox, project: &Path) {
    sandbox.run(sandbox.command(["build", "--quiet"]).arg(project)).code(0);
}

/// Starts Julia in a project, which loads a package that is outside of every image.
pub fn start(sandbox: &Sandbox, project: &Path) -> Ran {
    let mut command = sandbox.command(["run", "--startup-file=no"]);
    command
        .arg(format!("--project={}", project.display()))
        .args(["-e", "using OnHelper; print(OnHelper.answer())"]);
    let ran = sandbox.run(command.env("JULIA_DEBUG", "loading"));
    ran.code(0).stdout("on helper 0.1.0");
    ran
}

pub fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

/// What `cache` says: path, project, image and verdict of each file.
pub fn caches(sandbox: &Sandbox) -> Vec<Value> {
    let ran = sandbox.jlproj(["cache", "--format", "json"]);
    let files = json(ran.code(0))["files"].as_array().expect("files").clone();
    files.into_iter().filter(|file| file["reason"] != "comes with Julia").collect()
}
