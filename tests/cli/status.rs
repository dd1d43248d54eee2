//! What an image cost and what it brings; one that does not pay can be dropped.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::sandbox::{NOW, Ran, Sandbox, copy_folder};
use crate::support::starts::{instead, prepared, wait_for_the_end};
use crate::support::world::world;

const DAY: i64 = 24 * 3600;

/// Seconds that the image's record is made to tell: of building, and of a start without and with it.
const SPENT: f64 = 200.0;
const WITHOUT: f64 = 3.0;
const WITH: f64 = 0.5;

/// A sandbox with a project in a folder whose name a shell has to be told carefully, and its image.
fn built() -> (Sandbox, PathBuf) {
    let sandbox = prepared();
    let project = sandbox.path("home/Zoë's project");
    copy_folder(&world().project(), &project);
    in_project(&sandbox, &project, &["build", "--quiet"]).code(0).stderr("");
    (sandbox, project)
}

fn in_project(sandbox: &Sandbox, project: &Path, arguments: &[&str]) -> Ran {
    sandbox.run(sandbox.command(arguments).current_dir(project))
}

/// Writes into the record of the only project what its build took and what a start takes.
fn set_measured(sandbox: &Sandbox) {
    let names = sandbox.names("store/projects-v1");
    assert_eq!(names.len(), 1, "{names:?}");
    let path = sandbox.path("store/projects-v1").join(&names[0]);
    let mut record: toml::Table = fs::read_to_string(&path).expect("record").parse().expect("TOML");
    let measured = record["measured"].as_table().expect("measured");
    assert_eq!(record["spent"], measured["build"], "{record}");
    record["spent"] = SPENT.into();
    record["measured"]["load_without"] = WITHOUT.into();
    record["measured"]["load_with"] = WITH.into();
    fs::write(path, record.to_string()).expect("record");
    let path = sandbox.only_image().with_file_name("image.toml");
    let mut record: toml::Table = fs::read_to_string(&path).expect("record").parse().expect("TOML");
    record["measured"]["load_without"] = WITHOUT.into();
    record["measured"]["load_with"] = WITH.into();
    fs::write(path, record.to_string()).expect("record");
}

/// Writes so many starts under the image into the journal, each so many seconds after the one before, up to now.
fn set_starts(sandbox: &Sandbox, project: &Path, count: i64, seconds: i64) {
    let key = &sandbox.names("store/images-v1")[0];
    let line = |number| format!("{}\texact\t{key}\t1.10.4\t{}\n", NOW - number * seconds, project.display());
    sandbox.write("store/usage-v1.log", (0..count).map(line).collect::<String>());
}

/// The figures of `status`: spent, saved, and saved in a week.
fn figures(sandbox: &Sandbox, project: &Path) -> [f64; 3] {
    let ran = in_project(sandbox, project, &["status", "--format=json"]);
    let status: Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    let figure = |name: &str| status["pay_off"][name].as_f64().unwrap_or_else(|| panic!("no {name}: {ran}"));
    ["spent", "saved", "per_week"].map(figure)
}

#[test]
fn what_an_image_cost_and_saved_is_told() {
    let (sandbox, project) = built();
    // Of one that was never used nothing can be said.
    let status = in_project(&sandbox, &project, &["status"]);
    assert!(!status.code(0).stdout.contains("pay-off"), "{status}");
    set_measured(&sandbox);
    // Ten starts a day for half a year: 70 a week.
    set_starts(&sandbox, &project, 1800, DAY / 10);
    let [spent, saved, per_week] = figures(&sandbox, &project);
    assert!((spent - SPENT).abs() < 1e-9, "{spent}");
    assert!((saved - 1800.0 * (WITHOUT - WITH)).abs() < 1e-6, "{saved}");
    assert!((per_week - 70.0 * (WITHOUT - WITH)).abs() < 2.0, "{per_week}");
    let status = in_project(&sandbox, &project, &["status"]);
    status.code(0).stdout_has("3.3 min to build, 75.0 min saved so far, 2.9 min a week at present\n");
    assert!(!status.stdout.contains("forget"), "{status}");

    // Of one that somebody removed by hand there is nothing to drop.
    fs::rename(sandbox.path("store/images-v1"), sandbox.path("tmp/kept")).expect("images");
    let gone = in_project(&sandbox, &project, &["status"]);
    assert!(!gone.code(0).stdout_has("no image for this project yet").stdout.contains("pay-off"), "{gone}");
    fs::rename(sandbox.path("tmp/kept"), sandbox.path("store/images-v1")).expect("images");

    // What is to be typed is one word for a shell.
    let image = sandbox.only_image();
    let copy = sandbox.path("tmp/copy");
    fs::copy(&image, &copy).expect("copy");
    fs::rename(&copy, &image).expect("another file");
    let doctor = in_project(&sandbox, &project, &["doctor"]);
    let remedy = format!("`jlproj build {}`\n", r"'[HOME]/Zoë'\''s project'");
    doctor.code(1).stdout_has("its file was replaced or written to").stdout_has(&remedy);

    // A second build costs again, and its summary tells it all.
    let again = in_project(&sandbox, &project, &["build", "--force"]);
    again.code(0).stdout("").stderr_has("load time  ").stderr_has(" s → ").stderr_has("pay-off");
    again.stderr_has(" to build, ").stderr_has(" saved so far, ").stderr_has(" a week at present");
    let ran = in_project(&sandbox, &project, &["status", "--format=json"]);
    let status: Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    let build = status["image"]["measured"]["build"].as_f64().expect("seconds");
    let [spent, ..] = figures(&sandbox, &project);
    assert!(build > 0.0 && (spent - SPENT - build).abs() < 1e-6, "{spent} {build}");
}

/// Asserts that the image is gone and that nothing proposes one for the project.
#[track_caller]
fn assert_dropped(sandbox: &Sandbox, project: &Path) {
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
    let start = ["run", "--startup-file=no", "-e", "using Beta; print(Beta.answer())"];
    in_project(sandbox, project, &start).code(0).stdout("beta on alpha 1.0.0").stderr("");
    let status = in_project(sandbox, project, &["status"]);
    assert!(!status.code(0).stdout.contains("pay-off"), "{status}");
    let frequent = in_project(sandbox, project, &["build", "--frequent"]);
    frequent.code(0).stderr_has(": its image was dropped\n").stderr_has("nothing to build\n");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
}

#[test]
fn an_image_that_does_not_pay_is_called_so_with_the_command_that_drops_it() {
    let (mut sandbox, project) = built();
    set_measured(&sandbox);
    // Nineteen starts in an hour of the first day: too early to tell, and a rate of the day that there was.
    set_starts(&sandbox, &project, 19, 180);
    let [_, saved, per_week] = figures(&sandbox, &project);
    assert!(saved < SPENT && (150.0..400.0).contains(&per_week), "{saved} {per_week}");
    let status = in_project(&sandbox, &project, &["status"]);
    assert!(!status.code(0).stdout_has(" a week at present\n").stdout.contains("paid back"), "{status}");
    // One start a day, for a week.
    set_starts(&sandbox, &project, 7, DAY);
    let status = in_project(&sandbox, &project, &["status"]);
    assert!(!status.code(0).stdout.contains("paid back"), "{status}");
    // Five starts in five weeks: 12.5 seconds of 200.
    set_starts(&sandbox, &project, 5, 7 * DAY);
    let [_, saved, per_week] = figures(&sandbox, &project);
    assert!((saved - 12.5).abs() < 1e-9 && per_week < 3.5, "{saved} {per_week}");
    let status = in_project(&sandbox, &project, &["status"]);
    status.code(0).stdout_has("3.3 min to build, 12 s saved so far, ");
    let remedy = status.stdout.split_once("not paid back in 60 days at this rate; to drop it: `");
    let (command, _) = remedy.and_then(|(_, rest)| rest.split_once('`')).expect("the command");
    assert!(command.starts_with("jlproj forget --image "), "{command}");

    // As a user would paste it.
    let command = command.replace("[HOME]", sandbox.path("home").to_str().expect("UTF-8"));
    let program = format!("'{}'", env!("CARGO_BIN_EXE_jlproj"));
    let command = command.replacen("jlproj", &program, 1);
    let ran = sandbox.run(&mut instead(&sandbox, "sh", ["-c", &command]));
    ran.code(0).stdout("").stderr("[HOME]/Zoë's project: the image is removed; Julia starts plain\n");
    assert_dropped(&sandbox, &project);

    // Nor is one built in the background, whatever it is worth.
    sandbox.write("home/config.toml", "auto = \"background\"\nworth_building = 0.0\n");
    sandbox.set("JLPROJ_CONFIG", "home/config.toml");
    in_project(&sandbox, &project, &["run", "--startup-file=no", "-e", "0"]).code(0).stderr("");
    wait_for_the_end(&sandbox);
    let status = in_project(&sandbox, &project, &["status"]);
    status.code(0).stdout_has("not built in the background: its image was dropped\n");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
}

#[test]
fn an_image_that_other_projects_have_is_dropped_for_one_alone() {
    let (sandbox, project) = built();
    sandbox.jlproj(["build"]).code(0).stderr("[PROJECT]: the image is up to date, nothing to build\n");
    let image = sandbox.only_image();
    let ran = in_project(&sandbox, &project, &["forget", "--image", "."]);
    ran.code(0).stderr("[HOME]/Zoë's project: other projects have this image too; it stays\n");
    assert!(image.is_file());
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("exact");
    let ran = sandbox.jlproj(["forget", "--image", "."]);
    ran.code(0).stderr("[PROJECT]: the image is removed; Julia starts plain\n");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
}

#[test]
fn names_in_the_settings_that_the_manifest_does_not_have_are_told() {
    const NOTE: &str = "`jlproj.toml` names packages that the manifest does not have: `Alhpa`, `Delta`\n";
    let mut sandbox = prepared();
    sandbox.write("project/jlproj.toml", "include = [\"Alpha\", \"Delta\"]\nexclude = [\"Alhpa\"]\n");
    sandbox.jlproj(["status"]).code(0).stdout_has(&format!("settings       {NOTE}"));
    sandbox.jlproj(["build", "--dry-run"]).code(0).stderr_has(NOTE);
    // Where nothing is left, it is the likely cause.
    sandbox.write("project/jlproj.toml", "include = [\"Alhpa\", \"Delta\"]\n");
    sandbox.jlproj(["build"]).code(1).stderr_has(NOTE);
    // The user's own names are for all projects.
    sandbox.write("project/jlproj.toml", "");
    sandbox.write("config.toml", "exclude = [\"Beta\", \"CUDA\"]\n");
    sandbox.set("JLPROJ_CONFIG", sandbox.path("config.toml"));
    let status = sandbox.jlproj(["status"]);
    status.code(0).stdout_has("excluded by the settings");
    let build = sandbox.jlproj(["build", "--dry-run"]);
    build.code(0).stderr_has("Beta (excluded by the settings)");
    assert!(!format!("{status}{build}").contains("does not have"), "{status}{build}");
}
