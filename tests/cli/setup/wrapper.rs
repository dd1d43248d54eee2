//! What programs that start Julia by a path are given: set up, used, taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::hosts::jlproj;
use crate::support::hosts::program;
use crate::support::hosts::{IMAGE, printed, with_image, wrapper};
use crate::support::sandbox::{Sandbox, copy_program};
use crate::support::world;

#[test]
fn a_wrapper_finds_a_julia_whatever_is_gone() {
    let (mut sandbox, project) = with_image();
    // Copies, which can go.
    let own = sandbox.path("own/jlproj");
    fs::create_dir_all(own.parent().expect("parent")).expect("folder");
    copy_program(env!("CARGO_BIN_EXE_jlproj"), &own);
    let julia = sandbox.path("bin/pinned");
    fs::write(&julia, format!("#!/bin/sh\nexec '{}' \"$@\"\n", world::julia().display())).expect("script");
    fs::set_permissions(&julia, fs::Permissions::from_mode(0o755)).expect("mode");
    let pinned = julia.display().to_string();
    let set_up = sandbox.run(program(&sandbox, &own, &project).args(["setup", "vscode", "--julia", &pinned]));
    set_up.code(0);
    let wrapper = wrapper(&sandbox);
    let image = sandbox.only_image().display().to_string();
    let option = format!("--project={}", project.display());
    let start = |sandbox: &Sandbox| printed(sandbox, &wrapper, &project, &[&option, "-e", IMAGE]);
    assert_eq!(start(&sandbox), sandbox.redact(&image));
    let plain = {
        sandbox.set("JLPROJ_DISABLE", "1");
        let plain = start(&sandbox);
        sandbox.unset("JLPROJ_DISABLE");
        plain
    };
    assert_ne!(plain, sandbox.redact(&image));
    // No project, no image: the wrapper chooses none.
    assert_eq!(printed(&sandbox, &wrapper, &project, &["-e", IMAGE]), plain);
    let version = printed(&sandbox, &wrapper, &project, &["--version"]);
    assert_eq!(version, format!("julia version {}\n", world::version()));
    let code = sandbox.run(program(&sandbox, &wrapper, &project).args(["-e", "exit(42)"]));
    code.code(42);
    // Its Julia gone: the one that jlproj finds.
    fs::remove_file(&julia).expect("remove");
    assert_eq!(start(&sandbox), sandbox.redact(&image));
    jlproj(&sandbox, &project, &["setup", "vscode", "--check"])
        .code(1)
        .stdout_has("Julia is not at `[SANDBOX]/bin/pinned` any more: the one that jlproj finds is used\n");
    // jlproj gone too: the one on PATH, plainly.
    fs::remove_file(&own).expect("remove");
    assert_eq!(start(&sandbox), plain);
    // PATH that leads here again ends.
    sandbox.set("PATH", wrapper.parent().expect("folder").as_os_str());
    let ran = sandbox.run(program(&sandbox, &wrapper, &project).args(["-e", "1"]));
    ran.code(127).stderr_has("no other Julia is there\n");
    jlproj(&sandbox, &project, &["setup", "vscode", "--undo"]).code(0);
}

/// As on Windows, which starts no scripts: jlproj under the name of Julia, and a note that names the real one.
#[test]
fn a_program_with_a_note_beside_it_starts_the_julia_of_the_note() {
    let (mut sandbox, project) = with_image();
    let wrapper = sandbox.path("store/launchers-v1/vscode-1/julia");
    fs::create_dir_all(wrapper.parent().expect("parent")).expect("folder");
    copy_program(env!("CARGO_BIN_EXE_jlproj"), &wrapper);
    let julia = sandbox.path("bin/it's pinned");
    fs::write(&julia, format!("#!/bin/sh\nexec '{}' \"$@\"\n", world::julia().display())).expect("script");
    fs::set_permissions(&julia, fs::Permissions::from_mode(0o755)).expect("mode");
    let option = format!("--project={}", project.display());
    let note = format!("julia = {:?}\narguments = [{option:?}]\n", julia.display().to_string());
    fs::write(wrapper.with_file_name("julia-wrapper.toml"), &note).expect("note");
    let image = sandbox.only_image().display().to_string();
    let start = |sandbox: &Sandbox| printed(sandbox, &wrapper, &project, &["-e", IMAGE]);
    assert_eq!(start(&sandbox), sandbox.redact(&image));
    // Neither is the Julia on PATH asked, nor the project of the folder.
    sandbox.set("PATH", "/usr/bin:/bin");
    assert_eq!(start(&sandbox), sandbox.redact(&image));
    sandbox.set("JLPROJ_DISABLE", "1");
    assert_ne!(start(&sandbox), sandbox.redact(&image));
    sandbox.unset("JLPROJ_DISABLE");
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    // Its Julia gone: the one that jlproj finds.
    fs::remove_file(&julia).expect("remove");
    assert_eq!(start(&sandbox), sandbox.redact(&image));
    fs::write(wrapper.with_file_name("julia-wrapper.toml"), &note[..note.len() / 2]).expect("half a note");
    let ran = sandbox.run(program(&sandbox, &wrapper, &project).args([&option, "-e", IMAGE]));
    ran.code(0).stdout(&sandbox.redact(&image)).stderr_has("the Julia that it would find is started");
    // Asked for by itself, it is jlproj.
    let ran = sandbox.run(program(&sandbox, &wrapper, &project).args(["--as-jlproj", "--version"]));
    ran.code(0).stdout_has("jlproj ");
}
