//! `jlproj test`: the tests of packages, under an image that has what they load and never what they test.

use std::fs;

use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::sandbox::{Ran, Sandbox};

/// What the tests print before they load anything, then what they were given, then what they find.
const TESTS: &str = r#"
    id(module_id) = module_id.name
    const BAKED = sort!(filter!(in(("Alpha", "Beta", "Gamma", "Tested")), map(id, collect(keys(Base.loaded_modules)))))
    println("baked: ", isempty(BAKED) ? "nothing" : join(BAKED, ' '))
    println("given: ", join(ARGS, '|'))
    using Test, Gamma, Tested
    @test Gamma.answer() == "gamma 1.0.0 2020-01-01"
    @test Tested.answer() == "tested, beta on alpha 1.0.0"
"#;

/// The project file of a package on Alpha and Beta, whose tests load Gamma. All that the world's image holds is in
/// the sandbox that Pkg makes for them.
const PROJECT: &str = r#"
name = "Tested"
uuid = "7e57ed00-0000-4000-8000-000000000001"
version = "0.1.0"

[deps]
Alpha = "e1417b28-20bc-461c-87ad-429f4453c2cb"
Beta = "c2687b89-d473-4a86-8958-52220ddaf043"

[extras]
Gamma = "f0946e64-175c-4266-8d76-69a864346f64"
Test = "8dfed614-e22c-5e08-85e1-65c5234f0b40"

[targets]
test = ["Gamma", "Test"]

[compat]
Alpha = "=1.0.0"
Gamma = "=1.0.0"
"#;

const CODE: &str = "module Tested\nusing Beta\nanswer() = \"tested, \" * Beta.answer()\nend\n";

/// A sandbox whose project is that package, with the world's image.
fn package(project: &str) -> Sandbox {
    let sandbox = Sandbox::new().in_world().with_world_image();
    fs::remove_file(sandbox.project().join("Manifest.toml")).expect("the world's manifest");
    sandbox.write("project/Project.toml", project);
    sandbox.write("project/src/Tested.jl", CODE);
    sandbox.write("project/test/runtests.jl", TESTS);
    sandbox.jlproj(["pkg", "resolve"]).code(0);
    sandbox
}

/// Asserts that the tests printed this. Pkg hands their stdout on to its own stream, which is stderr from 1.11 on.
#[track_caller]
fn tests_said(ran: &Ran, text: &str) {
    assert!(ran.stdout.contains(text) || ran.stderr.contains(text), "no `{text}` in {ran}");
}

/// Asserts that the tests passed, under an image, and what they were given.
#[track_caller]
fn assert_under_image(ran: &Ran, given: &str) {
    ran.code(0);
    tests_said(ran, &format!("baked: Alpha Beta Gamma\ngiven: {given}\n"));
    ran.stderr_has("jlproj: tests run under image ").stderr_has("Tested tests passed");
}

#[test]
fn the_tests_of_a_package_run_under_an_image_of_what_they_load() {
    let sandbox = package(PROJECT);
    let files = |sandbox: &Sandbox| {
        ["Project.toml", "Manifest.toml"].map(|name| fs::read(sandbox.project().join(name)).expect("file"))
    };
    let before = files(&sandbox);
    assert_under_image(&sandbox.jlproj(["test"]), "");
    assert_under_image(
        &sandbox.jlproj(["test", "Tested", "--", "--one", "two words", "3"]),
        "--one|two words|3",
    );
    assert_eq!(files(&sandbox), before);
    assert_eq!(sandbox.names("project"), ["Manifest.toml", "Project.toml", "src", "test"]);
    assert_eq!(sandbox.names("tmp"), [""; 0]);
}

#[test]
fn an_edit_that_breaks_the_package_fails_its_tests_under_the_image() {
    let sandbox = package(PROJECT);
    assert_under_image(&sandbox.jlproj(["test"]), "");
    sandbox.write("project/src/Tested.jl", CODE.replace("tested, ", "broken, "));
    let ran = sandbox.jlproj(["test"]);
    ran.code(1);
    tests_said(&ran, "baked: Alpha Beta Gamma\n");
    tests_said(&ran, "broken, beta on alpha 1.0.0");
    ran.stderr_has("jlproj: tests run under image ")
        .stderr_has("ERROR: Package Tested errored during testing");
    sandbox.write("project/src/Tested.jl", CODE);
    assert_under_image(&sandbox.jlproj(["test"]), "");
}

#[test]
fn a_package_that_wants_another_version_is_tested_plainly() {
    let sandbox = package(&PROJECT.replace("Alpha = \"=1.0.0\"", "Alpha = \"=1.1.0\""));
    let ran = sandbox.jlproj(["test"]);
    ran.code(1);
    tests_said(&ran, "baked: nothing\n");
    tests_said(&ran, "tested, beta on alpha 1.1.0");
    ran.stderr_has("jlproj: no image fits these tests\n");
    let tests = TESTS.replace("alpha 1.0.0", "alpha 1.1.0");
    sandbox.write("project/test/runtests.jl", tests);
    let ran = sandbox.jlproj(["test"]);
    ran.code(0).stderr_has("Tested tests passed");
    tests_said(&ran, "baked: nothing\n");
}

/// Coverage is wanted of the package, not of what it depends on: that stays in the image.
#[test]
fn coverage_is_recorded_of_the_package_under_the_image() {
    let sandbox = package(PROJECT);
    assert_under_image(&sandbox.jlproj(["test", "--coverage"]), "");
    let names = sandbox.names("project/src");
    let coverage = names.iter().find(|name| name.contains(".cov")).expect("a file of coverage");
    let text = fs::read_to_string(sandbox.path("project/src").join(coverage)).expect("coverage");
    let line = text.lines().find(|line| line.contains("answer()")).expect("the line of the function");
    assert_ne!(line.trim_start().split(' ').next(), Some("-"), "the line that ran is not counted: {text}");
    assert_ne!(line.trim_start().split(' ').next(), Some("0"), "the line that ran is not counted: {text}");
}

/// Pkg tests a registered package as the manifest has it, and that may well be what the image was made from.
#[test]
fn a_registered_package_is_not_tested_under_an_image_that_holds_it() {
    let sandbox = with_standard_caches(own_depot(Sandbox::new().in_world().with_standin_builder()));
    let version = sandbox.names("home/.julia/packages/Beta").pop().expect("a version");
    let folder = format!("home/.julia/packages/Beta/{version}/test");
    let tests = "println(any(id -> id.name == \"Beta\", keys(Base.loaded_modules)) ? \"baked\" : \"loaded\")\n\
                 using Beta, Gamma\nprintln(Beta.answer())\n";
    sandbox.write(format!("{folder}/runtests.jl"), tests);
    // With Gamma all that is in the image is in the sandbox of these tests.
    let gamma = "[deps]\nGamma = \"f0946e64-175c-4266-8d76-69a864346f64\"\n";
    sandbox.write(format!("{folder}/Project.toml"), gamma);
    sandbox.jlproj(["build", "--quiet"]).code(0);
    let ran = sandbox.jlproj(["test", "Beta"]);
    ran.code(0).stderr_has("Beta tests passed");
    tests_said(&ran, "loaded\nbeta on alpha 1.0.0\n");
    ran.stderr_has("jlproj: no image fits these tests\n");
}
