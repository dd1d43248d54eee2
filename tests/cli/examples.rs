//! The examples, run as a person would.

use std::fmt::Write as _;
use std::process::Command;

use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::sandbox::{NOW, Ran, Sandbox, copy_folder};
use crate::support::world::{self, repository, world};

/// A sandbox in which `jlproj` is on PATH, and images are copies of the world's.
fn sandbox() -> Sandbox {
    let sandbox = with_standard_caches(own_depot(Sandbox::new().with_standin_builder()));
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jlproj"), sandbox.path("bin/jlproj")).expect("link");
    sandbox
}

/// Runs an example in the sandbox.
fn run(sandbox: &Sandbox, example: &str, arguments: &[&str]) -> Ran {
    let jlproj = sandbox.command([""; 0]);
    let mut command = Command::new(repository().join("examples").join(example));
    command.args(arguments).current_dir(sandbox.path("")).env_clear();
    command.envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    sandbox.run(&mut command)
}

#[test]
fn stacked() {
    let sandbox = sandbox();
    sandbox.write("project/Project.toml", "");
    let add = |environment: &str, packages: &[&str]| {
        let environment = sandbox.path(environment);
        let environment = environment.to_str().expect("UTF-8");
        sandbox.jlproj([&["pkg", "--project", environment, "add"], packages].concat()).code(0);
    };
    add("project", &["Gamma@1.0.0"]);
    let default = format!("home/.julia/environments/{}", world::release());
    sandbox.write(format!("{default}/Project.toml"), "");
    add(&default, &["Alpha@1.0.0", "Beta"]);
    for _ in 0..2 {
        let ran = run(&sandbox, "stacked.sh", &["project"]);
        let loaded =
            ran.code(0).stdout.lines().find(|line| line.starts_with("loaded at the start: ")).expect("line");
        assert!(["Alpha", "Beta", "Gamma"].iter().all(|name| loaded.contains(name)), "{ran}");
    }
    let settings = std::fs::read_to_string(sandbox.project().join("jlproj.toml")).expect("settings");
    assert_eq!(settings, "stacked = true\n");
}

#[test]
fn sharing() {
    let sandbox = sandbox();
    let mut journal = String::new();
    for name in ["code/one", "code/two", "code/three"] {
        copy_folder(&world().project(), &sandbox.path(name));
        for hour in 0..200 {
            let (time, folder) = (NOW - hour * 3_600, sandbox.path(name));
            let _ = writeln!(journal, "{time}\tnone\t-\t{}\t{}", world::version(), folder.display());
        }
    }
    sandbox.write("store/usage-v1.log", journal);
    let ran = run(&sandbox, "sharing.sh", &["1", "code"]);
    ran.code(0).stdout_has("to be built: `jlproj plan --build`");
    assert_eq!(sandbox.names("store/images-v1").len(), 1, "{ran}");
    for name in ["one", "two", "three"] {
        let ran = sandbox.jlproj(["which".as_ref(), sandbox.path("code").join(name).as_os_str()]);
        ran.code(0).stdout_has("sys.so");
    }
}

/// The script of a step of the recipe for continuous integration.
fn step(recipe: &serde_yaml::Value, id: &str) -> String {
    let steps = recipe["jobs"]["start"]["steps"].as_sequence().expect("steps");
    let step = steps.iter().find(|step| step["id"].as_str() == Some(id)).expect("the step");
    step["run"].as_str().expect("a script").to_owned()
}

/// Runs a step as the service does.
fn run_step(sandbox: &Sandbox, recipe: &serde_yaml::Value, id: &str) -> Ran {
    let jlproj = sandbox.command([""; 0]);
    let mut command = Command::new("bash");
    command.args(["-e", "-c", &step(recipe, id)]).current_dir(sandbox.project()).env_clear();
    command.envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    for (name, value) in recipe["jobs"]["start"]["env"].as_mapping().expect("variables") {
        let workspace = sandbox.project().to_str().expect("UTF-8").to_owned();
        let value = value.as_str().expect("a text").replace("${{ github.workspace }}", &workspace);
        command.env(name.as_str().expect("a name"), value);
    }
    sandbox.run(command.env("GITHUB_OUTPUT", sandbox.path("output")))
}

#[test]
fn continuous_integration() {
    let text = std::fs::read(repository().join("examples/ci-cache.yml")).expect("recipe");
    let recipe: serde_yaml::Value = serde_yaml::from_slice(&text).expect("YAML");
    let sandbox = sandbox().in_world();
    for id in ["packages", "settings", "key", "build"] {
        run_step(&sandbox, &recipe, id).code(0);
    }
    let start = run_step(&sandbox, &recipe, "start");
    start.code(0).stdout_has("[PROJECT]/.jlproj/images/images-v1/[KEY]/sys.so");
    let key = std::fs::read_to_string(sandbox.path("output")).expect("output");

    // Another job: what was kept comes back as other files, and nothing else.
    let kept = sandbox.path("kept");
    copy_folder(&sandbox.project().join(".jlproj/images"), &kept);
    std::fs::remove_dir_all(sandbox.project().join(".jlproj")).expect("remove");
    std::fs::remove_dir_all(sandbox.path("store")).expect("remove");
    run_step(&sandbox, &recipe, "settings").code(0);
    run_step(&sandbox, &recipe, "key").code(0);
    let both = std::fs::read_to_string(sandbox.path("output")).expect("output");
    assert_eq!(both, key.repeat(2));
    copy_folder(&kept, &sandbox.project().join(".jlproj/images"));
    let again = run_step(&sandbox, &recipe, "start");
    assert_eq!(again.code(0).stdout, start.stdout);
}
