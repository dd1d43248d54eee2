//! Building down the list of known projects.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::support::sandbox::{NOW, Sandbox, copy_folder};
use crate::support::world::{self, world};

/// A sandbox with copies of the world's project under these names, each with so many starts in the last days.
fn sandbox(projects: &[(&str, usize)]) -> Sandbox {
    let sandbox = Sandbox::new().with_standin_builder().with("JULIA_DEPOT_PATH", world().depot());
    let mut journal = String::new();
    for (name, starts) in projects {
        copy_folder(&world().project(), &folder(&sandbox, name));
        for start in 0..*starts {
            let time = NOW - i64::try_from(start).expect("small") * 60;
            let _ = writeln!(journal, "{time}\tnone\t-\t1.10.4\t{}", folder(&sandbox, name).display());
        }
    }
    sandbox.write("store/usage-v1.log", journal);
    sandbox
}

fn folder(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.path("work").join(name)
}

/// Exchanges a package of a copy, so that it wants another image than its siblings.
fn with_other_tree(sandbox: &Sandbox, name: &str) {
    let manifest = folder(sandbox, name).join("Manifest.toml");
    let text = fs::read_to_string(&manifest).expect("manifest");
    let place = text.find(&world::manifest_entry("Gamma")).expect("Gamma");
    let key = "git-tree-sha1 = \"";
    let start = place + text[place..].find(key).expect("a tree") + key.len();
    let changed = format!("{}{}{}", &text[..start], "0".repeat(40), &text[start + 40..]);
    fs::write(manifest, changed).expect("manifest");
}

#[test]
fn it_goes_down_the_list_while_it_pays() {
    let sandbox = sandbox(&[("rare", 2), ("often", 3000), ("more", 5000)]);
    let ran = sandbox.jlproj(["build", "--frequent", "--dry-run"]);
    ran.code(0).stderr_has("rare: left out, would save");
    let place = |text: &str| ran.stderr.find(text).unwrap_or_else(|| panic!("no `{text}`: {ran}"));
    assert!(place("work/more: would save") < place("work/often: would save"), "{ran}");
    assert_eq!(ran.stderr.matches("would bake").count(), 2, "{ran}");

    let top = sandbox.jlproj(["build", "--frequent", "--top", "1", "--dry-run"]);
    assert_eq!(top.code(0).stderr.matches("would bake").count(), 1, "{top}");
    let full = sandbox.jlproj(["build", "--frequent", "--disk", "1MB", "--dry-run"]);
    full.code(0).stderr_has("left out, no room for").stderr_has("nothing to build");
    sandbox.jlproj(["build", "--top", "1"]).code(2).stderr_has("--frequent");
    sandbox.jlproj(["build", "--frequent", "--disk", "much"]).code(2).stderr_has("20GB");
}

#[test]
fn what_is_covered_or_was_dropped_is_passed_over() {
    let sandbox = sandbox(&[("one", 3000), ("other", 3000)]);
    let one = folder(&sandbox, "one");
    sandbox.jlproj(["build", "--quiet", one.to_str().expect("UTF-8")]).code(0);
    let ran = sandbox.jlproj(["build", "--frequent"]);
    // Both want the same packages, so both have the image.
    assert_eq!(ran.code(0).stderr.matches("the image is up to date").count(), 2, "{ran}");
    sandbox.jlproj(["forget", "--image", one.to_str().expect("UTF-8")]).code(0).stderr_has("removed");
    assert_eq!(sandbox.names("store/images-v1").len(), 0);
    let ran = sandbox.jlproj(["build", "--frequent", "--dry-run"]);
    ran.code(0).stderr_has("work/one: its image was dropped").stderr_has("work/other: would save");
}

#[test]
fn several_builds_at_once_make_one_image_for_equal_projects_and_tell_which_failed() {
    let sandbox = sandbox(&[("one", 1), ("two", 1), ("torn", 1)]);
    with_other_tree(&sandbox, "torn");
    let ran = sandbox.jlproj(["build", "--all", "--jobs", "3"]);
    ran.code(1).stderr_has("1 of 3 images were not built").stderr_has("Gamma is not installed");
    assert_eq!(sandbox.names("store/images-v1").len(), 1);
    assert_eq!(sandbox.names("store/tmp"), [""; 0]);
    for name in ["one", "two"] {
        let project = format!("--project={}", folder(&sandbox, name).display());
        sandbox.jlproj(["run", "--sysimage=require", &project, "-e", "using Beta"]).code(0).stderr("");
    }
    let list = sandbox.jlproj(["list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list.code(0).stdout).expect("JSON");
    let verdicts: Vec<&str> =
        list.as_array().expect("rows").iter().filter_map(|row| row["verdict"].as_str()).collect();
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == "exact").count(), 2, "{list:#}");
}

#[test]
fn where_there_is_nothing_to_do_one_line_says_so() {
    let sandbox = Sandbox::new().with("JULIA_DEPOT_PATH", world().depot());
    let unknown = "no project is known yet; `jlproj run` in one, or `jlproj scan FOLDER`\n";
    sandbox.jlproj(["list"]).code(0).stdout(unknown).stderr("");
    for choice in ["--all", "--frequent"] {
        let said = format!("nothing to build: {unknown}");
        sandbox.jlproj(["build", choice]).code(0).stdout("").stderr(&said);
        sandbox.jlproj(["build", choice, "--quiet"]).code(0).stdout("").stderr("");
    }
    let said = format!("nothing to compile: {unknown}");
    sandbox.jlproj(["warm", "--frequent"]).code(0).stdout("").stderr(&said);

    // Known, but never used; and with no package in it.
    sandbox.write("empty/Project.toml", "");
    sandbox.write("empty/Manifest.toml", "");
    sandbox.jlproj(["scan", "../empty"]).code(0);
    sandbox.jlproj(["build", "--all"]).code(0).stdout("").stderr("nothing to build\n");
    let said = "nothing to compile: no project that you use is cold\n";
    sandbox.jlproj(["warm", "--frequent"]).code(0).stdout("").stderr(said);
}
