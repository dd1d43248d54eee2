//! A real image, and what becomes of it as its project changes.

use std::fs;
use std::process::{Child, Command, Stdio};

use crate::support::sandbox::Sandbox;
use crate::support::world::{self, world};

/// Julia code that prints whether the image holds Alpha, and Alpha's answer.
const ASK: &str = r#"
    baked = any(id -> id.name == "Alpha", keys(Base.loaded_modules))
    using Alpha
    print(baked ? "baked " : "loaded ", Alpha.answer())
"#;

/// A sandbox with the world's project and an image of it.
fn built() -> Sandbox {
    let sandbox = Sandbox::new().in_world().with_standin_builder();
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox
}

#[test]
fn what_is_baked_is_what_cannot_change() {
    let image = world().image();
    let code = "print(join(sort([id.name for id in keys(Base.loaded_modules)]), ' '))";
    let output = Command::new(world::julia())
        .arg(format!("--sysimage={}", image.display()))
        .args(["--startup-file=no", "-e", code])
        .output()
        .expect("Julia");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let loaded: Vec<&str> = text.split(' ').collect();
    for name in ["Alpha", "Beta", "Gamma"] {
        assert!(loaded.contains(&name), "{name} is not in the image: {text}");
    }
    for name in ["Helper", "OnHelper"] {
        assert!(!loaded.contains(&name), "{name} is in the image: {text}");
    }
}

#[test]
fn a_build_writes_nothing_into_the_project_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new().in_world().with_standin_builder();
    let files = |sandbox: &Sandbox| {
        ["Project.toml", "Manifest.toml"].map(|name| fs::read(sandbox.project().join(name)).expect("file"))
    };
    let before = files(&sandbox);
    sandbox.jlproj(["build", "--quiet"]).code(0);
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("baked alpha 1.0.0").stderr("");
    assert_eq!(files(&sandbox), before);
    assert_eq!(sandbox.names("project"), ["Manifest.toml", "Project.toml"]);
    assert_eq!(sandbox.names("store/tmp"), [""; 0]);
}

/// As an array of jobs does it, on a store where nothing was decided yet.
#[test]
fn of_many_starts_at_once_none_is_lost_and_each_has_the_image() {
    // Later Julias take hundreds of megabytes each.
    let starts = if world::is_at_least(9) { 16 } else { 64 };
    let sandbox = built();
    let lines = |sandbox: &Sandbox| {
        let journal = fs::read_to_string(sandbox.path("store/usage-v1.log")).unwrap_or_default();
        journal.lines().filter(|line| line.contains("\texact\t")).count()
    };
    let before = lines(&sandbox);
    let _ = fs::remove_dir_all(sandbox.path("store/verdicts-v1"));
    let start = || {
        let mut command = sandbox.command(["run", "--startup-file=no", "-e", ASK]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
    };
    let started: Vec<Child> = (0..starts).map(|_| start()).collect();
    for child in started {
        let ran = sandbox.ran("one of many", &child.wait_with_output().expect("ends"));
        ran.code(0).stdout("baked alpha 1.0.0").stderr("");
    }
    assert_eq!(lines(&sandbox), before + starts);
    let left = sandbox.names("store/verdicts-v1").into_iter().filter(|name| name.contains("half-written"));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_update_of_a_baked_package_is_never_hidden() {
    let sandbox = built();
    sandbox.jlproj(["pkg", "update", "Alpha"]).code(0).stderr_has("Alpha 1.0.0 → 1.1.0");
    sandbox
        .jlproj(["run", "-e", ASK])
        .code(0)
        .stdout("loaded alpha 1.1.0")
        .stderr("jlproj: the image is out of date: Alpha 1.0.0 → 1.1.0; run `jlproj build`\n");
    sandbox.jlproj(["status", "--check"]).code(3).stdout_has("Alpha 1.0.0 → 1.1.0");
    sandbox.jlproj(["run", "--quiet", "-e", ASK]).code(0).stderr("");
    sandbox.jlproj(["run", "--sysimage=require", "-e", ASK]).code(125).stdout("");
}

#[test]
fn a_package_that_is_added_leaves_the_image_in_force() {
    let sandbox = Sandbox::new().in_world().with_world_image();
    sandbox.jlproj(["pkg", "add", "Extra"]).code(0).stderr_has("lacks 1 of the packages");
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("baked alpha 1.0.0").stderr("");
    let extra = "using Extra; print(Extra.answer())";
    sandbox.jlproj(["run", "-e", extra]).code(0).stdout("extra 1.0.0").stderr("");
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("contained");
}

#[test]
fn a_change_of_what_is_not_baked_leaves_the_image_in_force() {
    let sandbox = Sandbox::new().in_world().with_world_image();
    let ask = "using OnHelper; print(OnHelper.answer())";
    sandbox.jlproj(["run", "-e", ask]).code(0).stdout("on helper 0.1.0").stderr("");
    // The package in development is edited, in a copy of its own.
    let folder = sandbox.path("Helper");
    crate::support::sandbox::copy_folder(&world().sources().join("dev/Helper"), &folder);
    sandbox.jlproj(["pkg", "develop", folder.to_str().expect("UTF-8")]).code(0);
    let source = folder.join("src/Helper.jl");
    let text = fs::read_to_string(&source).expect("source").replace("0.1.0", "edited");
    fs::write(&source, text).expect("edit");
    sandbox.jlproj(["run", "-e", ask]).code(0).stdout("on helper edited").stderr("");
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("baked alpha 1.0.0").stderr("");
}

#[test]
fn a_baked_package_that_is_developed_is_never_hidden() {
    let sandbox = built();
    let folder = sandbox.path("Alpha");
    crate::support::sandbox::copy_folder(&world().sources().join("packages/Alpha"), &folder);
    sandbox.jlproj(["pkg", "develop", folder.to_str().expect("UTF-8")]).code(0);
    let run = sandbox.jlproj(["run", "-e", ASK]);
    run.code(0).stdout("loaded alpha 1.1.0").stderr_has("Alpha 1.0.0 → in development");
}

#[test]
fn removing_everything_and_building_again_gives_the_same_key() {
    let sandbox = built();
    let key = sandbox.jlproj(["key"]).code(0).stdout.clone();
    let first = sandbox.names("store/images-v1");
    fs::remove_dir_all(sandbox.path("store")).expect("remove the store");
    sandbox.jlproj(["build", "--quiet"]).code(0);
    assert_eq!(sandbox.names("store/images-v1"), first);
    sandbox.jlproj(["key"]).code(0).stdout(&key);
    sandbox.jlproj(["build"]).code(0).stderr("[PROJECT]: the image is up to date, nothing to build\n");
}

#[test]
fn a_second_project_with_the_same_packages_has_an_image_at_once() {
    let sandbox = Sandbox::new().in_world().with_world_image();
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("baked alpha 1.0.0").stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has("exact");
}

#[test]
fn an_image_moved_with_its_store_is_not_used() {
    let mut sandbox = built();
    fs::rename(sandbox.path("store"), sandbox.path("home/moved")).expect("move");
    sandbox.set("JLPROJ_HOME", "home/moved");
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("loaded alpha 1.0.0").stderr_has("it was moved");
}
