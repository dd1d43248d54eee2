//! Manifests and project files of other releases of Julia, in a project that has an image.

use std::fs;

use crate::support::sandbox::Sandbox;
use crate::support::starts::WHICH;
use crate::support::world;

fn with_image() -> Sandbox {
    Sandbox::new().in_world().with_world_image()
}

/// What Julia does in the project with and without jlproj: under which image, and which Alpha it loads.
#[track_caller]
fn assert_loads(sandbox: &Sandbox, which: &str, alpha: &str) {
    let code = format!("{WHICH}; using Alpha; print(\" \", Alpha.answer())");
    let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", &code]);
    ran.code(0).stdout(&format!("{which} {alpha}"));
    let ran = sandbox.jlproj(["run", "--sysimage=none", "--startup-file=no", "-e", &code]);
    ran.code(0).stdout(&format!("plain {alpha}"));
}

/// Changes a file of the project.
fn edit(sandbox: &Sandbox, name: &str, edit: impl Fn(&str) -> String) {
    let path = sandbox.project().join(name);
    let before = fs::read_to_string(&path).expect("read");
    let after = edit(&before);
    assert_ne!(before, after);
    fs::write(path, after).expect("write");
}

/// Julia loads what the manifest says; `[sources]` (Pkg 1.11 and later) counts when it is resolved.
#[test]
fn sources_at_odds_with_the_manifest_change_nothing() {
    let sandbox = with_image();
    sandbox.write("elsewhere/Alpha/src/Alpha.jl", "module Alpha\nanswer() = \"alpha from elsewhere\"\nend\n");
    edit(&sandbox, "Project.toml", |text| {
        // Pkg of 1.13 writes the section itself, for packages in development.
        let (before, after) = text.split_once("[sources]\n").unwrap_or((text, ""));
        format!("{before}\n[sources]\nAlpha = {{ path = \"../elsewhere/Alpha\" }}\n{after}")
    });
    assert_loads(&sandbox, "image", "alpha 1.0.0");
    sandbox.jlproj(["status", "--check"]).code(0);
}

/// Pkg of 1.13 names the registry of each package; Julia's loader passes over that.
#[test]
fn a_manifest_that_names_registries_is_read() {
    if !world::is_at_least(7) {
        return world::left_out("a manifest of format 2.1", "Julia reads the first format alone before 1.7");
    }
    let sandbox = with_image();
    let manifest = fs::read_to_string(sandbox.project().join("Manifest.toml")).expect("manifest");
    let to_2_1 = |text: &str| {
        let text = text.replace("manifest_format = \"2.0\"", "manifest_format = \"2.1\"");
        let text = text.replace("[[deps.Alpha]]\n", "[[deps.Alpha]]\nregistries = \"Tests\"\n");
        format!(
            "{text}\n[registries.Tests]\nuuid = \"23338594-aafe-5451-b93e-139f81909106\"\nurl = \"https://localhost\"\n"
        )
    };
    if !manifest.contains("[registries.") {
        edit(&sandbox, "Manifest.toml", to_2_1);
    }
    assert_loads(&sandbox, "image", "alpha 1.0.0");
    sandbox.jlproj(["status", "--check"]).code(0);
    // As which language a package's code is read is part of what it is (Julia 1.14): another image, never the old one.
    edit(&sandbox, "Manifest.toml", |text| {
        text.replace("[[deps.Beta]]\n", "[[deps.Beta]]\nsyntax = { julia_version = \"1.14\" }\n")
    });
    assert_loads(&sandbox, "plain", "alpha 1.0.0");
    sandbox.jlproj(["status", "--check"]).code(3);
}

/// Which standard libraries there are depends on the release: it is told once, and in the way of nothing that is the same.
#[test]
fn a_manifest_of_another_release_is_told() {
    if !world::is_at_least(7) {
        return world::left_out(
            "a manifest that names its Julia",
            "Julia reads the first format alone before 1.7",
        );
    }
    let sandbox = with_image();
    let note = format!("the manifest was resolved by Julia 1.99.0, and this is Julia {}", world::version());
    assert!(!sandbox.jlproj(["status"]).code(0).stdout.contains("was resolved by"));
    edit(&sandbox, "Manifest.toml", |text| {
        let own = format!("julia_version = \"{}\"", world::version());
        text.replace(&own, "julia_version = \"1.99.0\"")
    });
    assert_loads(&sandbox, "image", "alpha 1.0.0");
    sandbox.jlproj(["status"]).code(0).stdout_has(&note);
    sandbox.jlproj(["doctor"]).stdout_has(&format!("note  manifest  {note}"));
    sandbox.jlproj(["build", "--force"]).code(1).stderr_has(&note);
}

/// A manifest may hold what only other projects load, as that of a workspace does: an image has what this one can.
#[test]
fn packages_that_the_project_does_not_reach_change_nothing() {
    let sandbox = with_image();
    sandbox.jlproj(["pkg", "--project", "scratch", "add", "Delta", "Extra"]).code(0);
    let scratch = fs::read_to_string(sandbox.path("project/scratch/Manifest.toml")).expect("manifest");
    let entry = |name: &str| {
        let start = scratch.find(&world::manifest_entry(name)).expect("an entry");
        let end = scratch[start..].find("\n\n").map_or(scratch.len(), |end| start + end);
        format!("\n{}\n", &scratch[start..end])
    };
    edit(&sandbox, "Manifest.toml", |text| format!("{text}{}{}", entry("Delta"), entry("Extra")));
    assert_loads(&sandbox, "image", "alpha 1.0.0");
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("exact: the image is up to date");
    let verbose = sandbox.jlproj(["status", "--verbose"]);
    verbose.stdout_has("2 of the packages in the manifest are not for this project");
    assert!(!verbose.stdout.contains("Delta"), "{verbose}");
    // Named by the project, one of them is its own.
    let uuid = scratch[scratch.find(&world::manifest_entry("Extra")).expect("an entry")..]
        .lines()
        .find_map(|line| line.strip_prefix("uuid = "));
    edit(&sandbox, "Project.toml", |text| {
        text.replace("[deps]\n", &format!("[deps]\nExtra = {}\n", uuid.expect("a UUID")))
    });
    assert_loads(&sandbox, "image", "alpha 1.0.0");
    sandbox
        .jlproj(["status"])
        .code(0)
        .stdout_has("contained: an image that lacks 1 of the packages is in force");
}
