//! A cloned repository that means harm: whatever its files say, commands that only look start nothing, write nothing
//! but to the store, print nothing that a terminal obeys, and end soon.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Sandbox, copy_folder};
use crate::support::world::{self, world};

/// A release needs 2 s at most; what is tested may be a slow build, on a machine with other work.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });

/// The commands that only look.
const LOOKING: [&[&str]; 14] = [
    &["status"],
    &["status", "--verbose"],
    &["status", "--format", "json"],
    &["status", "--format", "yaml"],
    &["list"],
    &["list", "--format", "json"],
    &["plan"],
    &["run", "--dry-run", "-e", "0"],
    &["key"],
    &["which"],
    &["scan", "."],
    &["cache"],
    &["doctor"],
    &["build", "--dry-run"],
];

/// Files of a project that jlproj reads.
const FILES: [&str; 8] = [
    "Project.toml",
    "JuliaProject.toml",
    "Manifest.toml",
    "JuliaManifest.toml",
    "Manifest-v1.5.toml",
    "jlproj.toml",
    "LocalPreferences.toml",
    ".gitignore",
];

/// Those of them that are parsed in different ways.
const TOML_FILES: [&str; 4] = ["Project.toml", "Manifest.toml", "jlproj.toml", "LocalPreferences.toml"];

/// A sandbox where each program on PATH, and the Julia of the user, says when it is started.
fn guarded() -> Sandbox {
    let mut sandbox = Sandbox::new().in_world();
    let canary = world::repository().join("tests/fixtures/canary");
    fs::remove_file(sandbox.path("bin/julia")).expect("link");
    for name in ["julia", "users-julia", "git", "cc", "gcc", "ld", "sh", "evil", "direnv", "juliaup"] {
        symlink(&canary, sandbox.path("bin").join(name)).expect("link");
    }
    let (note, julia) = (sandbox.path("note"), sandbox.path("bin/users-julia"));
    sandbox.set("PATH", sandbox.path("bin"));
    sandbox.set("JLPROJ_JULIA", julia);
    sandbox.set("JLPROJ_TEST_NOTE", note);
    sandbox.set("JLPROJ_TEST_REAL_JULIA", world::julia());
    // It is asked once what it is.
    sandbox.jlproj(["status"]).code(0);
    sandbox
}

/// All that is in the sandbox but for the store, with size and time.
fn surroundings(sandbox: &Sandbox) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    fn collect(folder: &Path, except: &Path, all: &mut BTreeMap<PathBuf, (u64, i64, i64)>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, metadata) = (entry.path(), entry.metadata().expect("metadata"));
            if path == except {
                continue;
            }
            all.insert(path.clone(), (metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
            if metadata.is_dir() {
                collect(&path, except, all);
            }
        }
    }
    let mut all = BTreeMap::new();
    collect(&sandbox.path(""), &sandbox.path("store"), &mut all);
    all
}

/// Whether a terminal obeys this character, or shows others in another order for it.
fn is_obeyed(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Runs every command that only looks in `folder`, and asserts that none of them is fooled.
#[track_caller]
fn assert_harmless(sandbox: &Sandbox, folder: &Path, what: &str) -> String {
    assert_all_harmless(sandbox, &LOOKING, folder, what)
}

/// The same for some of the commands.
#[track_caller]
fn assert_all_harmless(sandbox: &Sandbox, commands: &[&[&str]], folder: &Path, what: &str) -> String {
    let _ = fs::remove_file(sandbox.path("note"));
    let before = surroundings(sandbox);
    let mut whole = String::new();
    for arguments in commands.iter().copied() {
        let shown = format!("{what}: jlproj {}", arguments.join(" "));
        let begun = Instant::now();
        let mut command = sandbox.command(arguments);
        let mut child = command
            .current_dir(folder)
            .stdout(File::create(sandbox.path("store/out")).expect("file"))
            .stderr(File::create(sandbox.path("store/err")).expect("file"))
            .spawn()
            .expect("jlproj");
        let status = loop {
            if let Some(status) = child.try_wait().expect("state") {
                break status;
            }
            if begun.elapsed() > SOON {
                child.kill().expect("kill");
                child.wait().expect("end");
                panic!("{shown} has not ended within {SOON:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let output = [fs::read(sandbox.path("store/out")), fs::read(sandbox.path("store/err"))];
        let text = output.map(|bytes| String::from_utf8_lossy(&bytes.expect("output")).into_owned()).concat();
        let code = status.code().unwrap_or_else(|| panic!("{shown}: {status}\n{text}"));
        assert!([0, 1, 2, 3, 125].contains(&code), "{shown}: exit code {code}\n{text}");
        let obeyed = text.chars().find(|character| is_obeyed(*character));
        assert_eq!(obeyed, None, "{shown}\n{}", text.escape_debug());
        let started = fs::read_to_string(sandbox.path("note")).unwrap_or_default();
        assert_eq!(started, "", "{shown} started something\n{text}");
        whole.extend([shown.as_str(), "\n", text.as_str(), "\n"]);
    }
    let after = surroundings(sandbox);
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let written: Vec<_> = before.keys().chain(after.keys()).filter(differs).collect();
    assert_eq!(written, Vec::<&PathBuf>::new(), "{what}: something was written\n{whole}");
    whole
}

/// Puts something in the place of a file of the project.
fn put(path: &Path, make: impl FnOnce(&Path)) {
    if let Ok(metadata) = fs::symlink_metadata(path) {
        if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("remove");
    }
    make(path);
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).stdin(Stdio::null()).status().expect("mkfifo").success());
}

fn make_sparse(path: &Path) {
    File::create(path).expect("file").set_len(10 << 30).expect("size");
}

/// The project as it was, with one of its files replaced; then as it was again.
#[track_caller]
fn each_file(sandbox: &Sandbox, names: &[&str], what: &str, make: impl Fn(&Path)) {
    // Every command reads these files in one of these ways.
    let commands: [&[&str]; 5] =
        [&["status"], &["list"], &["run", "--dry-run", "-e", "0"], &["scan", "."], &["build", "--dry-run"]];
    for name in names {
        let path = sandbox.project().join(name);
        let old = fs::read(&path).ok();
        put(&path, &make);
        assert_all_harmless(sandbox, &commands, &sandbox.project(), &format!("{name} is {what}"));
        put(&path, |path| {
            if let Some(old) = &old {
                fs::write(path, old).expect("file");
            }
        });
    }
}

#[test]
fn files_that_are_no_files_hang_nothing() {
    let sandbox = guarded();
    make_pipe(&sandbox.path("pipe"));
    each_file(&sandbox, &FILES, "a link to /dev/zero", |path| symlink("/dev/zero", path).expect("link"));
    each_file(&sandbox, &FILES, "a link to a pipe", |path| symlink("../pipe", path).expect("link"));
    each_file(&sandbox, &FILES, "a pipe", make_pipe);
    each_file(&sandbox, &FILES, "a link to itself", |path| {
        symlink(path.file_name().expect("name"), path).expect("link");
    });
    each_file(&sandbox, &FILES, "a folder", |path| fs::create_dir(path).expect("folder"));
}

#[test]
fn files_of_any_size_and_depth_are_refused_soon() {
    let sandbox = guarded();
    each_file(&sandbox, &FILES, "of 10 GB", make_sparse);
    let deep = [
        ("deep arrays", format!("a = {}{}", "[".repeat(1 << 18), "]".repeat(1 << 18))),
        ("deep tables", format!("a = {}{}", "{a=".repeat(1 << 17), "}".repeat(1 << 17))),
        ("long dotted keys", format!("{}a = 1", "a.".repeat(1 << 18))),
        (
            "many dotted tables",
            (0..20_000)
                .flat_map(|number| ["[a".to_owned(), ".a".repeat(number % 100), "]\n".to_owned()])
                .collect(),
        ),
        ("one long text", format!("a = \"{}\"", "x".repeat(3 << 20))),
    ];
    for (what, text) in &deep {
        each_file(&sandbox, &TOML_FILES, what, |path| fs::write(path, text).expect("file"));
    }
    // Valid, and as large as all manifests of the world together.
    let entry = |number: usize| {
        format!("[[P{number}]]\nuuid = \"{number:08x}-0000-4000-8000-000000000000\"\nversion = \"1.0.0\"\n\n")
    };
    let manifest: String = (0..700_000).map(entry).collect();
    assert!(manifest.len() > 50 << 20);
    fs::write(sandbox.path("project/Manifest.toml"), manifest).expect("manifest");
    let said = assert_harmless(&sandbox, &sandbox.project(), "a manifest of 50 MB");
    assert!(said.contains("bytes long, more than the 4194304 that are read"), "{said}");
}

#[test]
fn bytes_that_are_no_text_are_no_trouble() {
    let sandbox = guarded();
    each_file(&sandbox, &TOML_FILES, "all zeros", |path| fs::write(path, [0; 4096]).expect("file"));
    each_file(&sandbox, &TOML_FILES, "not UTF-8", |path| {
        fs::write(path, b"a = \"\xff\xfe\x1b[2J\"\n").expect("file");
    });
    each_file(&sandbox, &FILES, "full of escapes", |path| {
        fs::write(path, "\x1b]0;owned\x07\u{202e}\u{9b}31m = \x1b[2J\r\n").expect("file");
    });
}

#[test]
fn names_that_a_terminal_would_obey_are_shown_as_what_they_are() {
    let sandbox = guarded();
    let nasty = r"A\u001b[31m\u0007\u202e\u009b2J\rfresh\nerror: \u2066x\u007f";
    let uuid = "7876af07-990d-54b4-ab0e-23690620f79a";
    sandbox.write(
        "project/Project.toml",
        format!("name = \"{nasty}\"\nuuid = \"{uuid}\"\n[deps]\n\"{nasty}\" = \"{uuid}\"\n[compat]\n\"{nasty}\" = \"{nasty}\"\n"),
    );
    let tree = "git-tree-sha1 = \"46e44e869b4d90b96bd8ed1fdcf32244fddfb6cc\"";
    for entry in [
        format!("uuid = \"{uuid}\"\nversion = \"1.0.0\"\n{tree}"),
        format!("uuid = \"{uuid}\"\nversion = \"{nasty}\"\n{tree}"),
        format!("uuid = \"{uuid}\"\nversion = \"1.0.0\"\npath = \"{nasty}\""),
        format!("uuid = \"{nasty}\"\nversion = \"1.0.0\""),
        format!("uuid = \"{uuid}\"\ndeps = [\"{nasty}\"]\n{tree}"),
        format!("uuid = \"{uuid}\"\ngit-tree-sha1 = \"{nasty}\""),
    ] {
        sandbox.write("project/Manifest.toml", format!("[[\"{nasty}\"]]\n{entry}\n"));
        assert_harmless(&sandbox, &sandbox.project(), &entry);
    }
    let manifest = fs::read(world().project().join("Manifest.toml")).expect("manifest");
    sandbox.write(
        "project/Manifest.toml",
        [format!("julia_version = \"{nasty}\"\n").as_bytes(), &manifest].concat(),
    );
    assert_harmless(&sandbox, &sandbox.project(), "julia_version");
    sandbox.write("project/LocalPreferences.toml", format!("[Alpha]\n\"{nasty}\" = \"{nasty}\"\n"));
    sandbox.write("project/jlproj.toml", format!("include = [\"{nasty}\"]\n\"{nasty}\" = 1\n"));
    assert_harmless(&sandbox, &sandbox.project(), "settings");

    // Folders, too.
    for name in ["\u{1b}[31mred\u{7}", "\u{202e}gpj", "line\nend", "c1\u{9b}31m"] {
        let folder = sandbox.path("work").join(name);
        copy_folder(&world().project(), &folder);
        assert_harmless(&sandbox, &folder, name);
    }
    let folder = sandbox.path("work").join(OsString::from_vec(b"\xff\x1b[2J".to_vec()));
    copy_folder(&world().project(), &folder);
    assert_harmless(&sandbox, &folder, "not UTF-8");
    assert_harmless(&sandbox, &sandbox.path("work"), "all of them");
}

#[test]
fn settings_of_a_project_choose_no_program_and_no_file_outside() {
    let sandbox = guarded();
    make_pipe(&sandbox.path("pipe"));
    sandbox.write("outside.jl", "precompile(Tuple{typeof(Base.sin), Float64})\n");
    symlink("/dev/zero", sandbox.path("project/zero.jl")).expect("link");
    symlink("../outside.jl", sandbox.path("project/link.jl")).expect("link");
    symlink("..", sandbox.path("project/up")).expect("link");
    make_pipe(&sandbox.path("project/pipe.jl"));
    make_sparse(&sandbox.path("project/huge.jl"));
    let evil = sandbox.path("bin/evil").display().to_string();
    for (name, values) in [
        ("julia", vec![evil.as_str(), "evil", "+evil"]),
        ("builder", vec!["evil"]),
        ("packagecompiler", vec![evil.as_str()]),
        ("sysimage", vec![evil.as_str()]),
        ("build_arguments", vec!["-L", "evil"]),
        ("auto", vec!["background"]),
    ] {
        for value in values {
            sandbox.write("project/jlproj.toml", format!("{name} = \"{value}\"\n"));
            assert_harmless(&sandbox, &sandbox.project(), &format!("{name} = {value}"));
            sandbox.write("project/jlproj.toml", format!("{name} = [\"{value}\"]\n"));
            assert_harmless(&sandbox, &sandbox.project(), &format!("{name} = [{value}]"));
        }
    }
    let outside = sandbox.path("outside.jl").display().to_string();
    for name in ["precompile_workload", "precompile_statements"] {
        for file in
            ["../outside.jl", &outside, "up/outside.jl", "link.jl", "zero.jl", "pipe.jl", "huge.jl", "", "."]
        {
            sandbox.write("project/jlproj.toml", format!("{name} = [\"{file}\"]\n"));
            let said = assert_harmless(&sandbox, &sandbox.project(), &format!("{name} = {file}"));
            assert!(said.contains("jlproj build --dry-run\nerror: "), "`{file}` was accepted\n{said}");
        }
    }
    // Julia's own ways out: another manifest, another project, a workspace.
    sandbox.write("project/jlproj.toml", "");
    let project = fs::read_to_string(sandbox.path("project/Project.toml")).expect("project");
    for line in
        ["manifest = \"/dev/zero\"", "manifest = \"../pipe\"", "manifest = \"../../../../../../etc/passwd\""]
    {
        sandbox.write("project/Project.toml", format!("{line}\n{project}"));
        assert_harmless(&sandbox, &sandbox.project(), line);
    }
}

#[test]
fn a_tree_to_scan_that_has_no_end_is_scanned() {
    let sandbox = guarded();
    symlink("..", sandbox.path("project/up")).expect("link");
    symlink("/", sandbox.path("project/root")).expect("link");
    let mut folder = sandbox.project();
    for _ in 0..300 {
        folder.push("deep-folder");
    }
    fs::create_dir_all(&folder).expect("folders");
    sandbox.write("project/.gitignore", "*\n!*\n**/**/**/**/**\n[\n{a,b}{c,d}\n\\\n".repeat(2000));
    sandbox.write("project/.git/config", "[core]\n\tfsmonitor = evil\n\thooksPath = ../bin\n");
    sandbox.write("project/.ignore", "!/\n");
    assert_harmless(&sandbox, &sandbox.project(), "a deep tree");
}

/// A name is one on PATH, whatever the project holds: only a path leads into it.
#[test]
fn a_julia_that_lies_in_the_project_is_not_the_one_of_that_name() {
    let mut sandbox = guarded();
    let _ = fs::remove_file(sandbox.path("note"));
    symlink(world::repository().join("tests/fixtures/canary"), sandbox.path("project/users-julia"))
        .expect("link");
    // Which of the two was started is told by what is beside it.
    sandbox.set("JLPROJ_JULIA", "users-julia");
    let place = sandbox.path("bin/users-julia").display().to_string();
    sandbox.jlproj(["run", "--dry-run"]).code(0).stdout_has(&sandbox.redact(&place));
    sandbox.set("JLPROJ_JULIA", "./users-julia");
    let place = format!("{}/./users-julia", sandbox.project().display());
    sandbox.jlproj(["run", "--dry-run"]).code(0).stdout_has(&sandbox.redact(&place));
}
