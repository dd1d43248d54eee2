//! `julia` that is jlproj: all as with the real one, and the image of the project that it has anyway.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

const IMAGE: &str = "print(unsafe_string(Base.JLOptions().image_file))";
const PROJECT: &str = "print(Base.active_project())";

/// A sandbox with an image, whose PATH begins with the folder of the shim.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new().in_world().with_world_image();
    sandbox.jlproj(["exec", "--", "true"]).code(0);
    let shims = world::world().store().join("shims-v1");
    sandbox.set("PATH", format!("{}:{}:/usr/bin:/bin", shims.display(), sandbox.path("bin").display()));
    sandbox
}

/// A program found on the sandbox's PATH, in its surroundings.
fn program(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Command {
    let jlproj = sandbox.command(["--version"]);
    let mut command = Command::new("/usr/bin/env");
    command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.arg(name).args(arguments).current_dir(sandbox.project()).stdin(std::process::Stdio::null());
    command
}

fn julia(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.run(&mut program(sandbox, "julia", arguments))
}

/// The image as Julia's output shows it.
fn image(sandbox: &Sandbox) -> String {
    sandbox.redact(&world::world().image().display().to_string())
}

#[test]
fn the_image_is_that_of_the_project_which_julia_has_anyway() {
    let mut sandbox = sandbox();
    let project = sandbox.project().display().to_string();
    let plain = julia(&sandbox, &["-e", IMAGE]).stdout;
    assert_ne!(plain, image(&sandbox), "no project is chosen that Julia would not choose");
    let default = julia(&sandbox, &["-e", PROJECT]).stdout;
    assert!(default.ends_with(&format!("environments/{}/Project.toml", world::release())), "{default}");
    julia(&sandbox, &[&format!("--project={project}"), "-e", IMAGE])
        .code(0)
        .stdout(&image(&sandbox))
        .stderr("");
    julia(&sandbox, &["--project=@.", "-e", IMAGE]).code(0).stdout(&image(&sandbox)).stderr("");
    sandbox.set("JULIA_PROJECT", "@.");
    julia(&sandbox, &["-e", IMAGE]).code(0).stdout(&image(&sandbox)).stderr("");
    julia(&sandbox, &["-e", PROJECT]).code(0).stdout("[PROJECT]/Project.toml");
    sandbox.set("JLPROJ_DISABLE", "1");
    julia(&sandbox, &["-e", IMAGE]).code(0).stdout(&plain).stderr("");
}

#[test]
fn all_arguments_are_julias() {
    let mut sandbox = sandbox();
    sandbox.set("JULIA_PROJECT", "@.");
    julia(&sandbox, &["-v"]).code(0).stdout(&format!("julia version {}\n", world::version())).stderr("");
    julia(&sandbox, &["--help"]).code(0).stdout_has("julia [switches] -- [programfile] [args...]").stderr("");
    // jlproj's own options mean nothing here.
    let real = Command::new(world::julia()).arg("--dry-run").output().expect("julia");
    let ran = julia(&sandbox, &["--dry-run"]);
    ran.code(real.status.code().expect("code")).stderr(&String::from_utf8_lossy(&real.stderr));
    fs::write(sandbox.path("project/odd.jl"), "print(ARGS)").expect("script");
    let odd = ["odd.jl", "-J", "x", "--", "a b", "it's", "$HOME", "é", "", "--project=/"];
    let ran = julia(&sandbox, &odd);
    let real = Command::new(world::julia()).args(odd).current_dir(sandbox.project()).output().expect("julia");
    assert!(real.stdout.starts_with(b"[\"-J\", \"x\", "));
    ran.code(0).stdout(&String::from_utf8_lossy(&real.stdout)).stderr("");
    // No juliaup here: a script of that name.
    fs::write(sandbox.path("project/+odd"), "print(1)").expect("script");
    julia(&sandbox, &["+odd"]).code(0).stdout("1");
    julia(&sandbox, &["-e", "exit(42)"]).code(42);
    let own = world::world().image().display().to_string();
    julia(&sandbox, &["-J", &own, "-e", IMAGE]).code(0).stdout(&image(&sandbox));
}

/// How a program ends by a signal that it gets once it has printed a line.
fn ended_by(signal: &str, mut command: Command) -> std::process::ExitStatus {
    let null = std::process::Stdio::null;
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(null()).spawn().expect("starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    assert!(Command::new("/bin/kill").args([signal, line.trim()]).status().expect("kill").success());
    child.wait().expect("ends")
}

#[test]
fn the_process_is_julia_itself() {
    let mut sandbox = sandbox();
    sandbox.set("JULIA_PROJECT", "@.");
    let code = "println(getpid()); flush(stdout); sleep(60)";
    let mut command = program(&sandbox, "julia", &["-e", code]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("a line");
    assert_eq!(line.trim(), child.id().to_string());
    for signal in ["-INT", "-TERM"] {
        assert_eq!(ended_by(signal, program(&sandbox, "julia", &["-e", code])), {
            let mut plain = Command::new(world::julia());
            plain.args(["-e", code]);
            ended_by(signal, plain)
        });
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn scripts_workers_and_children_get_the_same() {
    let mut sandbox = sandbox();
    sandbox.set("JULIA_PROJECT", "@.");
    let script = sandbox.write("project/script.jl", format!("#!/usr/bin/env julia\n{IMAGE}; print(ARGS)"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("mode");
    let ran = sandbox.run(&mut program(&sandbox, script.to_str().expect("UTF-8"), &["-x", "y"]));
    ran.code(0).stdout(&format!("{}[\"-x\", \"y\"]", image(&sandbox)));
    let worker = "print(fetch(@spawnat 2 (unsafe_string(Base.JLOptions().image_file), Sys.BINDIR)))";
    let expected =
        format!("(\"{}\", \"{}\")", image(&sandbox), world::julia().parent().expect("folder").display());
    let redacted = sandbox.redact(&expected);
    julia(&sandbox, &["-p", "1", "-e", worker]).code(0).stdout(&redacted);
    let added = format!("using Distributed; addprocs(1); {worker}");
    julia(&sandbox, &["-e", &added]).code(0).stdout(&redacted);
    let child = "run(`julia -e $(ARGS[1])`)";
    julia(&sandbox, &["-e", child, IMAGE]).code(0).stdout(&image(&sandbox));
}

#[test]
fn it_never_takes_itself_nor_another_jlproj_for_julia() {
    let mut sandbox = sandbox();
    let shims = world::world().store().join("shims-v1");
    // Another jlproj elsewhere that somebody set up too.
    let other = sandbox.path("other");
    fs::create_dir_all(other.join("shims")).expect("folder");
    let mut program = fs::read(env!("CARGO_BIN_EXE_jlproj")).expect("program");
    program.extend(b"of another version");
    let path = sandbox.write("other/jlproj", program);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("mode");
    std::os::unix::fs::symlink(other.join("jlproj"), other.join("shims/julia")).expect("link");
    sandbox.set("PATH", format!("{}:{}:/usr/bin:/bin", shims.display(), other.join("shims").display()));
    if !std::path::Path::new("/usr/bin/julia").exists() {
        julia(&sandbox, &["-e", "print(1)"]).code(127).stderr_has("error: no Julia found");
    }
    let bin = sandbox.path("bin");
    let path = [shims.as_path(), &other.join("shims"), &bin].map(|path| path.display().to_string()).join(":");
    sandbox.set("PATH", format!("{path}:/usr/bin:/bin"));
    julia(&sandbox, &["-e", "print(1)"]).code(0).stdout("1").stderr("");
    // A `julia` that is a script around `julia`.
    fs::remove_file(sandbox.path("bin/julia")).expect("remove");
    std::os::unix::fs::symlink(
        world::repository().join("tests/fixtures/looping-julia"),
        sandbox.path("bin/julia"),
    )
    .expect("link");
    sandbox.set("PATH", format!("{}:{}:/usr/bin:/bin", shims.display(), bin.display()));
    sandbox.set("JLPROJ_TEST_PROGRAM", env!("CARGO_BIN_EXE_jlproj"));
    julia(&sandbox, &["-e", "print(1)"]).code(125).stderr_has("is a wrapper that starts jlproj again");
}

#[test]
fn without_jlproj_the_next_julia_on_path_is_started() {
    let mut sandbox = sandbox();
    let shims = sandbox.path("shims");
    fs::create_dir(&shims).expect("folder");
    std::os::unix::fs::symlink(sandbox.path("gone/jlproj"), shims.join("julia")).expect("link");
    sandbox.set("PATH", format!("{}:{}:/usr/bin:/bin", shims.display(), sandbox.path("bin").display()));
    julia(&sandbox, &["-e", "print(1)"]).code(0).stdout("1").stderr("");
    let mut shell = program(&sandbox, "sh", &["-c", "julia -e 'print(2)'"]);
    sandbox.run(&mut shell).code(0).stdout("2").stderr("");
}
