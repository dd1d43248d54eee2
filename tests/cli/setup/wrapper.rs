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
