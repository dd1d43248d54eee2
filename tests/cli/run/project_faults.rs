//! Everything that can be wrong with a project's files and path: said clearly, and Julia starts all the same.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Sandbox, copy_folder};
use crate::support::starts::probed;
use crate::support::world::{self, world};

const ONE: [&str; 3] = ["run", "-e", "print(1)"];

const INSTANTIATE: &str = "hint: `jlproj pkg --project [PROJECT] instantiate`\n";

/// Asserts that `status` and `build` fail with all of `says` in their error, and that `run` starts Julia with one
/// line that says the same.
#[track_caller]
fn faulty(sandbox: &Sandbox, says: &[&str]) {
    for command in ["status", "build"] {
        let ran = sandbox.jlproj([command]);
        ran.code(1).stdout("");
        assert!(ran.stderr.starts_with("error: "), "{ran}");
        for text in says {
            ran.stderr_has(text);
        }
    }
    let ran = sandbox.jlproj(ONE);
    ran.code(0).stdout("1");
    assert!(ran.stderr.starts_with("jlproj: no image: "), "{ran}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    for text in says {
        ran.stderr_has(text);
    }
}

#[test]
fn no_project() {
    let sandbox = probed();
    let error = "error: there is no project here: no Project.toml in `[PROJECT]` or above\n\n\
                 hint: go to a project, or name one, as in `jlproj status PROJECT`\n\
                 hint: or make one here: `jlproj pkg --project . add PACKAGE`\n";
    for words in [&["status"][..], &["build"], &["log"], &["setup", "vscode"], &["setup", "jupyter"]] {
        sandbox.jlproj(words).code(1).stdout("").stderr(error);
    }
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    // One that was named and is not there.
    let error = "error: `[PROJECT]/nowhere/Project.toml` does not exist\n\n\
                 hint: make a project there: `jlproj pkg --project [PROJECT]/nowhere add PACKAGE`\n";
    sandbox.jlproj(["build", "nowhere"]).code(1).stdout("").stderr(error);
    sandbox.jlproj(["run", "--project=nowhere", "-e", "print(1)"]).code(0).stdout("1").stderr("");
    // Only `run` takes a channel so.
    let error = "error: `[PROJECT]/+1.99/Project.toml` does not exist\n\n\
                 hint: a channel is named by a flag: `--julia +1.99`\n";
    sandbox.jlproj(["build", "+1.99"]).code(1).stdout("").stderr(error);
}

#[test]
fn no_manifest() {
    let sandbox = probed().in_world();
    let manifest = sandbox.project().join("Manifest.toml");
    let check = || {
        let error = format!("error: `[PROJECT]/Project.toml` has no manifest\n\n{INSTANTIATE}");
        sandbox.jlproj(["status"]).code(1).stdout("").stderr(&error);
        sandbox.jlproj(["build"]).code(1).stdout("").stderr(&error);
        sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
    };
    fs::remove_file(&manifest).expect("manifest");
    check();
    fs::create_dir(&manifest).expect("folder");
    check();
    fs::remove_dir(&manifest).expect("folder");
    // A pipe that nobody writes to: who opens it waits.
    let made = Command::new("mkfifo").arg(&manifest).status().expect("mkfifo");
    assert!(made.success());
    check();
    fs::remove_file(&manifest).expect("pipe");
    symlink("nowhere", &manifest).expect("link");
    check();
}

#[test]
fn a_manifest_that_cannot_be_used() {
    let sandbox = probed().in_world();
    let whole = fs::read(sandbox.project().join("Manifest.toml")).expect("manifest");
    let put = |contents: &[u8]| sandbox.write("project/Manifest.toml", contents);
    let unreadable = "cannot read `[PROJECT]/Manifest.toml`";
    // In the middle of a text.
    let text = String::from_utf8(whole.clone()).expect("UTF-8");
    let place = text.rfind("git-tree-sha1 = \"").expect("a hash") + 20;
    put(&whole[..place]);
    let line = format!("line {}, column ", text[..place].lines().count());
    faulty(&sandbox, &[unreadable, &line]);

    put(&[&whole[..], b"# \xff\n"].concat());
    faulty(&sandbox, &[unreadable, &format!("not UTF-8 at byte {}", whole.len() + 2)]);

    put(b"[[Alpha]]\nuuid = 1\n");
    faulty(&sandbox, &[unreadable, "`Alpha", "uuid` is not a"]);

    let huge = 50 << 20;
    put(&vec![b'#'; huge]);
    let begun = Instant::now();
    faulty(&sandbox, &[unreadable, &format!("{huge} bytes long, more than the 4194304 that are read")]);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());

    // An empty one has no packages.
    put(b"");
    let nothing = "no package of this project can be baked";
    let empty = |name: &str| {
        let names_none = format!("nothing-to-bake: {nothing}: `{name}` names none\n");
        sandbox.jlproj(["status"]).code(0).stdout_has(&names_none);
        let error = format!("error: {nothing}\n\nhint: `{name}` names no package\n");
        sandbox.jlproj(["build"]).code(1).stderr(&error);
    };
    empty("Manifest.toml");
    // One for this release alone comes first, whatever the other has.
    if world::is_at_least(11) {
        let name = format!("Manifest-{}.toml", world::release());
        sandbox.write(Path::new("project").join(&name), "");
        fs::copy(world().project().join("Manifest.toml"), sandbox.project().join("Manifest.toml"))
            .expect("copy");
        empty(&name);
    } else {
        world::left_out("an empty manifest for one release", "Julia reads such manifests from 1.11 on");
    }
    sandbox.jlproj(ONE).code(0).stdout("1").stderr("");
}

#[test]
fn a_project_file_that_cannot_be_used() {
    let sandbox = probed().in_world();
    let path = "`[PROJECT]/Project.toml`";
    for (contents, says) in [
        (&b"[deps\n"[..], "line 1, column "),
        (b"name = \"\xff\"\n", "not UTF-8 at byte 8"),
        (b"deps = 1\n", "`deps` is not a table"),
        (b"manifest = 1\n", "`manifest` is not a string"),
    ] {
        sandbox.write("project/Project.toml", contents);
        faulty(&sandbox, &[path, says]);
    }
}

#[test]
fn project_settings_that_cannot_be_followed() {
    let sandbox = probed().in_world();
    let cannot = "the settings in `[PROJECT]/jlproj.toml` cannot be followed";
    for (contents, says) in [
        (&b"exclude = [\n"[..], "line 1, column "),
        (b"exclude = \"\xff\"\n", "not valid UTF-8"),
        (b"exclude = 1\n", "invalid type: integer `1`"),
        (b"julia = \"./evil\"\n", "unknown field `julia`"),
        (b"builder = \"direct\"\n", "unknown field `builder`"),
        (b"packagecompiler = \".\"\n", "unknown field `packagecompiler`"),
        (b"build_arguments = [\"-L\", \"x\"]\n", "unknown field `build_arguments`"),
        (
            b"precompile_workload = [\"../x.jl\"]\n",
            "`../x.jl` in `precompile_workload` leads out of the project",
        ),
        (b"precompile_workload = [\"/x.jl\"]\n", "`/x.jl` in `precompile_workload` leads out of the project"),
        (b"precompile_statements = [\"a/../../x\"]\n", "in `precompile_statements` leads out of the project"),
    ] {
        sandbox.write("project/jlproj.toml", contents);
        faulty(&sandbox, &[cannot, says]);
        sandbox.jlproj(["status"]).stderr_has("\n\nhint: fix the line, or remove it\n");
    }
}

#[test]
fn doctor_says_what_to_do_about_what_is_wrong_with_a_project() {
    let sandbox = probed().in_world();
    sandbox.write("project/jlproj.toml", "exclud = []\n");
    let line = "note  project   the settings in `[PROJECT]/jlproj.toml` cannot be followed: ";
    let remedy = "→ fix the line, or remove it\n";
    let unknown = "line 1, column 1: unknown field `exclud`";
    sandbox.jlproj(["doctor"]).code(0).stdout_has(line).stdout_has(unknown).stdout_has(remedy);
    fs::remove_file(sandbox.project().join("Manifest.toml")).expect("manifest");
    let remedy = "has no manifest\n                → `jlproj pkg --project [PROJECT] instantiate`\n";
    sandbox.jlproj(["doctor"]).code(0).stdout_has(remedy);

    sandbox.write("home/.config/jlproj/config.toml", "jullia = \"x\"\n");
    let ran = sandbox.jlproj(["doctor"]);
    ran.code(1)
        .stdout_has("wrong settings  the settings in `[HOME]/.config/jlproj/config.toml` cannot be followed");
    // Once, and in one line.
    assert_eq!(ran.stdout.matches("unknown field `jullia`").count(), 1, "{ran}");
    assert!(!ran.stdout.contains("\\n") && !ran.stdout.contains("project"), "{ran}");
    fs::remove_file(sandbox.path("home/.config/jlproj/config.toml")).expect("settings");
    sandbox.jlproj(["doctor", "--julia", "+1.99"]).code(1).stdout_has("→ install juliaup, or name a Julia");
}

#[test]
fn a_workload_that_leads_out_or_is_not_there() {
    let sandbox = probed().in_world();
    sandbox.write("project/jlproj.toml", "precompile_workload = [\"work.jl\"]\n");
    let work = sandbox.project().join("work.jl");
    let cannot = "cannot read `[PROJECT]/work.jl`";
    faulty(&sandbox, &[cannot, "it does not exist (named in jlproj.toml)"]);
    let outside = sandbox.write("outside.jl", "touch(\"touched\")");
    symlink(&outside, &work).expect("link");
    faulty(&sandbox, &[cannot, "it leads out of the project's folder (named in jlproj.toml)"]);
    fs::remove_file(&work).expect("link");
    symlink("Project.toml", &work).expect("link");
    sandbox.jlproj(["build", "--dry-run"]).code(0).stdout("").stderr_has("would bake");
    assert!(!sandbox.project().join("touched").exists());
}

#[test]
fn packages_that_are_not_installed() {
    let sandbox = probed().in_world().with("JULIA_DEPOT_PATH", "home/.julia");
    let error = format!("error: Alpha, Beta, Gamma are not installed\n\n{INSTANTIATE}");
    sandbox.jlproj(["build"]).code(1).stdout("").stderr(&error);
    sandbox.jlproj(["build", "--dry-run"]).code(1).stdout("").stderr(&error);
    let says = "jlproj: no image for this project yet; run `jlproj build`\n";
    sandbox.jlproj(ONE).code(0).stdout("1").stderr(says);
    assert_eq!(sandbox.names("store/tmp"), [""; 0]);
}

/// The bytes that could rewrite what a terminal shows, or pretend to be a line of ours.
#[track_caller]
fn is_plain(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let control = text.iter().find(|byte| byte.is_ascii_control() && **byte != b'\n');
        assert_eq!(control, None, "{}", String::from_utf8_lossy(text));
        let begins = |line: &[u8]| line.starts_with(b"error: pretended");
        assert!(!text.split(|byte| *byte == b'\n').any(begins), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn paths_of_any_bytes() {
    let names: [&[u8]; 7] = [
        b"with space",
        b"it's \"quoted\" $HOME",
        b"$(touch touched) `touch touched`",
        "zoë %41".as_bytes(),
        b"\xff\xfe",
        b"two\nerror: pretended\r\t",
        b"\x1b[31mred\x1b[0m",
    ];
    let sandbox = probed().in_world();
    let begin = |folder: &OsStr, words: &[&str]| {
        let mut command = sandbox.command(words);
        let output = command.current_dir(sandbox.path(folder)).output().expect("jlproj");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, text)
    };
    for name in names {
        let name = OsStr::from_bytes(name);
        let folder = sandbox.path(name);
        copy_folder(&sandbox.project(), &folder);
        let (status, text) = begin(name, &["status", "--verbose"]);
        assert_eq!(status.status.code(), Some(0), "{text}");
        assert!(String::from_utf8_lossy(&status.stdout).contains("none: no image for this project yet"));
        is_plain(&status);
        let (build, text) = begin(name, &["build", "--dry-run"]);
        assert_eq!(build.status.code(), Some(0), "{text}");
        let bakes = ["would bake ", "Alpha 1.0.0", "Beta 0.2.0", "Gamma 1.0.0"];
        assert!(bakes.iter().all(|part| text.contains(part)), "{text}");
        is_plain(&build);
        let (run, text) = begin(name, &["run", "-vv", "-e", "print(Base.active_project())"]);
        let expected: OsString = folder.join("Project.toml").into();
        assert_eq!(run.status.code(), Some(0), "{text}");
        assert_eq!(OsString::from_vec(run.stdout), expected, "{text}");
        is_plain(&Output { stdout: Vec::new(), ..run });
        // The same where something is wrong.
        fs::remove_file(folder.join("Manifest.toml")).expect("manifest");
        let (failed, text) = begin(name, &["status"]);
        assert_eq!(failed.status.code(), Some(1), "{text}");
        assert!(text.contains("Project.toml` has no manifest\n"), "{text}");
        is_plain(&failed);
    }
    assert_eq!(sandbox.names("project"), ["Manifest.toml", "Project.toml"]);
    assert!(!sandbox.path("touched").exists());
}
