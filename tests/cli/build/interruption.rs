//! Builds that are interrupted, killed, or several at once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::starts::{assert_nothing_left, assert_starts, prepared};

/// Starts a build whose builder sleeps so many seconds (a number that no other process has).
fn start_build(sandbox: &Sandbox, seconds: &str) -> Child {
    let mut command = sandbox.command(["build"]);
    command.env("JLPROJ_STANDIN_SLEEP", seconds).env("JLPROJ_STANDIN_LOG", sandbox.path("calls"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("jlproj")
}

/// The processes that sleep so long.
fn sleepers(seconds: &str) -> Vec<String> {
    let command_line = format!("sleep\0{seconds}\0");
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter(|entry| {
            fs::read(entry.path().join("cmdline")).is_ok_and(|text| text == command_line.as_bytes())
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Waits until the condition holds.
#[track_caller]
fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a signal to a child, and returns what it left.
fn send(signal: &str, child: Child) -> Output {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    child.wait_with_output().expect("jlproj")
}

#[test]
fn an_interrupted_build_leaves_nothing() {
    let sandbox = prepared();
    for (signal, seconds, code) in
        [("-INT", "611.4321", 130), ("-TERM", "612.4321", 143), ("-HUP", "613.4321", 129)]
    {
        let build = start_build(&sandbox, seconds);
        wait_for("the builder", || !sleepers(seconds).is_empty());
        let begun = Instant::now();
        let ran: Ran = sandbox.ran(signal, &send(signal, build));
        ran.code(code).stderr_has("jlproj: interrupted; nothing was left behind");
        assert!(begun.elapsed() < Duration::from_secs(10), "{ran}");
        assert_eq!(sleepers(seconds), Vec::<String>::new(), "{ran}");
        assert_nothing_left(&sandbox);
        assert_eq!(sandbox.names("store/images-v1"), Vec::<String>::new());
    }
    assert_starts(&sandbox, "plain", 1);
}

#[test]
fn what_a_killed_build_left_is_swept_by_the_next() {
    let sandbox = prepared();
    let seconds = "621.4321";
    let build = start_build(&sandbox, seconds);
    wait_for("the builder", || !sleepers(seconds).is_empty());
    let left = sandbox.ran("kill -9", &send("-KILL", build));
    left.code(137);
    assert_eq!(sandbox.names("store/tmp").len(), 1);
    // The builder died with jlproj; what it started is still there when nothing but that is left of the group.
    let folder = sandbox.path("store/tmp").join(&sandbox.names("store/tmp")[0]);
    let child = fs::read_to_string(folder.join("child")).expect("child");
    let leader = Path::new("/proc").join(child.split(' ').next().expect("a number"));
    wait_for("the builder's end", || !leader.exists());
    assert_eq!(sleepers(seconds).len(), 1);
    // A start neither minds nor waits.
    assert_starts(&sandbox, "plain", 1);

    let ran = sandbox.jlproj(["build"]);
    assert_eq!(sleepers(seconds), Vec::<String>::new(), "{ran}");
    ran.code(0).stderr_has("jlproj: removed what 1 earlier build had left");
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "image", 0);
}

#[test]
fn a_build_that_waited_for_one_that_failed_ends_as_that_one() {
    let sandbox = prepared();
    let seconds = "14.4321";
    let start = || {
        let mut command = sandbox.command(["build"]);
        command.env("JLPROJ_STANDIN_SLEEP", seconds).env("JLPROJ_STANDIN_LOG", sandbox.path("calls"));
        command.env("JLPROJ_STANDIN_FAIL", "the moon is full");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("jlproj")
    };
    let ran = [start(), start(), start()]
        .map(|build| sandbox.ran("build", &build.wait_with_output().expect("jlproj")));
    let waited: Vec<&Ran> = ran.iter().filter(|ran| ran.stderr.contains("was waited for")).collect();
    assert_eq!(waited.len(), 2, "{} {} {}", ran[0], ran[1], ran[2]);
    for ran in &ran {
        ran.code(1).stderr_has("error: the image was not built\n").stderr_has("PackageCompiler failed\n");
        ran.stderr_has("the moon is full")
            .stderr_has("hint: build without it: `jlproj build --builder direct`");
    }
    let calls = fs::read_to_string(sandbox.path("calls")).expect("calls");
    assert_eq!(calls.lines().filter(|line| line.starts_with("packages ")).count(), 1, "{calls}");
    // The log is that of the build that was made.
    sandbox.jlproj(["log"]).code(0).stdout_has("the moon is full");
    assert_nothing_left(&sandbox);
    // Who did not wait makes another try.
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
}

/// `gc` and sweeps ask whether a build goes on: that is no build, and what is left from one may be years old.
#[test]
fn a_build_that_waited_for_who_only_asked_is_made() {
    const ASKING: Duration = Duration::from_secs(4);
    let sandbox = prepared();
    let failed = sandbox.run(sandbox.command(["build"]).env("JLPROJ_STANDIN_FAIL", "the moon is full"));
    failed.code(1).stderr_has("the moon is full");
    let locks = sandbox.names("store/locks").into_iter().map(|name| sandbox.path("store/locks").join(name));
    let is_of_image = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("full"));
    let lock = locks.into_iter().find(|path| is_of_image(path)).expect("the image's lock");
    let asking = fs::File::open(lock).expect("lock");
    asking.lock_shared().expect("shared");
    let ran = std::thread::scope(|scope| {
        let build = scope.spawn(|| sandbox.jlproj(["build"]));
        std::thread::sleep(ASKING);
        drop(asking);
        build.join().expect("build")
    });
    ran.code(0).stderr_has("waiting for another build");
    assert_nothing_left(&sandbox);
}

/// Both begin with an empty store, so that PackageCompiler's environment is made once, too.
#[test]
fn of_two_builds_at_once_one_builds_and_starts_wait_for_neither() {
    let sandbox = prepared();
    let seconds = "16.4321";
    let builds = [start_build(&sandbox, seconds), start_build(&sandbox, seconds)];
    wait_for("the builder", || !sleepers(seconds).is_empty());
    for _ in 0..2 {
        let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", "print(1)"]);
        ran.code(0).stdout("1");
        assert_eq!(sleepers(seconds).len(), 1, "a start waited for a build: {ran}");
    }
    let ran = builds.map(|build| sandbox.ran("build", &build.wait_with_output().expect("jlproj")));
    let waited: Vec<&Ran> = ran.iter().filter(|ran| ran.stderr.contains("waiting for another")).collect();
    assert_eq!(waited.len(), 1, "{} {}", ran[0], ran[1]);
    waited[0].stderr_has("jlproj: another process has just built this image");
    for ran in &ran {
        ran.code(0);
    }
    let calls = fs::read_to_string(sandbox.path("calls")).expect("calls");
    assert_eq!(calls.lines().filter(|line| line.starts_with("packages ")).count(), 1, "{calls}");
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "image", 0);
}
