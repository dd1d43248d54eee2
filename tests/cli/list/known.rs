//! Which projects are known, and in which order they are told.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::listing::{DAY, last_use, listed, paths, row, scan, small_project, start, text};
use crate::support::sandbox::{NOW, Sandbox, copy_folder, real_now};
use crate::support::starts::{instead, probed, wait_for_the_end};
use crate::support::world::{self, world};

/// Starts per week that one start counts for: ln 2 over a half life of two weeks.
const ONE_START: f64 = std::f64::consts::LN_2 / 2.0;

/// A sandbox whose clock is the real one, with the packages of the world, but caches and logs of its own, and a copy
/// of the world's project.
fn with_own_depot(mut sandbox: Sandbox) -> Sandbox {
    let depot = sandbox.path("depot");
    fs::create_dir(&depot).expect("depot");
    for name in ["packages", "registries"] {
        symlink(world().depot().join(name), depot.join(name)).expect("link");
    }
    sandbox.set("JULIA_DEPOT_PATH", depot);
    sandbox.unset("__JLPROJ_NOW");
    copy_folder(&world().project(), &sandbox.project());
    sandbox
}

/// Starts Julia itself, not through jlproj.
fn julia(sandbox: &Sandbox, arguments: &[&str]) {
    let always = ["--startup-file=no", "--history-file=no"];
    sandbox.run(&mut instead(sandbox, world::julia(), [&always, arguments].concat())).code(0);
}

#[test]
fn a_project_in_which_pkg_worked_is_known_at_its_local_time_without_a_start() {
    let add = r#"
        using Pkg
        for folder in ARGS
            Pkg.activate(folder)
            Pkg.add(PackageSpec(name = "Alpha", version = "1.0.0"))
        end
    "#;
    for zone in ["UTC+5", "UTC-5"] {
        let mut sandbox = with_own_depot(probed()).with("TZ", zone);
        let folders = ["kept", "deleted", "tmp/jl_Ab3dE6"].map(|name| sandbox.path(name));
        let begun = real_now();
        julia(&sandbox, &["-e", add, text(&folders[0]), text(&folders[1]), text(&folders[2])]);
        let ended = real_now();
        fs::remove_dir_all(&folders[1]).expect("delete");
        let log = fs::read_to_string(sandbox.path("depot/logs/manifest_usage.toml")).expect("Pkg's log");
        for folder in &folders {
            assert!(log.contains(text(folder)), "Pkg wrote nothing of {}: {log}", folder.display());
        }
        // A time that were taken for one of another zone would show, be it before or behind the true one.
        sandbox.set("__JLPROJ_NOW", (begun + 3 * DAY).to_string());
        let rows = listed(&sandbox);
        assert_eq!(paths(&sandbox, &rows), ["kept"]);
        let time = rows[0]["last_use"].as_i64().expect("a time");
        assert!((begun..=ended).contains(&time), "{zone}: {time} is not in {begun}..={ended}");
        assert_eq!((&rows[0]["uses"], &rows[0]["verdict"]), (&0.into(), &"none".into()));
        sandbox.jlproj(["list"]).code(0).stderr("").stdout_has("/kept  none");
        // Where another test touched the Julia meanwhile, it was asked again, under a lock.
        let names = sandbox.names("store");
        assert!(names.iter().all(|name| ["julias-v1", "locks"].contains(&name.as_str())), "{names:?}");
    }
}

#[test]
fn where_a_package_was_tested_is_no_project_of_anybodys() {
    let sandbox = with_own_depot(probed());
    let project = small_project(&sandbox, "Own");
    let contents = fs::read_to_string(project.join("Project.toml")).expect("project");
    let head = "name = \"Own\"\nuuid = \"0d5a6d38-6a0c-4a3b-9b43-1f1c7f0f5a11\"\nversion = \"0.1.0\"\n\n";
    sandbox.write("Own/Project.toml", format!("{head}{contents}"));
    sandbox.write("Own/src/Own.jl", "module Own end\n");
    let tests = "write(joinpath(ENV[\"HOME\"], \"tested\"), Base.active_project())\n";
    sandbox.write("Own/test/runtests.jl", tests);
    let begun = real_now();
    julia(&sandbox, &["-e", "using Pkg; Pkg.activate(ARGS[1]); Pkg.test()", text(&project)]);
    let tested = fs::read_to_string(sandbox.path("home/tested")).expect("the tests ran");
    let folder = Path::new(&tested).parent().expect("folder").to_owned();
    assert!(text(&folder).contains("/jl_"), "{tested}");
    let log = fs::read_to_string(sandbox.path("depot/logs/manifest_usage.toml")).expect("Pkg's log");
    assert!(log.contains(text(&folder)), "{log}");
    // As if a crash had left it behind.
    copy_folder(&project, &folder);
    let rows = listed(&sandbox);
    assert_eq!(paths(&sandbox, &rows), ["Own"]);
    assert!(rows[0]["last_use"].as_i64().expect("a time") >= begun, "{rows:#?}");
}

#[test]
fn where_jlproj_itself_builds_is_no_project_of_anybodys() {
    let sandbox = with_own_depot(probed());
    let folders =
        ["own", "store/builders-v1/1.5.3/environment", "other store/builders-v1/1.5.3/projects/0a1b"];
    let entries = folders.map(|folder| {
        let folder = small_project(&sandbox, folder);
        format!("[[\"{}\"]]\ntime = 2026-01-01T00:00:00.000Z\n", folder.join("Manifest.toml").display())
    });
    sandbox.write("depot/logs/manifest_usage.toml", entries.concat());
    assert_eq!(paths(&sandbox, &listed(&sandbox)), ["own"]);
    for arguments in [&["plan"][..], &["warm", "--frequent"], &["cache"], &["report", "-"]] {
        let ran = sandbox.jlproj(arguments);
        ran.code(0);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("builders-v1"), "{ran:?}");
    }
    scan(&sandbox, "store").stderr_has("0 projects in ");
    scan(&sandbox, "other store").stderr_has("0 projects in ");
}

#[test]
fn projects_are_ranked_by_what_an_image_would_save_them_in_a_week() {
    let mut sandbox = probed().in_world();
    small_project(&sandbox, "small");
    for name in ["often", "before", "idle"] {
        copy_folder(&sandbox.project(), &sandbox.path(name));
    }
    // The same number of starts, one project's 28 days (two half lives) older; more starts that save less.
    for (name, starts, age) in [("before", 3, 28), ("small", 4, 0), ("often", 3, 0), ("idle", 1, 31)] {
        sandbox.set("__JLPROJ_NOW", (NOW - age * DAY).to_string());
        for _ in 0..starts {
            start(&sandbox, name);
        }
    }
    sandbox.set("__JLPROJ_NOW", NOW.to_string());
    let rows = listed(&sandbox);
    assert_eq!(paths(&sandbox, &rows), ["often", "small", "before", "idle"]);
    for (row, (uses, weight)) in rows.iter().zip([(3, 3.0), (4, 4.0), (3, 0.75)]) {
        assert_eq!((&row["uses"], &row["verdict"]), (&uses.into(), &"none".into()), "{row:#}");
        let number = |value: &Value| value.as_f64().expect("a number");
        let rate = number(&row["starts_per_week"]);
        assert!((rate - weight * ONE_START).abs() < 1e-9, "{row:#}");
        let saving = number(&row["saves_per_start"]["seconds"]);
        assert!(saving > 0.0 && (number(&row["saves_per_week"]) - saving * rate).abs() < 1e-9, "{row:#}");
        assert_eq!(row["saves_per_start"]["is_measured"], false, "{row:#}");
    }
    assert_eq!(rows[2]["last_use"], NOW - 28 * DAY);
    assert_eq!((&rows[3]["uses"], &rows[3]["last_use"]), (&0.into(), &(NOW - 31 * DAY).into()));
    let fields: Vec<&str> = rows[0].as_object().expect("fields").keys().map(String::as_str).collect();
    let expected = [
        "cold",
        "image",
        "last_use",
        "pay_off",
        "project",
        "saves_per_start",
        "saves_per_week",
        "size",
        "starts_per_week",
        "trouble",
        "uses",
        "verdict",
    ];
    assert_eq!(fields, expected);
    let table = sandbox.jlproj(["list"]);
    table.code(0).stderr("");
    let cells: Vec<Vec<&str>> = table.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(cells.len(), 5, "{table}");
    assert_eq!((cells[1][..2].join(" "), cells[1][3]), ("[SANDBOX]/often none".to_owned(), "s"), "{table}");
    // What a package saves before anything was measured depends on whether it has native code of its own.
    assert!(["~0.1", "~0.2"].contains(&cells[1][2]), "{table}");
    // Last, what is cold: that is what others left in the shared depot.
    assert_eq!(cells[1][4..9], ["~0", "s", "3", "today", "-"], "{table}");
    assert_eq!(cells[1].len(), 10, "{table}");
    assert_eq!(cells[3][6..8], ["3", "4"], "{table}");
    let last = "\n1 more without an image, not used for 30 days: `jlproj list --all`\n";
    assert!(table.stdout.ends_with(last), "{table}");
    let all = sandbox.jlproj(["list", "--all"]);
    all.code(0).stdout_has("[SANDBOX]/idle");
    assert_eq!(all.stdout.lines().count(), 5, "{all}");
}

#[test]
fn what_would_have_to_be_compiled_is_cold_until_it_is_warmed() {
    let sandbox = with_own_depot(probed());
    scan(&sandbox, "project");
    let names = |sandbox: &Sandbox| {
        let rows = listed(sandbox);
        let cold = row(sandbox, &rows, "project")["cold"].as_array().expect("names").iter();
        let mut names: Vec<String> = cold.map(|name| name.as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    let last_cell = |sandbox: &Sandbox| {
        let table = sandbox.jlproj(["list", "--all"]);
        table.code(0).stderr("");
        table.stdout.split_whitespace().next_back().expect("a cell").to_owned()
    };
    assert_eq!(names(&sandbox), ["Alpha", "Beta", "Gamma", "Helper", "OnHelper"]);
    assert_eq!(last_cell(&sandbox), "5");
    // As Julia itself compiles some: Alpha, on which Beta is built, and Beta.
    julia(&sandbox, &["--project", "-e", "using Beta"]);
    assert_eq!(names(&sandbox), ["Gamma", "Helper", "OnHelper"]);
    let warm = sandbox.jlproj(["warm"]);
    warm.code(0).stdout("").stderr("[PROJECT]: warm; compiled 3 packages\n");
    assert_eq!(names(&sandbox), [""; 0]);
    assert_eq!(last_cell(&sandbox), "-");
    // What is in the caches is what Julia takes: it compiles nothing more.
    let caches = || ["Alpha", "Beta", "Gamma", "Helper", "OnHelper"].map(|name| caches(&sandbox, name));
    let before = caches();
    julia(&sandbox, &["--project", "-e", "using Beta, Gamma, OnHelper"]);
    assert_eq!(caches(), before);
}

#[test]
fn to_warm_a_project_is_no_use_of_it_and_hides_none() {
    let sandbox = with_own_depot(probed());
    let folder = small_project(&sandbox, "small");
    scan(&sandbox, "small");
    let warm = || {
        sandbox.jlproj(["warm", text(&folder)]).code(0).stdout("").stderr_has("[SANDBOX]/small: warm");
    };
    warm();
    assert_eq!(last_use(&sandbox, "small"), None, "jlproj's own work");
    // Later than that, in whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let begun = real_now();
    julia(&sandbox, &["--project=../small", "-e", "using Alpha"]);
    let used = last_use(&sandbox, "small").expect("Julia was started");
    assert!(used >= begun, "{used} is before {begun}");
    warm();
    assert_eq!(last_use(&sandbox, "small"), Some(used));
}

/// Names of the caches of a package in the sandbox's depot; what native code is beside them is left aside.
fn caches(sandbox: &Sandbox, package: &str) -> Vec<String> {
    let names = sandbox.names(world::compiled("depot", package));
    names.into_iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "ji")).collect()
}

#[test]
fn a_start_of_julia_alone_is_seen_by_the_names_of_its_caches() {
    let sandbox = with_own_depot(probed());
    small_project(&sandbox, "code/other");
    symlink("../project", sandbox.path("code/link")).expect("link");
    let default = format!("depot/environments/{}", world::release());
    copy_folder(&sandbox.project(), &sandbox.path(&default));
    for folder in ["code/other", "project", &default] {
        scan(&sandbox, folder);
        assert_eq!(last_use(&sandbox, folder), None);
    }
    let begun = real_now();
    let is_used = |below: &str| last_use(&sandbox, below).is_some_and(|time| time >= begun);
    let used = || ["project", "code/other", &default].map(is_used);

    julia(&sandbox, &["--project=.", "-e", "using Alpha"]);
    assert_eq!((used(), caches(&sandbox, "Alpha").len()), ([true, false, false], 1));
    sandbox.jlproj(["list"]).code(0).stderr("").stdout_has("today");
    // The environment of the version, which nobody names.
    fs::remove_dir_all(sandbox.path("depot/compiled")).expect("caches");
    julia(&sandbox, &["-e", "using Alpha"]);
    assert_eq!((used(), caches(&sandbox, "Alpha").len()), ([false, false, true], 1));
    // Through a link: jlproj names the folder itself, whose caches those are.
    fs::remove_dir_all(sandbox.path("depot/compiled")).expect("caches");
    let mut through = sandbox.command(["run", "--quiet", "--project=../code/link", "-e", "using Alpha"]);
    sandbox.run(&mut through).code(0).stdout("").stderr("");
    fs::remove_file(sandbox.path("store/usage-v1.log")).expect("journal");
    assert_eq!((used(), caches(&sandbox, "Alpha").len()), ([true, false, false], 1));
    assert_eq!(row(&sandbox, &listed(&sandbox), "project")["uses"], 0);
}

#[test]
fn with_an_image_the_names_of_caches_the_measure_and_what_is_left_of_a_project_are_told() {
    let sandbox = with_own_depot(probed()).with_standin_builder();
    copy_folder(&sandbox.project(), &sandbox.path("copy"));
    sandbox.jlproj(["build", "--quiet", "--measure"]).code(0).stderr("");
    wait_for_the_end(&sandbox);
    scan(&sandbox, "copy");
    let rows = listed(&sandbox);
    for (below, is_measured) in [("project", true), ("copy", false)] {
        let row = row(&sandbox, &rows, below);
        assert_eq!((&row["verdict"], &row["last_use"]), (&"exact".into(), &Value::Null), "{row:#}");
        assert_eq!(row["saves_per_start"]["is_measured"], is_measured, "{row:#}");
        assert!(row["size"].as_u64().is_some_and(|size| size > 10_000_000), "{row:#}");
    }
    // Later than the build, in whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let begun = real_now();
    let image = format!("--sysimage={}", sandbox.only_image().display());
    fs::remove_dir_all(sandbox.path("depot/compiled")).expect("caches");
    julia(&sandbox, &[&image, "--project=.", "-e", "using OnHelper"]);
    assert_eq!(caches(&sandbox, "Alpha"), [""; 0], "it is in the image");
    assert_eq!(caches(&sandbox, "OnHelper").len(), 1);
    assert!(last_use(&sandbox, "project").is_some_and(|time| time >= begun));
    assert_eq!(last_use(&sandbox, "copy"), None);
    let table = sandbox.jlproj(["list"]);
    table.code(0).stderr("").stdout_has("MB");
    let saves = |folder: &str| {
        let line = table.stdout.lines().find(|line| line.starts_with(folder)).expect("a line");
        line.split_whitespace().nth(2).expect("a cell").to_owned()
    };
    assert!(!saves("[PROJECT]").starts_with('~') && saves("[SANDBOX]/copy").starts_with('~'), "{table}");

    // A project that is gone is told as long as an image is kept for it.
    fs::rename(sandbox.project(), sandbox.path("moved")).expect("move");
    fs::create_dir(sandbox.project()).expect("where commands run");
    let rows = listed(&sandbox);
    assert_eq!(row(&sandbox, &rows, "project")["verdict"], "gone");
    let table = sandbox.jlproj(["list"]);
    table.code(0).stderr("").stdout_has("  gone  ");
    sandbox.jlproj(["forget", text(&sandbox.project())]).code(0).stdout("");
    assert_eq!(paths(&sandbox, &listed(&sandbox)), ["copy"]);
}
