//! Apps that Pkg installs: they start on an image of what they load.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::hosts::{jlproj, program, there_and_back};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

/// A depot with the app `greet`, and an image of what it is on. `None` where this Julia knows no apps.
fn with_app() -> Option<(Sandbox, PathBuf)> {
    if !world::is_at_least(12) {
        world::left_out("apps that Pkg installs", "Pkg has them from Julia 1.12 on");
        return None;
    }
    let mut sandbox = with_standard_caches(own_depot(Sandbox::new().with_standin_builder()));
    sandbox.unset("__JLPROJ_READ");
    sandbox.write("project/Project.toml", "");
    sandbox.jlproj(["pkg", "add", "Alpha@1.0.0", "Beta", "Gamma@1.0.0"]).code(0);
    sandbox.jlproj(["build", "--quiet"]).code(0);
    sandbox.jlproj(["pkg", "app", "add", "Greeter"]).code(0);
    let project = sandbox.project();
    Some((sandbox, project))
}

fn script(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("home/.julia/bin/greet")
}

/// Starts the app as a user does, from anywhere; it ends with the number of its arguments.
fn greet(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.run(program(sandbox, &script(sandbox), Path::new("/")).args(arguments))
}

fn environment(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("home/.julia/environments/apps/Greeter")
}

#[test]
fn an_app_starts_on_an_image_and_its_script_comes_back_to_the_byte() {
    let Some((sandbox, project)) = with_app() else { return };
    greet(&sandbox, &["a b", "--help"]).code(2).stdout("plain|beta on alpha 1.0.0|a b|--help\n").stderr("");
    there_and_back(&sandbox, &project, &["apps"], || {
        greet(&sandbox, &["a b", "--help"])
            .code(2)
            .stdout("image|beta on alpha 1.0.0|a b|--help\n")
            .stderr("");
        // What stands before `--` is Julia's.
        greet(&sandbox, &["--check-bounds=yes", "--", "-v"])
            .code(1)
            .stdout("plain|beta on alpha 1.0.0|-v\n")
            .stderr("");
        let mut command = program(&sandbox, &script(&sandbox), Path::new("/"));
        sandbox
            .run(command.env("JLPROJ_DISABLE", "1"))
            .code(0)
            .stdout("plain|beta on alpha 1.0.0\n")
            .stderr("");
        // jlproj chooses no Julia: the one that Pkg wrote down is started.
        let mut command = program(&sandbox, &script(&sandbox), Path::new("/"));
        sandbox
            .run(command.env("PATH", "/usr/bin:/bin"))
            .code(0)
            .stdout("image|beta on alpha 1.0.0\n")
            .stderr("");
    });
    // An app is an installed package: its image holds it as well.
    let environment = environment(&sandbox);
    let status = jlproj(&sandbox, &environment, &["status", "--verbose"]);
    status
        .code(0)
        .stdout_has("an image that lacks 1 of the packages is in force")
        .stdout_has("not in the image  Greeter\n");
    assert!(!status.stdout.contains("the project itself"), "{status}");
    // One that begins elsewhere is not.
    let file = environment.join("Project.toml");
    let text = fs::read_to_string(&file).expect("project");
    let entry = text.lines().find(|line| line.starts_with("entryfile = ")).expect("an entry");
    fs::write(&file, text.replace(entry, "entryfile = \"/elsewhere/src/Greeter.jl\"")).expect("write");
    jlproj(&sandbox, &environment, &["status"]).code(0).stdout_has("Greeter: the project itself");
}

#[test]
fn what_pkg_does_meanwhile_is_noticed() {
    let Some((sandbox, project)) = with_app() else { return };
    let setup = |arguments: &[&str]| jlproj(&sandbox, &project, &[&["setup", "apps"], arguments].concat());
    setup(&["nosuch"])
        .code(1)
        .stderr_has("error: `[HOME]/.julia/bin` has no script of Pkg's for an app `nosuch`\n\nhint: apps that are there: greet\n");
    setup(&["greet"])
        .code(0)
        .stderr_has("the image of `greet`: `jlproj build [HOME]/.julia/environments/apps/Greeter`");
    greet(&sandbox, &[]).code(0).stdout("image|beta on alpha 1.0.0\n");
    let edited = fs::read_to_string(script(&sandbox)).expect("script");
    // Pkg writes the script anew.
    sandbox.jlproj(["pkg", "app", "add", "Greeter"]).code(0);
    assert_ne!(fs::read_to_string(script(&sandbox)).expect("script"), edited);
    greet(&sandbox, &[]).code(0).stdout("plain|beta on alpha 1.0.0\n");
    setup(&["--check"])
        .code(1)
        .stdout_has("would edit [HOME]/.julia/bin/greet")
        .stdout_has("    `jlproj setup apps greet`\n");
    setup(&[]).code(0).stderr_has("apps ([HOME]/.julia/bin) is set up\n");
    assert_eq!(fs::read_to_string(script(&sandbox)).expect("script"), edited);
    // The environment is gone: Julia's own error, and nothing else is lost.
    let (environment, aside) = (environment(&sandbox), sandbox.path("home/aside"));
    fs::rename(&environment, &aside).expect("move");
    let ran = greet(&sandbox, &[]);
    ran.code(1).stdout("").stderr_has("Package Greeter not found");
    setup(&["--check"])
        .code(1)
        .stdout_has("the environment of `greet`, `[HOME]/.julia/environments/apps/Greeter`, is gone\n");
    fs::rename(&aside, &environment).expect("move");
    greet(&sandbox, &[]).code(0).stdout("image|beta on alpha 1.0.0\n");
    // By name, and when the app itself is gone.
    setup(&["greet", "--undo"]).code(0).stderr_has(" is taken back\n");
    greet(&sandbox, &[]).code(0).stdout("plain|beta on alpha 1.0.0\n");
    setup(&[]).code(0);
    sandbox.jlproj(["pkg", "app", "rm", "Greeter"]).code(0);
    setup(&["--undo"]).code(0).stderr_has(" is taken back\n");
    setup(&[]).code(1).stderr_has("no app is installed").stderr_has("`pkg> app add PACKAGE` installs one");
    assert_eq!(sandbox.names("store/launchers-v1"), [""; 0]);
}
