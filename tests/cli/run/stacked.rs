//! `stacked = true`: an image of a project and of the default environment below it.

use std::time::Duration;

use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

/// The default environment, below the sandbox.
fn default_environment() -> String {
    format!("home/.julia/environments/{}", world::release())
}

/// How long ago a change must be for a verdict to be kept.
const NO_LONGER_RACY: Duration = Duration::from_millis(2100);

/// Says which packages the image holds, then loads all three.
const ASK: &str = r#"
    names = sort([id.name for id in keys(Base.loaded_modules) if id.name in ("Alpha", "Beta", "Gamma")])
    print("baked: ", join(names, ' '))
    using Alpha, Beta, Gamma
    print(", ", Beta.answer(), ", ", Gamma.answer())
"#;

/// A sandbox with these packages in the project, and those in the default environment.
fn stack(project: &[&str], default: &[&str]) -> Sandbox {
    let sandbox = with_standard_caches(own_depot(Sandbox::new().with_standin_builder()))
        .with("JLPROJ_CONFIG", "home/config.toml");
    sandbox.write("home/config.toml", "");
    sandbox.write("project/Project.toml", "");
    sandbox.write(format!("{}/Project.toml", default_environment()), "");
    add(&sandbox, "project", project);
    add(&sandbox, &default_environment(), default);
    sandbox
}

/// Adds packages to an environment.
fn add(sandbox: &Sandbox, environment: &str, packages: &[&str]) {
    let environment = sandbox.path(environment);
    let environment = environment.to_str().expect("UTF-8");
    sandbox.jlproj([&["pkg", "--project", environment, "add"], packages].concat()).code(0);
}

/// Whether a package is a standard library: in images of 1.11 and later there are some.
fn is_julias_own(package: &str) -> bool {
    let name = package.split(' ').next().unwrap_or_default();
    ["Dates", "InteractiveUtils", "Pkg", "Printf", "REPL", "Unicode"].contains(&name)
}

/// What a build would bake, and what it would leave out.
fn intention(sandbox: &Sandbox) -> [String; 2] {
    let ran = sandbox.jlproj(["build", "--dry-run"]);
    ran.code(0).stdout("");
    ["would bake", "would leave out"].map(|label| {
        let line = ran.stderr.lines().find_map(|line| line.strip_prefix(label));
        let packages = line.unwrap_or_else(|| panic!("no `{label}`: {ran}")).trim().split(", ");
        packages.filter(|package| !is_julias_own(package)).collect::<Vec<_>>().join(", ")
    })
}

/// The names of the packages that the key is made from.
fn keyed(sandbox: &Sandbox) -> Vec<String> {
    let ran = sandbox.jlproj(["key", "--inputs"]);
    let inputs: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    let packages = inputs["packages"].as_array().expect("packages").iter();
    let mut names: Vec<String> =
        packages.map(|package| package["name"].as_str().expect("a name").to_owned()).collect();
    names.retain(|name| !is_julias_own(name));
    names.sort();
    names
}

fn start(sandbox: &Sandbox) -> Ran {
    sandbox.jlproj(["run", "--startup-file=no", "-e", ASK])
}

#[test]
fn what_both_environments_hold_alike_is_baked_once_with_the_rest_of_both() {
    let sandbox = stack(&["Alpha@1.0.0", "Gamma@1.0.0"], &["Alpha@1.0.0", "Beta"]);
    assert_eq!(intention(&sandbox), ["Alpha 1.0.0, Gamma 1.0.0", "none"]);
    assert_eq!(keyed(&sandbox), ["Alpha", "Gamma"]);
    sandbox.write("project/jlproj.toml", "stacked = true\n");
    assert_eq!(intention(&sandbox), ["Alpha 1.0.0, Beta 0.2.0, Gamma 1.0.0", "none"]);
    assert_eq!(keyed(&sandbox), ["Alpha", "Beta", "Gamma"]);
    // What the project says replaces what the user says.
    sandbox.write("home/config.toml", "stacked = true\n");
    sandbox.write("project/jlproj.toml", "stacked = false\n");
    assert_eq!(intention(&sandbox), ["Alpha 1.0.0, Gamma 1.0.0", "none"]);
    sandbox.write("project/jlproj.toml", "");
    assert_eq!(intention(&sandbox), ["Alpha 1.0.0, Beta 0.2.0, Gamma 1.0.0", "none"]);
}

#[test]
fn what_they_hold_at_two_versions_stays_outside_with_all_that_depends_on_it() {
    let sandbox = stack(&["Alpha@1.0.0", "Gamma@1.0.0"], &["Alpha@1.1.0", "Beta"]);
    sandbox.write("project/jlproj.toml", "stacked = true\n");
    let reason = "Alpha (another version is in the stacked environment), Beta (depends on Alpha)";
    assert_eq!(intention(&sandbox), ["Gamma 1.0.0", reason]);
    assert_eq!(keyed(&sandbox), ["Gamma"]);
    let status = sandbox.jlproj(["status"]);
    status.code(0).stdout_has("Alpha: another version is in the stacked environment\n");
    status.stdout_has("Beta: depends on Alpha\n");
    // As Julia loads them: of two versions the project's.
    start(&sandbox).code(0).stdout("baked: , beta on alpha 1.0.0, gamma 1.0.0 2020-01-01");
}

#[test]
fn an_image_of_both_is_used_while_both_are_what_they_were() {
    let sandbox = stack(&["Gamma@1.0.0"], &["Alpha@1.0.0", "Beta"]);
    sandbox.write("project/jlproj.toml", "stacked = true\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let all = "baked: Alpha Beta Gamma, beta on alpha 1.0.0, gamma 1.0.0 2020-01-01";
    start(&sandbox).code(0).stdout(all).stderr("");
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("exact: the image is up to date");

    // Without the default environment Julia would find no Alpha: nor may it be there.
    let code = r#"print(any(id -> id.name == "Alpha", keys(Base.loaded_modules)))"#;
    let mut alone = sandbox.command(["run", "--quiet", "--startup-file=no", "-e", code]);
    sandbox.run(alone.env("JULIA_LOAD_PATH", "@:@stdlib")).code(0).stdout("false");

    std::thread::sleep(NO_LONGER_RACY);
    start(&sandbox).code(0).stdout(all).stderr("");
    add(&sandbox, &default_environment(), &["Alpha@1.1.0"]);
    let ran = start(&sandbox);
    ran.code(0).stdout("baked: , beta on alpha 1.1.0, gamma 1.0.0 2020-01-01");
    ran.stderr("jlproj: the image is out of date: Alpha 1.0.0 → 1.1.0; run `jlproj build`\n");
    add(&sandbox, &default_environment(), &["Alpha@1.0.0"]);
    start(&sandbox).code(0).stdout(all).stderr("");
}

#[test]
fn the_users_word_on_stacking_counts_from_the_next_start_on() {
    let sandbox = stack(&["Gamma@1.0.0"], &["Alpha@1.0.0", "Beta"]);
    sandbox.write("home/config.toml", "stacked = true\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    std::thread::sleep(NO_LONGER_RACY);
    start(&sandbox).code(0).stderr("");
    sandbox.write("home/config.toml", "stacked = false\n");
    sandbox.jlproj(["status", "--check"]).code(3);
    let ran = start(&sandbox);
    ran.code(0).stdout("baked: , beta on alpha 1.0.0, gamma 1.0.0 2020-01-01");
    sandbox.write("home/config.toml", "stacked = true\n");
    let all = "baked: Alpha Beta Gamma, beta on alpha 1.0.0, gamma 1.0.0 2020-01-01";
    start(&sandbox).code(0).stdout(all).stderr("");
}
