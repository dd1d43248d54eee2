//! What a build tells of itself, and what its image saves: by estimate, and measured where that is asked for.

use std::fs;

use serde_json::Value;

use crate::support::sandbox::Sandbox;
use crate::support::starts::{assert_nothing_left, prepared, wait_for_the_end};

fn image(sandbox: &Sandbox) -> Value {
    let status = sandbox.jlproj(["status", "--format=json"]);
    serde_json::from_str::<Value>(&status.code(0).stdout).expect("JSON")["image"].take()
}

/// Seconds of a start without the image and with it, as measured; 0 if they were not.
fn measured(sandbox: &Sandbox) -> [f64; 2] {
    let image = image(sandbox);
    ["load_without", "load_with"].map(|name| image["measured"][name].as_f64().expect("seconds"))
}

fn is_measured(sandbox: &Sandbox) -> bool {
    measured(sandbox).iter().all(|seconds| *seconds > 0.0)
}

#[test]
fn a_build_tells_its_stages_and_an_estimate_and_measures_in_the_background_if_asked() {
    let sandbox = prepared();
    let built = sandbox.jlproj(["build"]);
    let estimate = ", by estimate; `jlproj build --measure` measures it\n";
    built.code(0).stderr_has("built in   ").stderr_has("\n           loading packages ").stderr_has(estimate);
    assert!(!is_measured(&sandbox));
    let stages = image(&sandbox)["measured"]["stages"].take();
    let names: Vec<&str> =
        stages.as_array().expect("stages").iter().filter_map(|stage| stage["stage"].as_str()).collect();
    assert_eq!(names[..2], ["precompiling for the image", "loading packages"], "{names:?}");
    assert!(!names.iter().any(|name| name.contains("measuring")), "{names:?}");
    sandbox.jlproj(["status", "-v"]).code(0).stdout_has("\n               loading packages ");

    // The image is there: nothing but measuring is left to do.
    let asked = sandbox.jlproj(["build", "--measure"]);
    asked.code(0).stdout("").stderr_has("the image is up to date, nothing to build\n");
    asked.stderr_has("jlproj: measuring in the background; `jlproj status` shows what comes out\n");
    wait_for_the_end(&sandbox);
    assert!(is_measured(&sandbox));
    let [without, with] = measured(&sandbox);
    let status = sandbox.jlproj(["status"]);
    let times = format!("{without:.2} s → {with:.2} s: ");
    status.code(0).stdout_has(&times);
    status.stdout_has("  2026-01-01 00:00 UTC: measured in the background\n");
    // Of the same image made anew it holds.
    sandbox.jlproj(["build", "--quiet", "--force"]).code(0).stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(&times);
    assert_nothing_left(&sandbox);
}

#[test]
fn what_cannot_be_measured_is_told() {
    let sandbox = prepared();
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let mut command = sandbox.command(["build", "--quiet", "--measure"]);
    // The scripts of ours are what it starts.
    sandbox.run(command.env("JULIA_DEPOT_PATH", "/nowhere")).code(1);
    let scripts = sandbox.path("store/tmp");
    fs::remove_dir_all(&scripts).expect("the folder of workspaces");
    fs::write(&scripts, "").expect("a file in its place");
    sandbox.jlproj(["build", "--quiet", "--measure"]).code(0).stderr("");
    wait_for_the_end(&sandbox);
    let status = sandbox.jlproj(["status"]);
    status.code(0).stdout_has("the measurement in the background failed: ");
    assert!(!is_measured(&sandbox));
}
