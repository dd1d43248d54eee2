//! What a start of a project without an image says or begins: nothing, a line, or a build beside it.

use std::fs::{self, File};

use crate::support::sandbox::{LITTLE_MEMORY, MUCH_MEMORY, NOW, Ran, Sandbox};
use crate::support::starts::{
    WHICH, assert_nothing_left, instead, prepared, probed, processes, wait_for_the_end,
};

const SUGGESTION: &str = "jlproj: no image for this project yet; run `jlproj build`";

/// A sandbox that builds in the background whatever the image is worth.
fn eager() -> Sandbox {
    let sandbox =
        prepared().with("JLPROJ_CONFIG", "home/config.toml").with("__JLPROJ_FREE_MEMORY", MUCH_MEMORY);
    sandbox.write("home/config.toml", "auto = \"background\"\nworth_building = 0.0\n");
    sandbox.with("JLPROJ_STANDIN_LOG", "home/calls")
}

/// Starts Julia in the project; nothing is said, and it says itself whether it has an image.
#[track_caller]
fn start(sandbox: &Sandbox, how: &str) {
    sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]).code(0).stdout(how).stderr("");
}

/// How often the builder was called.
fn calls(sandbox: &Sandbox) -> usize {
    let calls = fs::read_to_string(sandbox.path("home/calls")).unwrap_or_default();
    calls.lines().filter(|line| line.starts_with("packages ")).count()
}

/// Asserts how often the builder was called.
#[track_caller]
fn assert_calls(sandbox: &Sandbox, expected: usize) {
    assert_eq!(calls(sandbox), expected, "{}", sandbox.jlproj(["status"]));
}

/// Asserts that `status` and `log` tell what became of a build in the background.
#[track_caller]
fn assert_told(sandbox: &Sandbox, text: &str) -> Ran {
    sandbox.jlproj(["status"]).code(0).stdout_has(&format!("2026-01-01 00:00 UTC: {text}"));
    let log = sandbox.jlproj(["log"]);
    log.stderr_has(&format!("jlproj: 2026-01-01 00:00 UTC: {text}"));
    log
}

#[test]
fn a_start_without_an_image_begins_to_build_it_and_the_next_has_it() {
    let sandbox = eager().with("JLPROJ_STANDIN_SLEEP", "7.4321");
    start(&sandbox, "plain");
    assert!(!processes(&sandbox).is_empty(), "nothing was begun, or the start waited for it");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0], "the start waited for the build");
    // A second start does not begin another one.
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_eq!((calls(&sandbox), sandbox.names("store/images-v1").len()), (1, 1));
    start(&sandbox, "image");
    assert_told(&sandbox, "built in the background\n").code(0).stdout_has("PackageCompiler: creating");
    sandbox.jlproj(["status", "--check"]).code(0);
    assert_eq!(processes(&sandbox), [""; 0], "a start that has its image began something");
    assert_nothing_left(&sandbox);
}

#[test]
fn what_failed_is_told_and_not_tried_again_on_the_same_day() {
    let mut sandbox = eager().with("JLPROJ_STANDIN_FAIL", "the moon is full");
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    let log = assert_told(&sandbox, "the build in the background failed: the image was not built: ");
    log.code(0).stderr_has("the moon is full\n").stdout_has("PackageCompiler: creating");
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 1);
    // A day is over; or there is another image to be built.
    sandbox.set("__JLPROJ_NOW", (NOW + 24 * 3600).to_string());
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 2);
    sandbox.write("project/jlproj.toml", "exclude = [\"Gamma\"]\n");
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 3);
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
    assert_nothing_left(&sandbox);
}

#[test]
fn where_a_build_takes_more_memory_than_is_free_it_is_not_begun() {
    let mut sandbox = eager().with("__JLPROJ_FREE_MEMORY", LITTLE_MEMORY);
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    let log = assert_told(&sandbox, "not built in the background: a build takes about ");
    log.stderr_has(" MB of memory, and 1500 MB are free\n");
    assert_calls(&sandbox, 0);
    // Who asks for it gets it, unless no image could be made.
    sandbox.set("__JLPROJ_FREE_MEMORY", "500000000");
    let refused = sandbox.jlproj(["build"]);
    refused.code(1).stderr_has("error: not enough memory: 500 MB free, about 1073 MB needed\n");
    refused.stderr_has("hint: close other programs");
    sandbox.set("__JLPROJ_FREE_MEMORY", LITTLE_MEMORY);
    let built = sandbox.jlproj(["build"]);
    built
        .code(0)
        .stderr_has(" MB of memory, and 1500 MB are free: it may get slow, or be ended by the system\n");
    start(&sandbox, "image");
}

#[test]
fn while_another_is_built_nothing_is_begun_and_the_next_start_tries_again() {
    let sandbox = eager().with("JLPROJ_STANDIN_FAIL", "the moon is full");
    let path = sandbox.write("store/locks/background.lock", "");
    let lock = File::options().read(true).write(true).open(path).expect("lock");
    lock.lock().expect("lock");
    for _ in 0..2 {
        start(&sandbox, "plain");
        wait_for_the_end(&sandbox);
        assert_calls(&sandbox, 0);
        let status = sandbox.jlproj(["status"]);
        assert!(!status.code(0).stdout.contains("background"), "{status}");
        let log = sandbox.jlproj(["log"]);
        assert!(!log.code(1).stderr.contains("background"), "{log}");
    }
    drop(lock);
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 1);
}

#[test]
fn what_is_not_worth_a_build_is_not_built_and_the_reason_is_told() {
    let sandbox = prepared()
        .with("JLPROJ_AUTO", "background")
        .with("JLPROJ_STANDIN_LOG", "home/calls")
        .with("__JLPROJ_FREE_MEMORY", MUCH_MEMORY);
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    let reason = "not built in the background: would save ";
    assert_told(&sandbox, reason).code(1).stdout("").stderr_has("and takes about 180 s to build");
    assert_eq!((calls(&sandbox), sandbox.names("store/images-v1")), (0, Vec::new()));
    // With enough starts it is.
    let line = format!("{NOW}\tnone\t-\t1.10.4\t{}\n", sandbox.project().display());
    sandbox.write("store/usage-v1.log", line.repeat(5000));
    fs::remove_dir_all(sandbox.path("store/attempts-v1")).expect("as if a day were over");
    let mut command = sandbox.command(["run", "--startup-file=no", "-e", WHICH]);
    sandbox.run(command.env("JLPROJ_STANDIN_FAIL", "the moon is full")).code(0).stderr("");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 1);
}

#[test]
fn an_image_with_what_was_recorded_is_built_where_enough_was() {
    // What a start records while the image is built counts for this build or the next: not in this test.
    let mut sandbox = eager();
    start(&sandbox, "plain");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 1);
    sandbox.unset("JLPROJ_RECORD");
    for _ in 0..7 {
        start(&sandbox, "image");
    }
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 1);
    let folder = format!("store/recordings-v1/{}", sandbox.names("store/recordings-v1")[0]);
    let statement = |number| format!("precompile(Tuple{{typeof(Beta.answer), Val{{{number}}}}})\n");
    // The eighth start under this image is the last one that is recorded. What it records while the image is built would
    // count for this build or the next: so it was recorded before.
    sandbox.write(format!("{folder}/first-{NOW}-1.jl"), (0..60).map(statement).collect::<String>());
    sandbox.set("JLPROJ_RECORD", "false");
    start(&sandbox, "image");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 2);
    sandbox.jlproj(["status"]).code(0).stdout_has(", in the image\n");
    start(&sandbox, "image");
    wait_for_the_end(&sandbox);
    assert_calls(&sandbox, 2);
}

#[test]
fn nothing_is_begun_for_a_start_that_wants_no_image() {
    let sandbox = eager().with("JLPROJ_STANDIN_FAIL", "the moon is full");
    for words in [&["--sysimage=none"][..], &["--code-coverage=user"], &["--dry-run"]] {
        sandbox.jlproj([&["run"], words, &["-e", "0"]].concat()).code(0);
        wait_for_the_end(&sandbox);
        assert_eq!(sandbox.names("store/attempts-v1"), [""; 0], "{words:?}");
    }
    assert_calls(&sandbox, 0);
}

/// Runs jlproj on a terminal, and returns what is seen there.
fn on_a_terminal(sandbox: &Sandbox, arguments: &str) -> String {
    let line = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_jlproj"));
    let ran = sandbox.run(&mut instead(sandbox, "script", ["-qec", &line, "/dev/null"]));
    ran.code(0).stdout.replace("\r\n", "\n")
}

#[test]
fn a_build_is_suggested_on_a_terminal_once_a_day() {
    let mut sandbox = probed().in_world();
    sandbox.unset("__JLPROJ_READ");
    let start = "run --startup-file=no -e 'print(1)'";
    // Nobody would read it.
    sandbox.jlproj(["run", "--startup-file=no", "-e", "print(1)"]).code(0).stdout("1").stderr("");
    sandbox.set("JLPROJ_AUTO", "off");
    assert_eq!(on_a_terminal(&sandbox, start), "1");
    sandbox.unset("JLPROJ_AUTO");
    assert_eq!(on_a_terminal(&sandbox, start), format!("{SUGGESTION}\n1"));
    assert_eq!(on_a_terminal(&sandbox, start), "1");
    sandbox.set("__JLPROJ_NOW", (NOW + 24 * 3600).to_string());
    sandbox.set("JLPROJ_AUTO", "suggest");
    assert_eq!(on_a_terminal(&sandbox, start), format!("{SUGGESTION}\n1"));
    assert_eq!(on_a_terminal(&sandbox, start), "1");
}
