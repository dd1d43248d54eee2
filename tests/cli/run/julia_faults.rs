//! Every way in which there can be no Julia, a wrong one or another one, and what becomes of `run` then.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::juliaup::juliaup;
use crate::support::sandbox::{Sandbox, copy_folder, copy_program};
use crate::support::starts::{instead, prepared, probed};
use crate::support::world;
use crate::support::world::fixture;

const JLPROJ: &str = env!("CARGO_BIN_EXE_jlproj");

const HINT: &str = "hint: name another Julia: `jlproj run --julia /path/to/julia`\n";

const INSTALL: &str = "hint: install Julia (https://julialang.org/downloads), \
                       or name one: `jlproj run --julia /path/to/julia`\n";

const ONE: [&str; 3] = ["run", "-e", "print(1)"];

/// A sandbox whose PATH is its `bin` alone, where `julia` leads to `target`.
fn only(target: Option<&Path>) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("PATH", sandbox.path("bin"));
    fs::remove_file(sandbox.path("bin/julia")).expect("the link to Julia");
    if let Some(target) = target {
        symlink(target, sandbox.path("bin/julia")).expect("link");
    }
    sandbox
}

#[test]
fn no_julia_at_all() {
    let mut sandbox = only(None);
    let error = format!("error: no Julia found: there is no `julia` on PATH and no juliaup\n\n{INSTALL}");
    sandbox.jlproj(ONE).code(127).stdout("").stderr(&error);
    sandbox.jlproj(["run", "--dry-run"]).code(127).stdout("").stderr(&error);
    sandbox.jlproj(["status"]).code(127).stdout("").stderr(&error);
    sandbox.unset("PATH");
    sandbox.jlproj(ONE).code(127).stdout("").stderr(&error);
    let error = format!("error: no `julia-1.9` on PATH\n\n{INSTALL}");
    sandbox.jlproj(["run", "--julia", "julia-1.9"]).code(127).stdout("").stderr(&error);
    let error = format!("error: `/nowhere/julia` does not exist\n\n{INSTALL}");
    sandbox.jlproj(["run", "--julia=/nowhere/julia"]).code(127).stdout("").stderr(&error);
    let error = "error: `+1.10` names a channel of juliaup, and there is no juliaup here\n\n\
                 hint: install juliaup, or name a Julia: `jlproj run --julia /path/to/julia`\n";
    sandbox.jlproj(["run", "+1.10"]).code(127).stdout("").stderr(error);
    sandbox.jlproj(["run", "--julia"]).code(125).stdout("").stderr_has("`--julia` needs the path of a Julia");
}

#[test]
fn a_julia_that_is_a_folder_or_no_program() {
    let sandbox = only(None);
    let error = format!("error: `[JULIA]` is not a program\n\n{INSTALL}");
    let julia = sandbox.path("bin/julia");
    let named = || ["run".into(), "--julia".into(), julia.clone().into_os_string()];
    fs::create_dir(&julia).expect("folder");
    sandbox.jlproj(ONE).code(127).stderr_has("error: no Julia found");
    sandbox.jlproj(named()).code(126).stdout("").stderr(&error);
    fs::remove_dir(&julia).expect("folder");
    sandbox.write("bin/julia", "no program");
    sandbox.jlproj(ONE).code(127).stderr_has("error: no Julia found");
    sandbox.jlproj(named()).code(126).stdout("").stderr(&error);
    // What is no Julia does not hide the one behind it.
    sandbox.write("later/x", "");
    symlink(world::julia(), sandbox.path("later/julia")).expect("link");
    let path = format!("{}:{}", sandbox.path("bin").display(), sandbox.path("later").display());
    let dry = sandbox.with("PATH", path).jlproj(["run", "--dry-run", "--version"]);
    dry.code(0).stdout("[SANDBOX]/later/julia --version\n").stderr("");
}

#[test]
fn a_julia_that_prints_rubbish() {
    let sandbox = only(Some(&fixture("rubbish-julia")));
    let says = "`[JULIA]` does not behave like Julia: it ended with exit code 0 and without an answer";
    let status = sandbox.jlproj(["status"]);
    status.code(1).stdout("").stderr_has(&format!("error: {says}\n")).stderr_has(HINT);
    status.stderr_has("rubbish: [31m--startup-file=no\n");
    // It is what the user configured: it is started all the same.
    let ran = sandbox.jlproj(ONE);
    ran.code(0).stdout("rubbish: \x1b[31m--project=@.\n").stderr(&format!("jlproj: no image: {says}\n"));
}

#[test]
fn a_julia_that_is_too_old() {
    let mut sandbox = only(Some(&fixture("old-julia")));
    let note = sandbox.path("asked");
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    sandbox.set("JLPROJ_TEST_NOTE", &note);
    let says = "`[JULIA]` is Julia 1.3.1: jlproj needs Julia 1.4 or later";
    for command in ["status", "build"] {
        let refused = sandbox.jlproj([command]);
        refused.code(1).stdout("").stderr_has(&format!("error: {says}\n")).stderr_has(HINT);
    }
    let ran = sandbox.jlproj(ONE);
    ran.code(0).stdout("started with --project=@.\n").stderr(&format!("jlproj: no image: {says}\n"));
    assert_eq!(fs::read_to_string(note).expect("what was asked"), "asked\n", "it is asked once");
}

#[test]
fn a_julia_that_hangs_when_it_is_asked() {
    let note = |sandbox: &Sandbox| sandbox.path("hanging");
    let mut sandbox = only(Some(&fixture("hanging-julia")));
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    sandbox.set("JLPROJ_TEST_NOTE", note(&sandbox));
    let begun = Instant::now();
    let ran = sandbox.jlproj(ONE);
    let took = begun.elapsed();
    ran.code(0).stdout("started with --project=@.\n");
    ran.stderr("jlproj: no image: `[JULIA]` did not answer within 30 seconds\n");
    assert!((Duration::from_secs(30)..Duration::from_secs(45)).contains(&took), "{took:?}");
    let process = fs::read_to_string(note(&sandbox)).expect("the number of its process");
    assert!(!Path::new("/proc").join(process.trim()).exists(), "it still runs");
}

#[test]
fn jlproj_is_never_taken_for_julia() {
    let mut sandbox = only(Some(Path::new(JLPROJ)));
    fs::create_dir(sandbox.path("later")).expect("folder");
    symlink(world::julia(), sandbox.path("later/julia")).expect("link");
    let both = format!("{}:{}", sandbox.path("bin").display(), sandbox.path("later").display());
    let own = sandbox.path("bin/own");
    let julia = sandbox.path("bin/julia");
    let mut check = |program: &Path| {
        sandbox.set("PATH", sandbox.path("bin"));
        let run = |words: &[&str]| sandbox.run(&mut instead(&sandbox, program, words));
        run(&ONE).code(127).stdout("").stderr_has("error: no Julia found");
        let named = run(&["run", "--julia", "julia", "-e", "0"]);
        named.code(127).stderr_has("error: no `julia` on PATH");
        let named = run(&["run", "--julia", "../bin/julia", "-e", "0"]);
        named.code(126).stderr_has("is jlproj itself, not a Julia");
        sandbox.set("PATH", both.clone());
        let dry = sandbox.run(&mut instead(&sandbox, program, ["run", "--dry-run", "--version"]));
        dry.code(0).stdout("[SANDBOX]/later/julia --version\n").stderr("");
    };
    // A symbolic link.
    check(Path::new(JLPROJ));
    // A copy.
    fs::remove_file(&julia).expect("link");
    copy_program(JLPROJ, &julia);
    check(Path::new(JLPROJ));
    // A hard link.
    fs::hard_link(&julia, &own).expect("hard link");
    check(&own);
}

#[test]
fn a_wrapper_that_starts_jlproj_again_is_reported() {
    let sandbox = only(Some(&fixture("looping-julia"))).with("JLPROJ_TEST_PROGRAM", JLPROJ);
    let error = format!("error: `[JULIA]` is a wrapper that starts jlproj again\n\n{HINT}");
    for (words, code) in [
        (&ONE[..], 125),
        (&["run", "--version"], 125),
        (&["run", "--sysimage=none"], 125),
        (&["run", "-J", "x.so"], 125),
        (&["status"], 1),
    ] {
        // If it went round and round, it would be ended.
        let limited = [&["20", JLPROJ], words].concat();
        sandbox.run(&mut instead(&sandbox, "/usr/bin/timeout", limited)).code(code).stdout("").stderr(&error);
    }
}

#[test]
fn juliaups_rules_choose_the_channel() {
    let mut sandbox = probed();
    sandbox.unset("JLPROJ_JULIA");
    juliaup(&sandbox);
    let level = ["-e", "print(Base.JLOptions().opt_level)"];
    let run = |sandbox: &Sandbox, folder: &str, words: &[&str]| {
        let mut command = sandbox.command([&["run"], words, &level].concat());
        sandbox.run(command.current_dir(sandbox.path(folder)))
    };
    run(&sandbox, "home", &["--dry-run"]).code(0).stdout_has("[REALJULIA] -e").stderr("");
    run(&sandbox, "project", &["--dry-run"]).code(0).stdout_has("[REALJULIA] --optimize=3 -e").stderr("");
    run(&sandbox, "project", &[]).code(0).stdout("3").stderr("");
    sandbox.set("JULIAUP_CHANNEL", "two");
    run(&sandbox, "project", &[]).code(0).stdout("2").stderr("");
    run(&sandbox, "project", &["+one"]).code(0).stdout("1").stderr("");
    run(&sandbox, "project", &["--julia", "+one"]).code(0).stdout("1").stderr("");
    // The user's own option comes later, and wins.
    run(&sandbox, "project", &["+one", "-O3"]).code(0).stdout("3").stderr("");
    sandbox.set("JULIAUP_CHANNEL", "nosuch");
    let error = "error: juliaup channel `nosuch` (from `JULIAUP_CHANNEL`) is not installed\n\n\
                 hint: `juliaup add nosuch`\n";
    run(&sandbox, "project", &[]).code(127).stdout("").stderr(error);
    let error = "error: juliaup channel `other` is not installed\n\nhint: `juliaup add other`\n";
    run(&sandbox, "project", &["+other"]).code(127).stdout("").stderr(error);
    let error = "error: juliaup channel `missing` stands for Julia `1.4.0+0.x64.linux.gnu`, \
                 which is not installed\n\nhint: `juliaup update missing`\n";
    run(&sandbox, "project", &["+missing"]).code(127).stdout("").stderr(error);
    sandbox.write("home/.julia/juliaup/juliaup.json", "{");
    run(&sandbox, "project", &["+one"])
        .code(127)
        .stdout("")
        .stderr_has("juliaup.json` is not what juliaup writes");
}

/// Channels that lead to nothing, and programs that are there and cannot be loaded: named, with what to type.
#[test]
fn a_julia_that_is_gone_is_named() {
    let mut sandbox = probed();
    sandbox.unset("JLPROJ_JULIA");
    juliaup(&sandbox);
    let path = sandbox.path("home/.julia/juliaup/juliaup.json");
    let text = fs::read_to_string(&path).expect("settings");
    let dangling = "{\"Command\": \"/nowhere/julia\"}";
    let channels =
        format!("\"InstalledChannels\": {{\"link\": {dangling}, \"fast\": {{\"Target\": \"link\"}},");
    fs::write(&path, text.replace("\"InstalledChannels\": {", &channels)).expect("settings");
    fs::remove_file(sandbox.path("home/.julia/juliaup/julia-1.5.3")).expect("remove");
    let start = |channel: &str| sandbox.jlproj(["run", channel, "-e", "1"]);
    let text = "error: juliaup's channel `release` leads to `[HOME]/.julia/juliaup/julia-1.5.3/bin/julia`, which does not \
                exist\n\nhint: `juliaup remove release`, then `juliaup add release`\n";
    start("+release").code(127).stderr(text);
    let text = "error: juliaup's channel `link` leads to `/nowhere/julia`, which does not exist\n\n\
                hint: `juliaup remove link`, then `juliaup link link /path/to/julia` with a Julia that is there\n";
    start("+link").code(127).stderr(text);
    start("+fast").code(127).stderr(text);

    let script = sandbox.write("bin/script", "#!/nowhere/bash\n");
    let binary = sandbox.write("bin/binary", strange_program());
    for (program, says) in [
        (script, "the file is there, but its interpreter `/nowhere/bash` is not"),
        (binary, "the file is there, but the loader that it was linked for is not: it is for another system"),
    ] {
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
        let name = program.to_str().expect("UTF-8");
        sandbox.jlproj(["run", "--quiet", "--julia", name, "-e", "1"]).code(126).stderr_has(says);
        sandbox.jlproj(["status", "--julia", name]).code(1).stderr_has(says);
    }
    assert_eq!(sandbox.names("store/julias-v1").len(), 1, "only the Julia that was asked before");
}

/// A program of this machine's kind, whose loader is not here.
fn strange_program() -> Vec<u8> {
    let mut program = fs::read("/bin/true").expect("a program");
    let loader = program.windows(8).position(|bytes| bytes == b"/ld-linu").expect("a loader");
    program[loader + 1..loader + 3].copy_from_slice(b"no");
    program
}

/// As juliaup's launcher does where its setting `ManifestVersionDetect` is on.
#[test]
fn the_manifest_of_the_project_chooses_where_juliaup_is_told_so() {
    let mut sandbox = probed();
    sandbox.unset("JLPROJ_JULIA");
    juliaup(&sandbox);
    let write = |folder: &str, version: &str| {
        sandbox.write(format!("work/{folder}/Project.toml"), "");
        let manifest = format!("julia_version = \"{version}\"\nmanifest_format = \"2.0\"\n\n[deps]\n");
        sandbox.write(format!("work/{folder}/Manifest.toml"), manifest);
    };
    // The test's Julia is installed as this version, by a channel of another name.
    let channel = "1.5.3";
    write("old", channel);
    write("gone", "1.4.7");
    write("odd", "the newest");
    sandbox.write("work/none/x", "");
    let default = "juliaup's default";
    let by_manifest = "julia_version of the manifest";
    let says = |folder: &str, words: &[&str], reason: &str| {
        let mut command = sandbox.command([&["status"], words].concat());
        let ran = sandbox.run(command.current_dir(sandbox.path("work").join(folder)));
        assert!(ran.stdout.contains(reason) || ran.stderr.contains(reason), "{reason}: {ran}");
    };
    says("old", &[], &format!("juliaup's channel {channel} ({by_manifest})"));
    says("none", &["../old"], by_manifest);
    says("odd", &[], default);
    let missing = "error: juliaup channel `1.4.7` (from `julia_version` in the manifest) is not installed\n\n\
                   hint: `juliaup add 1.4.7`\n";
    for words in [&["run", "-e", "1"][..], &["run", "--project=.", "-e", "1"], &["build"]] {
        let mut command = sandbox.command(words);
        let ran = sandbox.run(command.current_dir(sandbox.path("work/gone")));
        ran.code(127).stdout("").stderr(missing);
    }
    // Of several projects the others are built all the same.
    copy_folder(&world::world().project(), &sandbox.path("work/whole"));
    // Its Julia is installed as another version; a manifest that names none leaves it to juliaup.
    let manifest = sandbox.path("work/whole/Manifest.toml");
    let text = fs::read_to_string(&manifest).expect("manifest");
    let named: Vec<&str> = text.lines().filter(|line| !line.starts_with("julia_version")).collect();
    fs::write(&manifest, named.join("\n") + "\n").expect("manifest");
    let mut command = sandbox.command(["build", "--dry-run", "gone", "old", "whole"]);
    command.env("JULIA_DEPOT_PATH", world::depot_path(&world::world().depot()));
    let ran = sandbox.run(command.current_dir(sandbox.path("work")));
    ran.code(1).stderr_has(
        "jlproj: `gone` is not built\nerror: juliaup channel `1.4.7` (from `julia_version` in the manifest)",
    );
    ran.stderr_has("jlproj: `old` is not built\nerror: no package of this project can be baked");
    ran.stderr_has("would bake").stderr_has("error: 2 of 3 images were not built");
    // Where only the folder is asked for, any Julia will do.
    sandbox.jlproj(["forget", "../work/gone"]).code(0);
    // What comes first for juliaup comes first here, and a flag of ours too.
    sandbox.jlproj(["run", "+one", "--project=../work/gone", "-e", "print(1)"]).code(0).stdout("1");
    let run = ["run", "--project=../work/gone", "-e", "print(Base.JLOptions().opt_level)"];
    sandbox.jlproj(run).code(0).stdout("3");
    // Under the name `julia` only a project that is named counts, as for juliaup.
    let named_julia = |words: &[&str]| {
        let shim = sandbox.path("shim/julia");
        if !shim.exists() {
            fs::create_dir(sandbox.path("shim")).expect("folder");
            symlink(env!("CARGO_BIN_EXE_jlproj"), &shim).expect("link");
        }
        let jlproj = sandbox.command([""; 0]);
        let mut command = std::process::Command::new(shim);
        command.args(words).env_clear().current_dir(sandbox.path("work/gone"));
        command.envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sandbox.run(&mut command)
    };
    named_julia(&["-e", "print(1)"]).code(0).stdout("1");
    named_julia(&["--project", "-e", "print(1)"]).code(127).stderr(missing);
}

#[test]
fn the_nearer_choice_of_a_julia_wins() {
    let mut sandbox = probed();
    let julia = world::julia().into_os_string().into_string().expect("UTF-8");
    sandbox.set("PATH", "/usr/bin:/bin");
    let wrong = |origin: &str, hint: &str| {
        format!("error: `/nowhere/{origin}` does not exist\n\nhint: {hint}\n{INSTALL}")
    };
    let by_variable = "JLPROJ_JULIA names it: set it to a Julia that is there, or `unset JLPROJ_JULIA`";
    let by_file = "`julia` in your config.toml names it";
    // The flag, the variable, the file: each in place of a wrong one below it.
    sandbox.write("home/.config/jlproj/config.toml", "julia = \"/nowhere/file\"\n");
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    sandbox.set("JLPROJ_JULIA", "/nowhere/variable");
    sandbox.jlproj(ONE).code(127).stdout("").stderr(&wrong("variable", by_variable));
    sandbox.jlproj(["run", "--julia", &julia, "-e", "print(1)"]).code(0).stdout("1").stderr("");
    sandbox.unset("JLPROJ_JULIA");
    sandbox.jlproj(ONE).code(127).stdout("").stderr(&wrong("file", by_file));
    sandbox.write("home/.config/jlproj/config.toml", format!("julia = {julia:?}\n"));
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    // A file that cannot be followed takes nothing else along.
    sandbox.write("home/.config/jlproj/config.toml", "jullia = \"x\"\n");
    let says = "jlproj: no image: the settings in `[HOME]/.config/jlproj/config.toml` cannot be followed: ";
    sandbox.jlproj(ONE).code(127).stdout("").stderr_has("error: no Julia found");
    sandbox.set("JLPROJ_JULIA", &julia);
    let ran = sandbox.jlproj(ONE);
    ran.code(0).stdout("1").stderr_has(says).stderr_has("unknown field `jullia`");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    sandbox.unset("JLPROJ_JULIA");
    sandbox.set("JLPROJ_BUILDER", "none");
    sandbox.write("home/.config/jlproj/config.toml", format!("julia = {julia:?}\n"));
    sandbox.jlproj(ONE).code(0).stdout("1").stderr_has("JLPROJ_BUILDER is `none`, but can only be");
}

#[test]
fn a_julia_that_was_replaced_is_asked_again() {
    let mut sandbox = only(None);
    let julia = sandbox.path("bin/julia");
    let note = sandbox.path("asked");
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    sandbox.set("JLPROJ_TEST_NOTE", note.clone());
    sandbox.set("JLPROJ_TEST_REAL_JULIA", world::julia());
    let asked_after = |times: usize| {
        sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
        assert_eq!(fs::read_to_string(&note).expect("note").lines().count(), times);
    };
    copy_program(fixture("counting-julia"), &julia);
    asked_after(1);
    asked_after(1);
    let touched = Command::new("touch").args(["-d", "2020-01-01"]).arg(&julia).status().expect("touch");
    assert!(touched.success());
    asked_after(2);
    // Another file of the same size and time.
    let other = sandbox.path("bin/other");
    copy_program(fixture("counting-julia"), &other);
    let touched = Command::new("touch").arg("-r").arg(&julia).arg(&other).status().expect("touch");
    assert!(touched.success());
    fs::rename(&other, &julia).expect("rename");
    asked_after(3);
    asked_after(3);
}

#[test]
fn without_home_julia_starts() {
    let mut sandbox = probed().in_world();
    sandbox.unset("HOME");
    let says = "jlproj: no image for this project yet; run `jlproj build`\n";
    sandbox.jlproj(ONE).code(0).stdout("1").stderr(says);
    // Neither home nor a store of its own: the platform's folder, which this variable moves.
    sandbox.unset("JLPROJ_HOME");
    sandbox.set("XDG_DATA_HOME", sandbox.path("data"));
    sandbox.jlproj(ONE).code(0).stdout("1").stderr(says);
    assert_eq!(sandbox.names("data"), ["jlproj"]);
}

#[test]
fn without_a_store_that_can_be_written_julia_starts() {
    let mut sandbox = probed().in_world();
    let file = sandbox.write("file", "mine");
    let says = "none: no image for this project yet";
    sandbox.set("JLPROJ_HOME", file.clone());
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    assert_eq!(fs::read_to_string(file).expect("file"), "mine");
    sandbox.set("JLPROJ_HOME", "/proc/jlproj");
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(says).stderr("");
}

#[test]
fn many_first_starts_at_once_ask_once_and_wait_only_so_long() {
    let sandbox = Sandbox::new();
    let asked = sandbox.path("asked");
    let counting = format!(
        "#!/bin/sh\n[ -n \"$__JLPROJ_PROBE\" ] && echo asked >>'{}'\nexec '{}' \"$@\"\n",
        asked.display(),
        world::julia().display()
    );
    fs::remove_file(sandbox.path("bin/julia")).expect("the link to Julia");
    sandbox.write("bin/julia", counting);
    fs::set_permissions(sandbox.path("bin/julia"), fs::Permissions::from_mode(0o755)).expect("mode");
    let starts: Vec<_> =
        (0..12).map(|_| sandbox.command(ONE).stdout(Stdio::piped()).spawn().expect("start")).collect();
    for start in starts {
        let output = start.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"1"[..]));
    }
    assert_eq!(fs::read_to_string(&asked).expect("asked"), "asked\n");
    // Somebody who asks a Julia that hangs holds nobody else up.
    let name = &sandbox.names("store/julias-v1")[0];
    fs::remove_file(sandbox.path("store/julias-v1").join(name)).expect("the answer");
    let lock = format!("store/locks/julia-{}", name.replace(".json", ".lock"));
    let lock = fs::File::open(sandbox.path(lock)).expect("lock");
    lock.lock().expect("lock");
    let begun = Instant::now();
    sandbox.jlproj(ONE).code(0).stdout("1");
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(9) && waited < Duration::from_secs(25), "{waited:?}");
    assert_eq!(fs::read_to_string(&asked).expect("asked"), "asked\nasked\n");
}

/// What jlproj itself recorded can be looked at where there is no Julia any more.
#[test]
fn records_are_read_without_a_julia() {
    let mut sandbox = prepared();
    sandbox.jlproj(["build", "--quiet"]).code(0);
    sandbox.jlproj(["run", "--startup-file=no", "-e", "1"]).code(0);
    let commands: [&[&str]; 6] = [
        &["list"],
        &["cache", "--totals"],
        &["gc", "--dry-run"],
        &["log"],
        &["report", "-"],
        &["forget", "."],
    ];
    sandbox.unset("JLPROJ_JULIA");
    sandbox.set("PATH", "/usr/bin:/bin");
    for command in commands {
        sandbox.jlproj(command).code(0);
    }
    sandbox.jlproj(["status"]).code(127).stderr_has("error: no Julia found");
    // One that was named is not replaced by another one.
    sandbox
        .jlproj(["list", "--julia", "/nowhere/julia"])
        .code(127)
        .stderr_has("`/nowhere/julia` does not exist");
}
