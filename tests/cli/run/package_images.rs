//! Where packages have native code of their own (Julia 1.9 and later): caches of each kind of start, and Pkg, the prompt and
//! versions under an image.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::depot::own_depot;
use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::world::{self, world};

/// Whether this Julia has what the tests here are about; says so where it has not.
fn has_package_images(what: &str) -> bool {
    let has = world::is_at_least(9);
    if !has {
        world::left_out(what, "packages have no native code of their own before Julia 1.9");
    }
    has
}

/// A sandbox with a depot and a store of its own, the world's project and its image.
fn with_image() -> Sandbox {
    let sandbox = own_depot(Sandbox::new().with_standin_builder());
    copy_folder(&world().project(), &sandbox.project());
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox
}

/// Starts Julia through jlproj in the project, without the startup file.
fn start(sandbox: &Sandbox, words: &[&str], code: &str) -> Ran {
    sandbox.jlproj([&["run", "--startup-file=no", "--quiet"][..], words, &["-e", code]].concat())
}

#[test]
fn precompile_files_of_every_kind_of_start_have_an_owner() {
    if !has_package_images("precompile files of every kind of start") {
        return;
    }
    let sandbox = with_image();
    // Extra is in no image: it is compiled under each.
    world().julia(Some(&sandbox.project()), r#"using Pkg; Pkg.add(PackageSpec(name = "Extra"))"#, &[]);
    let load = "using Extra, Gamma; print(Gamma.answer())";
    for words in [
        &["--sysimage=none"][..],
        &["--sysimage=require"],
        &["--check-bounds=yes"],
        &["--check-bounds=no"],
        &["--inline=no"],
        &["-O0"],
        &["-O1", "--sysimage=none"],
        &["-g2", "--sysimage=none"],
        &["--pkgimages=no", "--sysimage=none"],
        &["--pkgimages=no", "-O1"],
    ] {
        start(&sandbox, words, load).code(0).stdout("gamma 1.0.0 2020-01-01");
    }
    for target in ["generic", ""] {
        let mut command = sandbox.command(["run", "--sysimage=none", "-e", load]);
        sandbox.run(command.env("JULIA_CPU_TARGET", target)).code(0);
    }
    let ran = sandbox.jlproj(["cache", "--format=json"]);
    let report: Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    let files = report["files"].as_array().expect("files");
    let of = |package: &str| files.iter().filter(|file| file["package"] == package).count();
    assert!(of("Extra") >= 8, "{} files of Extra: {files:#?}", of("Extra"));
    let nobodys: Vec<&Value> = files.iter().filter(|file| file["verdict"] == "unknown").collect();
    assert!(nobodys.is_empty(), "{nobodys:#?}");
    let shipped = files.iter().filter(|file| file["reason"] == "comes with Julia");
    assert!(shipped.count() > 20, "{files:#?}");
    sandbox.jlproj(["gc", "--caches", "--dry-run"]).code(0).stdout_has("nothing to collect");
}

/// Julia code that tells whether Pkg, which it loads, holds baked packages at the version in the image.
const PIN: &str = "import Pkg; print(Pkg.RESPECT_SYSIMAGE_VERSIONS[])";

#[test]
fn pkg_works_under_an_image_as_without_one() {
    if !has_package_images("Pkg under an image") {
        return;
    }
    let sandbox = with_image();
    start(&sandbox, &["--sysimage=require"], PIN).code(0).stdout("false");
    start(&sandbox, &["--sysimage=none"], PIN).code(0).stdout("true");
    // All of a project is baked: there is nothing to precompile.
    let project = sandbox.path("baked");
    sandbox.write("baked/Project.toml", "");
    let project = project.to_str().expect("UTF-8");
    let add = ["pkg", "--project", project, "add", "Alpha@1.0.0", "Beta", "Gamma@1.0.0"];
    sandbox.jlproj(add).code(0);
    let project = format!("--project={project}");
    let precompile =
        r#"import Pkg; Pkg.precompile("Alpha"); Pkg.precompile(["Alpha"]); Pkg.precompile(); print(1)"#;
    for image in ["--sysimage=require", "--sysimage=none"] {
        start(&sandbox, &[image, &project], precompile).code(0).stdout("1");
    }
    // Before 1.12 Pkg passes over a name that is none.
    if !world::is_at_least(12) {
        return;
    }
    let wrong = r#"import Pkg; Pkg.precompile("Nonesuch")"#;
    for image in ["--sysimage=require", "--sysimage=none"] {
        let ran = start(&sandbox, &[image, &project], wrong);
        ran.code(1).stderr_has("Nonesuch");
    }
}

/// A session at a prompt, through `script`, which gives it a terminal: what it showed.
fn at_prompt(sandbox: &Sandbox, arguments: &str, input: &str) -> Option<String> {
    if !Command::new("script")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("SKIPPED: there is no `script` to give a terminal");
        return None;
    }
    let command = sandbox.command(["run"]);
    let line = format!("{} run {arguments}", command.get_program().display());
    let mut session = Command::new("script");
    session.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
    session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    session.env("TERM", "xterm").current_dir(sandbox.project());
    session.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = session.spawn().expect("script");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(input.as_bytes()).expect("input");
    // The terminal ends when it is closed: Julia ends first.
    let output = child.wait_with_output().expect("a session");
    drop(stdin);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_prompt_works_under_an_image() {
    let sandbox = Sandbox::new().in_world().with_world_image();
    let input = "1234 + 4321\n?sinpi\nBeta.answ\t()\nexit()\n";
    let load = "--sysimage=require --startup-file=no --banner=no -q -i -e 'using Beta'";
    let Some(shown) = at_prompt(&sandbox, load, input) else { return };
    let shown = shown.to_lowercase();
    for part in ["5555", "more accurately than", "beta on alpha 1.0.0"] {
        assert!(shown.contains(part), "no `{part}` in {shown}");
    }
}

#[test]
fn a_baked_package_knows_its_version_when_it_starts() {
    if !has_package_images("the version of a baked package") {
        return;
    }
    let sandbox = with_image();
    let ask = "using Alpha; print(pkgversion(Alpha), ' ', pkgdir(Alpha) !== nothing)";
    let with = start(&sandbox, &["--sysimage=require"], ask);
    with.code(0).stdout("1.0.0 true");
    let without = start(&sandbox, &["--sysimage=none"], ask);
    without.code(0).stdout("1.0.0 true");
    assert!(fs::metadata(sandbox.only_image()).is_ok());
}
