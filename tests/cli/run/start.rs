//! `jlproj run`: what Julia gets, what is said, and what is written down.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use crate::support::sandbox::{NOW, Sandbox};
use crate::support::starts::{instead, probed};
use crate::support::world;

/// Julia code that prints the active project, and then the bytes of each argument.
const SHOW: &str = "println(Base.active_project()); foreach(a -> println(bytes2hex(codeunits(a))), ARGS)";

/// Julia code that prints the image that Julia started from.
const IMAGE: &str = "print(unsafe_string(Base.JLOptions().image_file))";

const NO_IMAGE: &str = "jlproj: no image for this project yet; run `jlproj build`\n";

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Arguments that a shell, a getopt or a careless text conversion would change.
fn odd_arguments() -> Vec<OsString> {
    let odd: [&[u8]; 13] = [
        b"",
        b"it's \"quoted\"",
        b"$(touch touched) `x` \\ %d !!",
        b"two\nlines\t",
        b"\xff\xfe0",
        "zoë".as_bytes(),
        b"--dry-run",
        b"-v",
        b"--quiet",
        b"--sysimage=none",
        b"--",
        b"+1.10",
        b"--",
    ];
    odd.iter().map(|bytes| OsString::from_vec(bytes.to_vec())).collect()
}

/// A line of two digits for each byte, as Julia's `bytes2hex` writes them.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .chain(['\n'])
        .collect()
}

#[test]
fn arguments_reach_julia_byte_for_byte() {
    let sandbox = probed().in_world();
    sandbox.write("project/show.jl", SHOW);
    let mut left = odd_arguments();
    // Julia itself passes over the first, wherever it stands; from 1.9 on behind the options alone.
    if !world::is_at_least(9) {
        left.remove(left.iter().position(|word| word == "--").expect("dashes"));
    }
    let lines = left.iter().map(|word| hexadecimal(word.as_bytes())).collect::<String>();
    let expected = sandbox.redact(&format!("[PROJECT]/Project.toml\n{lines}"));
    for program in [&["-e", SHOW][..], &["show.jl"]] {
        let ran = sandbox
            .jlproj(words(&["run", "--quiet"]).into_iter().chain(words(program)).chain(odd_arguments()));
        ran.code(0).stderr("").stdout(&expected);
        let by_hand = words(&["--project=@."]).into_iter().chain(words(program)).chain(odd_arguments());
        sandbox.run(&mut instead(&sandbox, world::julia(), by_hand)).code(0).stdout(&expected);
    }
    assert_eq!(sandbox.names("project"), ["Manifest.toml", "Project.toml", "show.jl"]);
}

#[test]
fn dashes_and_empty_arguments_mean_what_they_mean_to_julia() {
    let sandbox = probed();
    sandbox.write("project/show.jl", SHOW);
    for (ours, julias) in [
        (&["--", "-e", SHOW, "x"][..], &["-e", SHOW, "x"][..]),
        (&["-e", SHOW, "--", "--dry-run"], &["-e", SHOW, "--", "--dry-run"]),
        (&["-e", SHOW, ""], &["-e", SHOW, ""]),
        (&["show.jl", "--", "-v"], &["show.jl", "--", "-v"]),
        (&["--", "show.jl", "--sysimage=none"], &["show.jl", "--sysimage=none"]),
        (&["--dry-run=no", "-e", "1"], &["--dry-run=no", "-e", "1"]),
        (&["--", "--version"], &["--version"]),
        (&["--", "-v"], &["-v"]),
        (&["--", "--help"], &["--help"]),
    ] {
        let ran = sandbox.jlproj([&["run"], ours].concat());
        let bare = sandbox.run(&mut instead(&sandbox, world::julia(), julias));
        ran.code(bare.code).stdout(&bare.stdout).stderr(&bare.stderr);
    }
}

#[test]
fn the_exit_code_is_julias() {
    let sandbox = probed();
    for (code, expected) in [("exit(0)", 0), ("exit(7)", 7), ("exit(125)", 125)] {
        sandbox.jlproj(["run", "-e", code]).code(expected).stdout("").stderr("");
    }
    sandbox.jlproj(["run", "-e", "error(\"of the user\")"]).code(1).stderr_has("ERROR: of the user");
    let kill = "ccall(:kill, Cint, (Cint, Cint), getpid(), 9); sleep(10)";
    let status = sandbox.command(["run", "-e", kill]).status().expect("jlproj");
    assert_eq!(status.signal(), Some(9));
}

#[test]
fn the_process_becomes_julia() {
    let sandbox = probed();
    let child = sandbox.command(["run", "-e", "print(getpid())"]).stdout(Stdio::piped()).spawn();
    let child = child.expect("jlproj");
    let number = child.id().to_string();
    let output = child.wait_with_output().expect("output");
    assert_eq!(String::from_utf8_lossy(&output.stdout), number);
}

#[test]
fn the_project_is_the_one_that_julia_would_take() {
    let sandbox = probed();
    sandbox.write("project/Project.toml", "");
    sandbox.write("project/src/deep/x.jl", "");
    sandbox.write("other/JuliaProject.toml", "");
    sandbox.write("home/.julia/environments/name/Project.toml", "");
    let compare = |folder: &str, variables: &[(&str, &str)], ours: &[&str], julias: &[&str]| {
        let code = ["-e", "print(Base.active_project())"];
        let mut ran = sandbox.command([&["run", "--quiet"], ours, &code].concat());
        let mut bare = instead(&sandbox, world::julia(), [julias, &code].concat());
        for command in [&mut ran, &mut bare] {
            command.current_dir(sandbox.path(folder)).envs(variables.iter().copied());
        }
        let bare = sandbox.run(&mut bare);
        sandbox.run(&mut ran).code(0).stdout(&bare.stdout).stderr("");
        bare.stdout
    };
    let here = "[PROJECT]/Project.toml";
    let other = "[SANDBOX]/other/JuliaProject.toml";
    // Upward: the one thing that Julia does only when it is told to.
    assert_eq!(compare("project/src/deep", &[], &[], &["--project=@."]), here);
    let same =
        |folder: &str, variables: &[(&str, &str)], words: &[&str]| compare(folder, variables, words, words);
    assert_eq!(same("project/src/deep", &[], &["--project"]), here);
    assert_eq!(same("project", &[], &["--project=../other"]), other);
    assert_eq!(same("project", &[("JULIA_PROJECT", "../other")], &[]), other);
    assert_eq!(same("project/src", &[("JULIA_PROJECT", "@.")], &[]), here);
    assert_eq!(same("project", &[("JULIA_PROJECT", "../other")], &["--project=."]), here);
    let named = "[HOME]/.julia/environments/name/Project.toml";
    // Before 1.7 Julia takes it for a path.
    let by_name = if world::is_at_least(7) { named } else { "[PROJECT]/@name/Project.toml" };
    assert_eq!(same("project", &[], &["--project=@name"]), by_name);
    assert_eq!(same("home", &[("JULIA_LOAD_PATH", "@name:@stdlib")], &[]), named);
    same("project", &[("JULIA_PROJECT", "")], &[]);
}

#[test]
fn a_dry_run_prints_what_a_shell_runs_to_the_same_effect() {
    let sandbox = probed();
    let names: [&[u8]; 7] = [
        b"with space",
        b"it's \"q\"",
        b"$HOME `x` $(touch touched) \\",
        "zoë".as_bytes(),
        b"\xff\xfe0",
        b"two\nlines",
        b"\x1b[31m!a%s",
    ];
    for name in names {
        let folder = sandbox.path(OsStr::from_bytes(name));
        sandbox.write(folder.join("Project.toml"), "");
        let arguments = |first: &[&str]| words(first).into_iter().chain(odd_arguments());
        let mut dry = sandbox.command(arguments(&["run", "--dry-run", "-e", SHOW, "x"]));
        let line = dry.current_dir(&folder).output().expect("jlproj").stdout;
        let control = line.iter().filter(|byte| byte.is_ascii_control()).count();
        assert_eq!((control, line.last()), (1, Some(&b'\n')), "{}", String::from_utf8_lossy(&line));
        let line = OsString::from_vec(line);
        let mut real = sandbox.command(arguments(&["run", "-e", SHOW, "x"]));
        let real = real.current_dir(&folder).output().expect("jlproj").stdout;
        assert!(real.starts_with(folder.as_os_str().as_bytes()), "{}", String::from_utf8_lossy(&real));
        for shell in ["sh", "bash"] {
            let shells = instead(&sandbox, shell, [OsStr::new("-c"), &line]).output().expect("shell");
            assert_eq!(shells.stdout, real, "{shell} {}", line.display());
        }
    }
    // A dry run is no start, and a shell ran nothing but Julia.
    let starts = fs::read_to_string(sandbox.path("store/usage-v1.log")).expect("journal");
    assert_eq!(starts.lines().count(), names.len());
    assert_eq!(sandbox.names("project"), [""; 0]);
}

#[test]
fn a_missing_image_is_told_once_a_day() {
    let mut sandbox = probed().in_world();
    for (seconds, told) in [(0, NO_IMAGE), (1, ""), (86_399, ""), (86_400, NO_IMAGE), (86_401, "")] {
        sandbox.set("__JLPROJ_NOW", (NOW + seconds).to_string());
        sandbox.jlproj(["run", "-e", "print(1)"]).code(0).stdout("1").stderr(told);
    }
}

#[test]
fn quiet_and_verbose() {
    let sandbox = probed().in_world();
    sandbox.jlproj(["run", "--quiet", "-e", "print(1)"]).code(0).stdout("1").stderr("");
    let quiet = "[REALJULIA] --project=[PROJECT] --quiet -e 0\n";
    sandbox.jlproj(["run", "--dry-run", "--quiet", "-e", "0"]).code(0).stdout(quiet).stderr("");
    let verbose = format!("jlproj: project [PROJECT]\n{NO_IMAGE}");
    sandbox.jlproj(["run", "-v", "-e", "print(1)"]).code(0).stdout("1").stderr(&verbose);
    sandbox.jlproj(["run", "--verbose", "-e", "print(1)"]).code(0).stdout("1").stderr(&verbose);
    let command = "jlproj: [REALJULIA] --project=[PROJECT] -e 'print(1)'\n";
    let very_verbose = format!("{verbose}{command}");
    sandbox.jlproj(["run", "-vv", "-e", "print(1)"]).code(0).stdout("1").stderr(&very_verbose);
    // After the first argument of Julia's it is Julia's.
    let version = sandbox.jlproj(["run", "-q", "-v"]);
    version.code(0).stdout(&format!("julia version {}\n", world::version())).stderr("");
}

#[test]
fn every_start_in_a_project_has_one_line_in_the_journal() {
    let sandbox = probed().in_world();
    sandbox.jlproj(["run", "-e", "0"]).code(0);
    sandbox.jlproj(["run", "--check-bounds=yes", "-e", "0"]).code(0);
    sandbox.jlproj(["run", "--dry-run", "-e", "0"]).code(0);
    sandbox.jlproj(["run", "--sysimage=require", "-e", "0"]).code(125);
    sandbox.run(sandbox.command(["run", "-e", "0"]).current_dir("/")).code(0);
    let journal = fs::read_to_string(sandbox.path("store/usage-v1.log")).expect("journal");
    let project = sandbox.project();
    let line = |verdict: &str| format!("{NOW}\t{verdict}\t-\t{}\t{}\n", world::version(), project.display());
    assert_eq!(journal, line("none") + &line("aside"));
}

#[test]
fn julia_may_keep_many_caches_of_one_package() {
    let mut sandbox = probed();
    let ask = ["run", "-e", "print(repr(get(ENV, \"JULIA_MAX_NUM_PRECOMPILE_FILES\", nothing)))"];
    sandbox.jlproj(ask).code(0).stdout("\"1000\"").stderr("");
    // One that is empty stays as well: Julia 1.5 does not look at it, later ones do not start with it.
    let own = if world::is_at_least(6) { &["3"][..] } else { &["3", ""] };
    for own in own {
        sandbox.set("JULIA_MAX_NUM_PRECOMPILE_FILES", own);
        sandbox.jlproj(ask).code(0).stdout(&format!("\"{own}\"")).stderr("");
    }
}

#[test]
fn an_image_that_is_required_and_missing_is_a_failure() {
    let sandbox = probed().in_world();
    let error = "error: no image is in force: no image for this project yet; run `jlproj build`\n\n\
                 hint: `jlproj build`\n";
    let words = ["run", "--sysimage=require", "-e", "print(1)"];
    sandbox.jlproj(words).code(125).stdout("").stderr(error);
    let sandbox = sandbox.with("JLPROJ_SYSIMAGE", "require");
    sandbox.jlproj(["run", "-e", "print(1)"]).code(125).stdout("").stderr(error);
    sandbox.jlproj(["run", "--sysimage=auto", "-e", "print(1)"]).code(0).stdout("1").stderr(NO_IMAGE);
    // What no build would mend.
    let hints = "\n\nhint: `jlproj status` says what to do about it\n\
                 hint: or start without an image: `jlproj run --sysimage=auto`\n";
    let covered = ["run", "--sysimage=require", "--code-coverage=user", "-e", "print(1)"];
    let error = format!("error: no image is in force: `--code-coverage` sees no code inside one{hints}");
    sandbox.jlproj(covered).code(125).stdout("").stderr(&error);
    let manifest = sandbox.project().join("Manifest.toml");
    fs::rename(&manifest, sandbox.path("tmp/kept")).expect("manifest");
    let error = format!("error: no image is in force: `[PROJECT]/Project.toml` has no manifest{hints}");
    sandbox.jlproj(words).code(125).stdout("").stderr(&error);
    fs::rename(sandbox.path("tmp/kept"), &manifest).expect("manifest");
    sandbox.jlproj(["status"]).code(0);
    let sandbox = sandbox.with("JLPROJ_SYSIMAGE", "sometimes");
    let hint = "can only be `auto`, `none` or `require`\n\n\
                hint: set it to what it can be, or `unset JLPROJ_SYSIMAGE`\n";
    sandbox.jlproj(["status"]).code(1).stdout("").stderr_has(hint);
    sandbox.jlproj(["run", "-e", "print(1)"]).code(0).stdout("1").stderr(
        "jlproj: no image: a setting cannot be followed: JLPROJ_SYSIMAGE is `sometimes`, \
         but can only be `auto`, `none` or `require`\n",
    );
}

/// Options under which the image is not used, with the reason that `-v` gives.
const ASIDE: [(&[&str], &str); 7] = [
    (&["--code-coverage=user"], "no image: `--code-coverage` sees no code inside one"),
    (&["--track-allocation"], "no image: `--track-allocation` sees no code inside one"),
    (&["--check-bounds=yes"], "no image: `--check-bounds=yes` does not reach the code inside one"),
    (&["--check-bounds=no"], "no image: `--check-bounds=no` does not reach the code inside one"),
    (&["--inline=no"], "no image: `--inline=no` does not reach the code inside one"),
    (&["-C", "generic"], "no image: `--cpu-target=generic` may not be what it was built for"),
    (&["--sysimage=none"], "no image: switched off by command line"),
];

#[test]
fn with_an_image() {
    let mut sandbox = probed().in_world().with_standin_builder();
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    fs::remove_file(sandbox.path("store/usage-v1.log")).ok();
    let image = "[STORE]/images-v1/[KEY]/sys.so";
    let own = sandbox.run(&mut instead(&sandbox, world::julia(), ["-e", IMAGE])).stdout;
    let used = |sandbox: &Sandbox, words: &[&str]| {
        let ran = sandbox.jlproj([&["run"], words, &["-e", IMAGE]].concat());
        ran.code(0).stderr("").stdout.clone()
    };
    assert_eq!(used(&sandbox, &[]), image);
    let journal = fs::read_to_string(sandbox.path("store/usage-v1.log")).expect("journal");
    assert_eq!(sandbox.redact(&journal), format!("{NOW}\texact\t[KEY]\t{}\t[PROJECT]\n", world::version()));

    let line = format!("[REALJULIA] --sysimage={image} --project=[PROJECT] -e 0\n");
    sandbox.jlproj(["run", "--dry-run", "-e", "0"]).code(0).stdout(&line).stderr("");
    let dry = sandbox.command(["run", "--dry-run", "-e", IMAGE]).output().expect("jlproj").stdout;
    let dry = OsString::from_vec(dry);
    sandbox.run(&mut instead(&sandbox, "sh", [OsStr::new("-c"), &dry])).code(0).stdout(image).stderr("");
    let verbose = format!("jlproj: project [PROJECT]\njlproj: image {image} (exact)\n");
    sandbox.jlproj(["run", "-v", "-e", "print(1)"]).code(0).stdout("1").stderr(&verbose);

    for kept in ["--sysimage=require", "--code-coverage=none", "-O0", "--compile=min", "--cpu-target=native"]
    {
        assert_eq!(used(&sandbox, &[kept]), image, "{kept}");
    }
    for (words, reason) in ASIDE {
        if words[0] != "-C" || world::starts_generic() {
            assert_eq!(used(&sandbox, words), own, "{words:?}");
        }
        let ran = sandbox.jlproj([&["run", "-v", "--dry-run"], words, &["-e", "0"]].concat());
        ran.code(0).stderr(&format!("jlproj: project [PROJECT]\njlproj: {reason}\n"));
    }
    let real = sandbox.command(["run", "--sysimage=none", "-e", IMAGE]).output().expect("jlproj").stdout;
    let real = String::from_utf8(real).expect("UTF-8");
    for words in [&["-J", &real][..], &["-J", &real, "--sysimage=require"]] {
        let ran = sandbox.jlproj([&["run", "-v"], words, &["-e", IMAGE]].concat());
        if words.contains(&"--sysimage=require") {
            ran.code(125).stderr_has("another one was named");
        } else {
            ran.code(0).stdout(&own).stderr_has("jlproj: no image of jlproj's: another one was named\n");
        }
    }
    sandbox.set("JLPROJ_DISABLE", "1");
    assert_eq!(used(&sandbox, &[]), own);
    sandbox
        .jlproj(["run", "-v", "--dry-run"])
        .stderr_has("switched off by environment variable JLPROJ_DISABLE");
    assert_eq!(used(&sandbox, &["--sysimage=require"]), image);
    sandbox.set("JLPROJ_DISABLE", "0");
    assert_eq!(used(&sandbox, &[]), image);
}
