//! Other ways into Julia: set up twice, taken back to the byte, and never in the way of what is the user's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::hosts::tree;
use crate::support::sandbox::Sandbox;

/// A sandbox whose store is there, so that it is not made by what is looked at.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("store/hosts-v1")).expect("folder");
    sandbox
}

#[test]
fn a_shell_is_set_up_once_and_taken_back_to_the_byte() {
    let sandbox = sandbox();
    // Without a line end at its end, with a mode of its own, and behind a link.
    let real = sandbox.write("home/dotfiles/bashrc", "alias ll='ls -l'\n# zoë");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("mode");
    std::os::unix::fs::symlink("dotfiles/bashrc", sandbox.path("home/.bashrc")).expect("link");
    let before = tree(&sandbox.path(""));

    let set_up = ["setup", "shell", "--shell=bash", "--shell", "zsh", "--shell", "fish"];
    let dry = sandbox.jlproj(set_up.iter().copied().chain(["--dry-run"]));
    dry.code(0).stderr("").stdout_has("edit [HOME]/.bashrc\n").stdout_has("link [STORE]/shims-v1/julia to ");
    assert_eq!(tree(&sandbox.path("")), before, "a dry run changes nothing");

    sandbox.jlproj(set_up).code(0).stdout("").stderr_has("jlproj: shell is set up\n");
    // The lock names the process that held it last.
    let without_locks = || {
        let mut tree = tree(&sandbox.path(""));
        tree.retain(|path, _| !path.starts_with(sandbox.path("store/locks")));
        tree
    };
    let after = without_locks();
    let bashrc = &after[&real];
    assert!(bashrc.starts_with("100640 alias ll='ls -l'\n# zoë\n# >>> jlproj >>>\n"), "{bashrc}");
    assert!(after.contains_key(&sandbox.path("home/.config/fish/conf.d/jlproj.fish")));
    assert!(after.contains_key(&sandbox.path("home/.zshrc")));
    assert_eq!(after[&sandbox.path("home/.bashrc")], "link to dotfiles/bashrc");

    sandbox.jlproj(set_up).code(0).stderr_has("jlproj: shell is set up already\n");
    // Those that were named before need not be named again.
    sandbox.jlproj(["setup", "shell", "--dry-run"]).code(0).stdout("nothing to do\n");
    assert_eq!(without_locks(), after, "a second time changes nothing");
    sandbox.jlproj(["setup", "shell", "--check"]).code(0).stdout("shell is as it was set up\n");
    sandbox.jlproj(["doctor"]).stdout_has("ok    setup     shell: as it was set up\n");

    sandbox.jlproj(["setup", "shell", "--undo"]).code(0).stderr_has("jlproj: shell is taken back\n");
    let julias = sandbox.path("store/julias-v1");
    let mut left = without_locks();
    left.retain(|path, _| !path.starts_with(&julias));
    assert_eq!(left, before);
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0).stderr("jlproj: shell is not set up\n");
}

#[test]
fn what_the_user_writes_around_our_lines_stays() {
    let sandbox = sandbox();
    let file = sandbox.write("home/.bashrc", "one\n");
    sandbox.jlproj(["setup", "shell", "--shell=bash"]).code(0);
    let text = fs::read_to_string(&file).expect("file");
    fs::write(&file, format!("zero\n{text}two\n")).expect("file");
    sandbox.jlproj(["setup", "shell", "--shell=bash"]).code(0).stderr_has("already");
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    assert_eq!(fs::read_to_string(&file).expect("file"), "zero\none\ntwo\n");
}

#[test]
fn what_the_user_changed_of_ours_is_neither_overwritten_nor_removed() {
    let sandbox = sandbox();
    sandbox.jlproj(["setup", "shell", "--shell=bash", "--shell=fish"]).code(0);
    let own = sandbox.path("home/.config/fish/conf.d/jlproj.fish");
    let mut text = fs::read_to_string(&own).expect("file");
    text.push_str("set -gx MINE 1\n");
    fs::write(&own, &text).expect("file");
    for arguments in [&["setup", "shell"][..], &["setup", "shell", "--undo"]] {
        sandbox
            .jlproj(arguments)
            .code(1)
            .stderr_has("jlproj.fish` was changed since jlproj wrote it")
            .stderr_has("\n\nhint: move it elsewhere, and try again\n");
    }
    assert_eq!(fs::read_to_string(&own).expect("file"), text);
    sandbox.jlproj(["setup", "shell", "--check"]).code(1).stdout_has("was changed since jlproj wrote it");
    sandbox
        .jlproj(["doctor"])
        .code(1)
        .stdout_has("wrong setup     shell: `[HOME]/.config/fish/conf.d/jlproj.fish`");
    fs::remove_file(&own).expect("remove");

    let bashrc = sandbox.path("home/.bashrc");
    let text = fs::read_to_string(&bashrc).expect("file").replace("export PATH", "export MY_PATH");
    fs::write(&bashrc, &text).expect("file");
    sandbox
        .jlproj(["setup", "shell", "--undo"])
        .code(1)
        .stderr_has("what jlproj wrote into `[HOME]/.bashrc` was changed")
        .stderr_has("hint: take it out by hand");
    assert_eq!(fs::read_to_string(&bashrc).expect("file"), text);
    // Taken out by hand: then there is nothing to take back.
    fs::write(&bashrc, "mine\n").expect("file");
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    assert_eq!(fs::read_to_string(&bashrc).expect("file"), "mine\n");
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let sandbox = sandbox();
    let foreign = sandbox.write("home/.config/fish/conf.d/jlproj.fish", "set -gx MINE 1\n");
    sandbox
        .jlproj(["setup", "shell", "--shell=fish"])
        .code(1)
        .stderr_has("jlproj.fish` is there already, and not jlproj's");
    assert_eq!(fs::read_to_string(&foreign).expect("file"), "set -gx MINE 1\n");
    // Nothing of it was done.
    assert_eq!(sandbox.names("store/shims-v1"), [""; 0]);
    let binary = sandbox.write("home/.bashrc", b"caf\xe9\n");
    sandbox
        .jlproj(["setup", "shell", "--shell=bash"])
        .code(1)
        .stderr_has("`[HOME]/.bashrc` is not edited: it is not valid UTF-8\n")
        .stderr_has("  case \":${PATH}:\" in\n");
    assert_eq!(fs::read(&binary).expect("file"), b"caf\xe9\n");
}

#[test]
fn what_was_interrupted_is_taken_back_or_finished() {
    let sandbox = sandbox();
    let file = sandbox.write("home/.zshrc", "mine\n");
    let before = tree(&sandbox.path("home"));
    // The second of two files cannot be written: the first is on record all the same.
    fs::create_dir_all(sandbox.path("home/.config/fish")).expect("folder");
    fs::write(sandbox.path("home/.config/fish/conf.d"), "no folder").expect("file");
    sandbox.jlproj(["setup", "shell", "--shell=zsh", "--shell=fish"]).code(1);
    assert_ne!(fs::read_to_string(&file).expect("file"), "mine\n");
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    fs::remove_dir_all(sandbox.path("home/.config")).expect("remove");
    assert_eq!(tree(&sandbox.path("home")), before);
}

#[test]
fn the_line_is_shown_where_no_shell_is_named() {
    let mut sandbox = sandbox();
    sandbox.set("SHELL", "/usr/bin/fish");
    sandbox
        .jlproj(["setup", "shell"])
        .code(0)
        .stderr_has("to put it on PATH (fish):\nif test -d '[STORE]/shims-v1'");
    assert_eq!(sandbox.names("store/shims-v1"), ["julia"]);
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    assert_eq!(sandbox.names("store/shims-v1"), [""; 0]);
    assert!(!sandbox.path("store/shims-v1").exists());
}
