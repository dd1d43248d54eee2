//! Quarto: settings for this machine, and the worker that they make.

use std::fs;
use std::path::Path;

use crate::support::hosts::{jlproj, program, sandbox, there_and_back, with_image, wrapper};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

const LOCAL: &str = "_quarto.yml.local";

/// Starts a worker as Quarto's engine does (`EXE --startup-file=no --color=yes EXEFLAGS startup.jl`), with the flags that
/// the settings say.
fn worker(sandbox: &Sandbox, project: &Path, code: &str) -> Ran {
    let text = fs::read_to_string(project.join(LOCAL)).expect("settings");
    let settings: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    let flags = settings["julia"]["exeflags"].as_sequence().expect("flags");
    let flags: Vec<&str> = flags.iter().map(|flag| flag.as_str().expect("text")).collect();
    assert_eq!(flags.len(), 2, "{text}");
    let script = sandbox.write("tmp/startup.jl", code);
    let mut command = program(sandbox, &world::julia(), project);
    command.args(["--startup-file=no", "--color=yes"]).args(flags).arg(script).args(["a b", "--load=x"]);
    sandbox.run(&mut command)
}

const TELL: &str = "import Alpha; print(unsafe_string(Base.JLOptions().image_file), '|', Base.active_project(), '|', \
                    ARGS, '|', PROGRAM_FILE)";

#[test]
fn a_worker_gets_the_image_and_all_comes_back_to_the_byte() {
    let (mut sandbox, project) = with_image();
    fs::write(project.join("_quarto.yml"), "engine: julia\n").expect("settings");
    let image = sandbox.only_image().display().to_string();
    let expected = |sandbox: &Sandbox, image: &str| {
        let manifest = project.join("Project.toml").display().to_string();
        let script = sandbox.path("tmp/startup.jl").display().to_string();
        sandbox.redact(&format!("{image}|{manifest}|[\"a b\", \"--load=x\"]|{script}"))
    };
    let bare = sandbox.run(program(&sandbox, &world::julia(), &project).args([
        &format!("--project={}", project.display()),
        "-e",
        "print(unsafe_string(Base.JLOptions().image_file))",
    ]));
    let plain = bare.stdout.clone();
    there_and_back(&sandbox, &project, &["quarto"], || {
        worker(&sandbox, &project, TELL).code(0).stderr("").stdout(&expected(&sandbox, &image));
        let own = wrapper(&sandbox).with_file_name("hook.jl");
        let text = fs::read_to_string(project.join(LOCAL)).expect("settings");
        assert!(text.contains(own.to_str().expect("UTF-8")), "{text}");
    });
    jlproj(&sandbox, &project, &["setup", "quarto"]).code(0);
    worker(&sandbox, &project, "exit(42)").code(42);
    sandbox.set("JLPROJ_DISABLE", "1");
    worker(&sandbox, &project, TELL).code(0).stderr("").stdout(&expected(&sandbox, &plain));
    sandbox.unset("JLPROJ_DISABLE");
    fs::remove_dir_all(sandbox.path("store/images-v1")).expect("remove");
    worker(&sandbox, &project, TELL).code(0).stderr("").stdout(&expected(&sandbox, &plain));
    // Not even the wrapper.
    fs::remove_file(wrapper(&sandbox)).expect("remove");
    worker(&sandbox, &project, TELL).code(0).stderr("").stdout(&expected(&sandbox, &plain));
}

#[test]
fn a_worker_can_be_interrupted() {
    let (sandbox, project) = sandbox();
    fs::write(project.join("_quarto.yml"), "").expect("settings");
    jlproj(&sandbox, &project, &["setup", "quarto"]).code(0);
    let code = "ccall(:jl_exit_on_sigint, Cvoid, (Cint,), 0)
                print(occursin(\"hook.jl\", read(\"/proc/self/cmdline\", String)))
                stop = time() + 20
                try; ccall(:kill, Cint, (Cint, Cint), getpid(), 2); while time() < stop; GC.safepoint(); end
                catch error; print(error); end";
    worker(&sandbox, &project, code).code(0).stdout("falseInterruptException()");
}

#[test]
fn settings_that_are_there_keep_all_that_they_say() {
    let (sandbox, project) = sandbox();
    fs::write(project.join("_quarto.yaml"), "project:\n  type: website\n").expect("settings");
    let local = project.join("_quarto.yaml.local");
    for text in ["", "# mine\nformat:\n  html: {toc: true}", "a: |\n  julia: no key\n"] {
        fs::write(&local, text).expect("settings");
        there_and_back(&sandbox, &project, &["quarto"], || {
            let edited = fs::read_to_string(&local).expect("settings");
            assert!(
                edited.starts_with(text) && edited.contains("\njulia:\n  exeflags:\n") || text.is_empty()
            );
        });
    }
    for (text, reason) in [
        ("julia:\n  exeflags: [\"-O1\"]\n", "it has `julia` already"),
        ("{a: 1}\n", "more lines at its end would mean something else"),
        ("a: [\n", "is not edited: "),
    ] {
        fs::write(&local, text).expect("settings");
        jlproj(&sandbox, &project, &["setup", "quarto"])
            .code(1)
            .stderr_has(reason)
            .stderr_has("\n  julia:\n    exeflags:\n")
            .stderr_has("hint: put the lines above there by hand\n");
        assert_eq!(fs::read_to_string(&local).expect("settings"), text);
    }
    // More of the user's beside ours: only ours goes.
    fs::write(&local, "a: 1\n").expect("settings");
    jlproj(&sandbox, &project, &["setup", "quarto"]).code(0);
    let text = fs::read_to_string(&local).expect("settings");
    fs::write(&local, format!("{text}b: 2\n")).expect("settings");
    jlproj(&sandbox, &project, &["setup", "quarto", "--undo"]).code(0);
    assert_eq!(fs::read_to_string(&local).expect("settings"), "a: 1\nb: 2\n");
}

#[test]
fn where_there_is_no_quarto_project_nothing_is_written() {
    let (sandbox, project) = sandbox();
    jlproj(&sandbox, &project, &["setup", "quarto"])
        .code(1)
        .stderr_has("there is no Quarto project in ")
        .stderr_has("hint: go to one, or name it: `jlproj setup quarto FOLDER`");
    assert!(!project.join(LOCAL).exists());
    // Elsewhere than the project of Julia's, and named.
    sandbox.write("site/_quarto.yml", "");
    let option = project.display().to_string();
    there_and_back(&sandbox, &sandbox.path(""), &["quarto", "site", "--project", &option], || {
        let text = fs::read_to_string(sandbox.path("site").join(LOCAL)).expect("settings");
        assert!(text.contains(&option), "{text}");
    });
}
