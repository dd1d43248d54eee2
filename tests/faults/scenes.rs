//! What is played.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::{Role, Scene, answering, sandbox};
use crate::stepper;
use crate::support::sandbox::{NOW, Sandbox, copy_folder};
use crate::support::world::world;

/// Whether faults can be tried here; says so where not.
fn is_possible() -> bool {
    let is_possible = stepper::is_permitted();
    if !is_possible {
        eprintln!("SKIPPED: this system does not let a process trace its children (ptrace)");
    }
    is_possible
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// The record, and the folder of the image, of the only project that has one.
fn only_other(sandbox: &Sandbox) -> Vec<PathBuf> {
    let [image] = &sandbox.names("store/images-v1")[..] else { panic!("one image") };
    let records = sandbox.names("store/projects-v1");
    let [record] = &records[..] else { panic!("one record: {records:?}") };
    vec![Path::new("images-v1").join(image), Path::new("projects-v1").join(record)]
}

#[test]
fn builds() {
    if !is_possible() {
        return;
    }
    let sandbox = sandbox();
    let stays = only_other(&sandbox);
    let scene = |name, arguments: &[&str], step| Scene {
        name,
        sandbox: &sandbox,
        arguments: words(arguments),
        role: Role::Build,
        step,
        has_image: false,
        is_once: false,
        stays: stays.clone(),
    };
    scene("build", &["build"], 60).play();
    sandbox.jlproj(["build"]).code(0);
    Scene { has_image: true, ..scene("build --force", &["build", "--force"], 90) }.play();
}

/// Starts in every state of what they keep themselves.
#[test]
fn starts() {
    if !is_possible() {
        return;
    }
    let sandbox = sandbox();
    let stays = only_other(&sandbox);
    let scene = |name, arguments: Vec<OsString>, step| Scene {
        name,
        sandbox: &sandbox,
        arguments,
        role: Role::Start,
        step,
        has_image: false,
        is_once: false,
        stays: stays.clone(),
    };
    scene("run, without an image", answering(), 3).play();
    let recording = [words(&["run", "--record"]), answering()[1..].to_vec()].concat();
    scene("run --record", recording.clone(), 4).play();
    sandbox.jlproj(&recording).code(0);
    for number in 0..40 {
        let record = format!("store/recordings-v1/{}/{number}-1.jl", record_name(&sandbox));
        sandbox.write(record, "precompile(Tuple{typeof(Base.sin), Float64})\n");
    }
    scene("run --record, after forty", recording, 20).play();
    sandbox.jlproj(["build"]).code(0);
    Scene { has_image: true, ..scene("run, with an image", answering(), 3) }.play();
    // Nothing is known, not even the Julia.
    fs::rename(sandbox.path("store"), sandbox.path("aside")).expect("away");
    Scene { stays: Vec::new(), ..scene("run, in an empty store", answering(), 12) }.play();
}

/// What the store calls the sandbox's project.
fn record_name(sandbox: &Sandbox) -> String {
    let names = sandbox.names("store/recordings-v1");
    let [name] = &names[..] else { panic!("{names:?}") };
    name.clone()
}

/// What changes the store without building.
#[test]
fn commands() {
    if !is_possible() {
        return;
    }
    let sandbox = sandbox();
    let stays = only_other(&sandbox);
    sandbox.jlproj(["build"]).code(0);
    sandbox.jlproj(answering()).code(0);
    let scene = |name, arguments: &[&str], step| Scene {
        name,
        sandbox: &sandbox,
        arguments: words(arguments),
        role: Role::Other,
        step,
        has_image: false,
        is_once: false,
        stays: stays.clone(),
    };
    for command in ["status", "list", "plan", "which", "key", "cache", "doctor"] {
        scene(command, &[command], 1).play();
    }
    let work = sandbox.path("work");
    copy_folder(&world().project(), &sandbox.path("work/third"));
    // The record of what it finds is changed.
    let stays = vec![stays[0].clone()];
    Scene { stays: stays.clone(), ..scene("scan", &["scan", work.to_str().expect("UTF-8")], 3) }.play();
    scene("forget", &["forget", "."], 3).play();
    Scene { is_once: true, ..scene("forget --image", &["forget", "--image", "."], 8) }.play();
    scene("warm", &["warm"], 20).play();
    garbage(&sandbox);
    // The record of a project whose image goes is changed.
    Scene { stays, ..scene("gc", &["gc", "--yes", "--older-than", "0d"], 12) }.play();
}

/// Makes an image of a project that is gone, a folder and a lock of a build that died, and a journal to put together.
fn garbage(sandbox: &Sandbox) {
    let gone = sandbox.path("work/gone");
    copy_folder(&world().project(), &gone);
    sandbox.write("work/gone/jlproj.toml", "precompile_statements = [\"statements.jl\"]\n");
    sandbox.write("work/gone/statements.jl", "# gone\n");
    sandbox.run(sandbox.command(["build", "--quiet"]).arg(&gone)).code(0);
    fs::remove_dir_all(&gone).expect("remove");
    sandbox.write("store/tmp/build-abcdef/image/build.log", "died\n");
    sandbox.write("store/locks/build-abcdef.lock", "1\n");
    sandbox.write("store/locks/build-uvwxyz.lock", "1\n");
    let long_ago = NOW - 300 * 24 * 3600;
    let project = sandbox.project();
    let line = format!("{long_ago}\texact\t-\t1.10.4\t{}\n", project.display());
    sandbox.write("store/usage-v1.log", line.repeat(20_000));
}
