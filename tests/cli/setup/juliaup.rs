//! juliaup, the real one, with a depot of its own: a channel that leads to the wrapper.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::host_programs;
use crate::support::hosts::{IMAGE, jlproj, program, sandbox, there_and_back, with_image};
use crate::support::sandbox::{Sandbox, copy_program};
use crate::support::world;

/// A sandbox with juliaup first on PATH, whose default channel is the test's Julia.
struct Juliaup {
    sandbox: Sandbox,
    project: PathBuf,
}

impl Juliaup {
    fn new(made: fn() -> (Sandbox, PathBuf)) -> Option<Self> {
        let folder = host_programs::program("juliaup/bin/juliaup")?.parent()?.to_owned();
        let (mut sandbox, project) = made();
        sandbox.set("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        sandbox.set("JULIAUP_DEPOT_PATH", sandbox.path("home/juliaup-depot"));
        let this = Self { sandbox, project };
        this.run("juliaup", &["link", "real", &world::julia().display().to_string()]);
        this.run("juliaup", &["default", "real"]);
        Some(this)
    }

    fn run(&self, name: &str, arguments: &[&str]) -> String {
        self.run_in(&self.project, name, arguments)
    }

    fn run_in(&self, folder: &Path, name: &str, arguments: &[&str]) -> String {
        let mut command = program(&self.sandbox, Path::new("/usr/bin/env"), folder);
        self.sandbox.run(command.arg(name).args(arguments)).code(0).stdout.clone()
    }

    /// juliaup's settings without what it notes of itself.
    fn settings(&self) -> serde_json::Value {
        let text = fs::read(self.sandbox.path("home/juliaup-depot/juliaup/juliaup.json")).expect("settings");
        let mut settings: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        settings.as_object_mut().expect("object").remove("LastVersionDbUpdate");
        settings
    }

    fn image(&self) -> String {
        self.sandbox.redact(&self.sandbox.only_image().display().to_string())
    }
}

#[test]
fn a_channel_leads_to_the_image_and_is_taken_back() {
    let Some(juliaup) = Juliaup::new(with_image) else { return };
    let Juliaup { sandbox, project, .. } = &juliaup;
    let before = juliaup.settings();
    let image = juliaup.image();
    let elsewhere = sandbox.path("home");
    let plain = juliaup.run("julia", &["-e", IMAGE]);
    assert_ne!(plain, image);
    let channel = "+jlproj-it-s-a-home-zo";
    there_and_back(sandbox, project, &["juliaup"], || {
        let active = "print(Base.active_project())";
        assert_eq!(juliaup.run("julia", &["-e", IMAGE]), image);
        assert_eq!(juliaup.run_in(&elsewhere, "julia", &["-e", IMAGE]), plain);
        assert_eq!(juliaup.run_in(&elsewhere, "julia", &[channel, "-e", IMAGE]), image);
        let file = sandbox.redact(&project.join("Project.toml").display().to_string());
        assert_eq!(juliaup.run_in(&elsewhere, "julia", &[channel, "-e", active]), file);
        // Another project than its own: no image of this one.
        assert_eq!(juliaup.run("julia", &["--project=/nonexistent", "-e", IMAGE]), plain);
        // jlproj finds the real Julia behind, wherever the channel comes from.
        for arguments in [vec!["run", "-e", IMAGE], vec!["run", channel, "-e", IMAGE]] {
            jlproj(sandbox, project, &arguments).code(0).stdout(&image).stderr("");
        }
        jlproj(sandbox, &elsewhere, &["run", channel, "-e", IMAGE]).code(0).stdout(&image).stderr("");
        jlproj(sandbox, project, &["status"]).code(0);
        let mut named = sandbox.command(["run", "-e", IMAGE]);
        sandbox
            .run(named.current_dir(&elsewhere).env("JULIAUP_CHANNEL", &channel[1..]))
            .code(0)
            .stdout(&image);
        fs::remove_dir_all(sandbox.path("store/images-v1")).expect("remove");
        assert_eq!(juliaup.run("julia", &["-e", IMAGE]), plain);
        jlproj(sandbox, project, &["run", "--quiet", "-e", IMAGE]).code(0).stdout(&plain);
    });
    assert_eq!(juliaup.settings(), before);
}

#[test]
fn what_juliaup_had_is_put_back() {
    let Some(juliaup) = Juliaup::new(sandbox) else { return };
    let Juliaup { sandbox, project, .. } = &juliaup;
    let place = project.display().to_string();
    juliaup.run("juliaup", &["link", "other", &world::julia().display().to_string()]);
    juliaup.run("juliaup", &["override", "set", "other", "--path", &place]);
    let before = juliaup.settings();
    jlproj(sandbox, project, &["setup", "juliaup", "--name", "real"])
        .code(1)
        .stderr_has("juliaup has a channel `real` already")
        .stderr_has("hint: give this one another name");
    assert_eq!(juliaup.settings(), before);
    there_and_back(sandbox, project, &["juliaup", "--name", "ours"], || {
        let active = juliaup.run("julia", &["-e", "print(Base.active_project())"]);
        assert_eq!(active, sandbox.redact(&project.join("Project.toml").display().to_string()));
    });
    assert_eq!(juliaup.settings(), before);
    // Half of it taken back by hand: told, and the rest is taken back.
    jlproj(sandbox, project, &["setup", "juliaup", "--name", "ours"]).code(0);
    jlproj(sandbox, project, &["setup", "juliaup", "--name", "another"])
        .code(1)
        .stderr_has("the project has the channel `ours` already")
        .stderr_has("hint: take it back first: `jlproj setup juliaup --undo`");
    juliaup.run("juliaup", &["override", "set", "other", "--path", &place]);
    jlproj(sandbox, project, &["setup", "juliaup", "--check"]).code(1).stdout_has("would run ");
    jlproj(sandbox, project, &["setup", "juliaup", "--undo"]).code(0);
    assert_eq!(juliaup.settings(), before);
}

#[test]
fn a_juliaup_at_another_path_does_as_the_first() {
    let Some(mut juliaup) = Juliaup::new(sandbox) else { return };
    let before = juliaup.settings();
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup"]).code(0);
    let set_up = juliaup.settings();
    let own = host_programs::program("juliaup/bin/juliaup").expect("juliaup");
    let other = juliaup.sandbox.path("elsewhere");
    fs::create_dir_all(&other).expect("folder");
    for name in ["juliaup", "julia"] {
        copy_program(own.with_file_name(name), &other.join(name));
    }
    juliaup.sandbox.set("PATH", format!("{}:/usr/bin:/bin", other.display()));
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup"]).code(0);
    assert_eq!(juliaup.settings(), set_up);
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup", "--undo"]).code(0);
    assert_eq!(juliaup.settings(), before);
}

#[test]
fn without_juliaup_it_is_said() {
    let Some(mut juliaup) = Juliaup::new(sandbox) else { return };
    let folder = juliaup.sandbox.path("bin");
    let own = host_programs::program("juliaup/bin/juliaup").expect("it was there");
    let without = format!("{}:/usr/bin:/bin", folder.display());
    juliaup.sandbox.set("PATH", &without);
    let said = "there is no juliaup on PATH\n\nhint: install it, or use `jlproj setup shell`\n";
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup"]).code(1).stderr_has(said);
    juliaup.sandbox.set("JULIAUP_DEPOT_PATH", "/nonexistent");
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup"]).code(1).stderr_has(said);
    let with = format!("{without}:{}", own.parent().expect("folder").display());
    juliaup.sandbox.set("PATH", with);
    jlproj(&juliaup.sandbox, &juliaup.project, &["setup", "juliaup"])
        .code(1)
        .stderr_has("juliaup has no Julia yet\n\nhint: `juliaup add release`\n");
}
