//! `jlproj cache` and `jlproj gc`: whose file is whose, and what of it goes.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::caches::{build, caches, json, make_project, sandbox, start, write_statements};
use crate::support::sandbox::Sandbox;
use crate::support::world::{self, compiled};

#[track_caller]
fn assert_compiles_nothing(sandbox: &Sandbox, project: &Path) {
    let ran = start(sandbox, project);
    assert!(!ran.stderr.contains("Precompiling "), "{ran}");
}

fn verdict_of(sandbox: &Sandbox, path: &Path) -> String {
    let shown = sandbox.redact(path.to_str().expect("UTF-8"));
    let files = caches(sandbox);
    let row = files.iter().find(|row| row["path"] == shown.as_str());
    row.unwrap_or_else(|| panic!("no {shown} in {files:#?}"))["verdict"].as_str().expect("verdict").to_owned()
}

/// The key of the image that a project gets.
fn image_of(sandbox: &Sandbox, project: &Path) -> String {
    let output = sandbox.command(["which"]).arg(project).output().expect("which");
    let path = PathBuf::from(String::from_utf8(output.stdout).expect("UTF-8").trim());
    path.parent().expect("folder").file_name().expect("key").to_string_lossy().into_owned()
}

fn set_age(path: &Path, days: u64) {
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    File::options().write(true).open(path).expect("open").set_modified(time).expect("time");
}

#[test]
fn what_no_project_gets_goes_and_nobody_compiles_again() {
    let sandbox = sandbox();
    let projects: Vec<PathBuf> =
        (1..=5).map(|number| make_project(&sandbox, &format!("p{number}"))).collect();
    for project in &projects[..3] {
        build(&sandbox, project);
    }
    // One is built anew twice, each time for another key.
    for text in ["changed", "changed again"] {
        write_statements(&projects[0], text);
        build(&sandbox, &projects[0]);
    }
    assert_eq!(sandbox.names("store/images-v1").len(), 5);
    for project in &projects {
        start(&sandbox, project);
    }

    // Another Julia writes a cache, and is moved away.
    let other = sandbox.path("work/julia");
    let tree = world::julia().parent().expect("bin").parent().expect("usr").to_owned();
    let copied = Command::new("cp").args(["-rl"]).arg(&tree).arg(&other).status().expect("cp");
    if !copied.success() {
        let _ = fs::remove_dir_all(&other);
        assert!(Command::new("cp").arg("-r").arg(&tree).arg(&other).status().expect("cp").success());
    }
    let extra = sandbox.path("work/extra");
    let specs = "using Pkg; Pkg.activate(ARGS[1]); Pkg.add(\"Extra\")";
    let mut command = Command::new(world::julia());
    command.args(["--startup-file=no", "-e", specs]).arg(&extra);
    command
        .env("JULIA_DEPOT_PATH", world::depot_path(&sandbox.path("home/.julia")))
        .env("JULIA_PKG_SERVER", "");
    assert!(command.status().expect("julia").success());
    let _ = fs::remove_dir_all(sandbox.path(compiled("home/.julia", "Extra")));
    let binary = other.join("bin/julia");
    let run = ["run", "--startup-file=no", "--sysimage=none"];
    let mut command = sandbox.command(run);
    command
        .arg("--julia")
        .arg(&binary)
        .arg(format!("--project={}", extra.display()))
        .args(["-e", "using Extra"]);
    sandbox.run(&mut command).code(0);
    let mut extra_caches = sandbox.names(compiled("home/.julia", "Extra"));
    extra_caches.retain(|name| !name.ends_with("so"));
    assert_eq!(extra_caches.len(), 1, "{extra_caches:?}");
    let extra_cache = sandbox.path(compiled("home/.julia", "Extra")).join(&extra_caches[0]);
    assert_eq!(verdict_of(&sandbox, &extra_cache), "live");
    fs::rename(&other, sandbox.path("work/moved")).expect("move");
    fs::remove_dir_all(&projects[2]).expect("remove");
    assert_eq!(verdict_of(&sandbox, &extra_cache), "orphan");

    let left: Vec<&PathBuf> = projects.iter().filter(|project| project.exists()).collect();
    let before: Vec<String> = left.iter().map(|project| image_of(&sandbox, project)).collect();
    let mut expected = before.clone();
    expected.sort();
    expected.dedup();

    // Nothing goes that is younger than two months, without a word from the user.
    let young = sandbox.jlproj(["gc", "--dry-run", "--images"]);
    young.code(0).stdout("nothing to collect\n");
    let gc = ["gc", "--older-than", "0d", "--format", "json"];
    sandbox.jlproj(gc).code(1).stderr_has("not confirmed").stderr_has("`jlproj gc --yes`");
    assert_eq!(sandbox.names("store/images-v1").len(), 5);
    let planned = sandbox.jlproj(gc.iter().chain(&["--dry-run"]));
    let done = sandbox.jlproj(gc.iter().chain(&["--yes"]));
    assert_eq!(planned.code(0).stdout, done.code(0).stdout);
    done.stderr_has("freed");
    eprintln!("five images, {} left: {}", expected.len(), done.stderr);
    assert_eq!(sandbox.names("store/images-v1"), expected);
    assert!(!extra_cache.exists());
    assert_eq!(sandbox.names("store/tmp"), [""; 0]);

    let after: Vec<String> = left.iter().map(|project| image_of(&sandbox, project)).collect();
    assert_eq!(before, after);
    for project in left {
        assert_compiles_nothing(&sandbox, project);
    }
    sandbox.jlproj(["gc", "--older-than", "0d", "--dry-run"]).code(0).stdout("nothing to collect\n");
}

#[test]
fn what_is_no_image_goes_after_a_day_and_gc_says_why() {
    let sandbox = sandbox();
    let key = "ab".repeat(32);
    let folder = sandbox.path(format!("store/images-v1/{key}"));
    fs::create_dir_all(&folder).expect("folder");
    fs::write(folder.join("sys.so"), "library").expect("write");
    let gc = ["gc", "--yes", "--images"];
    sandbox.jlproj(gc).code(0).stdout("nothing to collect\n");
    let time = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    File::open(&folder).expect("open").set_modified(time).expect("time");
    sandbox.jlproj(gc).code(0).stdout_has("image [SHORT]  its `image.toml` is missing");
    assert!(!folder.exists());
}

/// A Julia in a project that waits until its input ends.
fn waiting(sandbox: &Sandbox, project: &Path) -> Child {
    let mut command = sandbox.command(["run", "--sysimage=require", "--startup-file=no"]);
    command.arg(format!("--project={}", project.display()));
    command.args(["-e", "println(\"up\"); flush(stdout); readline()"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("read");
    assert_eq!(line, "up\n");
    child
}

#[test]
fn an_image_in_use_stays_until_its_julia_ends() {
    let sandbox = sandbox();
    let project = make_project(&sandbox, "used");
    build(&sandbox, &project);
    let mut julia = waiting(&sandbox, &project);
    fs::remove_dir_all(&project).expect("remove");
    let gc = ["gc", "--yes", "--older-than", "0d", "--images"];
    sandbox.jlproj(gc).code(0).stdout("nothing to collect\n");
    julia.stdin.take().expect("stdin").write_all(b"\n").expect("write");
    assert!(julia.wait().expect("ends").success());
    sandbox.jlproj(gc).code(0).stdout_has("no project gets it");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
}

#[test]
fn builds_and_starts_go_on_beside_it() {
    let sandbox = sandbox();
    let projects: Vec<PathBuf> =
        (1..=3).map(|number| make_project(&sandbox, &format!("p{number}"))).collect();
    build(&sandbox, &projects[0]);
    let julias: Vec<Child> = (0..3).map(|_| waiting(&sandbox, &projects[0])).collect();
    let builds = projects[1..].iter().map(|project| {
        let mut command = sandbox.command(["build", "--quiet"]);
        command.arg(project).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
    });
    let mut builds: Vec<Child> = builds.collect();
    let mut rounds = 0;
    while builds.iter_mut().any(|build| build.try_wait().expect("wait").is_none()) {
        sandbox.jlproj(["gc", "--yes", "--older-than", "0d"]).code(0);
        rounds += 1;
    }
    assert!(rounds > 1);
    for build in builds {
        let output = build.wait_with_output().expect("ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for mut julia in julias {
        drop(julia.stdin.take());
        assert!(julia.wait().expect("ends").success());
    }
    assert_eq!(sandbox.names("store/images-v1").len(), 3);
    for project in &projects {
        assert_eq!(image_of(&sandbox, project).len(), 64);
    }
}

/// Files in the depot that no compilation ended, of long ago.
fn litter(sandbox: &Sandbox, count: usize) -> Vec<PathBuf> {
    let folder = sandbox.path(compiled("home/.julia", "Alpha"));
    fs::create_dir_all(&folder).expect("folder");
    let files = (0..count).map(|number| {
        let path = folder.join(format!("jl_{number:06}"));
        fs::write(&path, "half").expect("write");
        set_age(&path, 3);
        path
    });
    files.collect()
}

#[test]
fn killed_at_any_moment_the_next_one_ends_the_work() {
    let sandbox = sandbox();
    let project = make_project(&sandbox, "kept");
    build(&sandbox, &project);
    start(&sandbox, &project);
    let mut survived = 0;
    for round in 0..8_u64 {
        let gone = make_project(&sandbox, &format!("gone{round}"));
        build(&sandbox, &gone);
        fs::remove_dir_all(&gone).expect("remove");
        litter(&sandbox, 300);
        let mut command = sandbox.command(["gc", "--yes", "--older-than", "0d"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(20 + 20 * round));
        survived += u64::from(child.try_wait().expect("wait").is_some());
        let _ = child.kill();
        child.wait().expect("ends");
        // Whatever is listed as an image is a whole one.
        sandbox.jlproj(["doctor"]).stdout_has("as recorded");
        assert_compiles_nothing(&sandbox, &project);
    }
    eprintln!("killed {} times of 8 before the end", 8 - survived);
    sandbox.jlproj(["gc", "--yes", "--older-than", "0d"]).code(0);
    assert_eq!(sandbox.names("store/images-v1").len(), 1);
    let left = sandbox.names(compiled("home/.julia", "Alpha"));
    assert!(!left.iter().any(|name| name.starts_with("jl_")), "{left:?}");
    assert_compiles_nothing(&sandbox, &project);
}

#[test]
fn nothing_behind_a_link_nothing_unknown_and_nothing_young_goes() {
    let sandbox = sandbox();
    let old = litter(&sandbox, 3);
    let depot = sandbox.path("home/.julia");
    let alpha = depot.join(compiled("", "Alpha"));
    // Whatever nobody whom we know wrote.
    let long = "n".repeat(252) + ".ji";
    for name in ["AAAAA_AAAAA.ji", "notes.txt", "README", &long] {
        fs::write(alpha.join(name), "x").expect("write");
        set_age(&alpha.join(name), 900);
    }
    // A compilation that goes on.
    fs::write(alpha.join("jl_young1"), "x").expect("write");
    // Another name of a file that goes, and one of a file that is elsewhere.
    let elsewhere = sandbox.write("home/elsewhere/jl_abcdef", "x");
    set_age(&elsewhere, 900);
    fs::hard_link(&old[0], sandbox.path("home/elsewhere/linked")).expect("hard link");
    std::os::unix::fs::symlink(elsewhere.parent().expect("folder"), depot.join(compiled("", "Linked")))
        .expect("link");
    std::os::unix::fs::symlink(&elsewhere, alpha.join("jl_abcdef")).expect("link");
    sandbox.jlproj(["gc", "--yes", "--caches"]).code(0).stdout_has("3 precompile files");
    assert!(old.iter().all(|path| !path.exists()));
    assert!(elsewhere.exists() && sandbox.path("home/elsewhere/linked").exists());
    let mut expected =
        ["AAAAA_AAAAA.ji", "README", "jl_abcdef", "jl_young1", &long, "notes.txt"].map(str::to_owned);
    expected.sort();
    assert_eq!(sandbox.names(compiled("home/.julia", "Alpha")), expected);

    // The whole folder a link: not entered, and said.
    let real = sandbox.path("home/real");
    litter(&sandbox, 1);
    fs::rename(depot.join("compiled"), &real).expect("move");
    std::os::unix::fs::symlink(&real, depot.join("compiled")).expect("link");
    let ran = sandbox.jlproj(["gc", "--yes", "--caches"]);
    ran.code(0).stdout("nothing to collect\n").stderr_has("[HOME]/.julia/compiled: a symbolic link");
    assert!(real.join(world::release()).join("Alpha/jl_000000").exists());
}

#[test]
fn what_another_user_owns_is_left_alone() {
    let sandbox = sandbox();
    let files = litter(&sandbox, 1);
    let compiled = sandbox.path("home/.julia/compiled");
    if std::os::unix::fs::chown(&compiled, Some(12_345), None).is_err() {
        eprintln!("SKIPPED: only root can give a folder away");
        return;
    }
    let ran = sandbox.jlproj(["gc", "--yes", "--caches"]);
    ran.code(0).stdout("nothing to collect\n").stderr_has("compiled: of another user");
    assert!(files[0].exists());
}

#[test]
fn what_cannot_be_removed_is_told_and_the_rest_is_done() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = sandbox();
    let files = litter(&sandbox, 2);
    let folder = sandbox.path(compiled("home/.julia", "Beta"));
    fs::create_dir_all(&folder).expect("folder");
    fs::write(folder.join("jl_locked"), "x").expect("write");
    set_age(&folder.join("jl_locked"), 3);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("mode");
    if File::create(folder.join("probe")).is_ok() {
        // Root writes everywhere; a file that may not be changed stops it, where the file system knows that.
        fs::remove_file(folder.join("probe")).expect("remove");
        let frozen = Command::new("chattr").arg("+i").arg(folder.join("jl_locked")).status();
        if !frozen.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: nothing stops root from removing a file here");
            return;
        }
    }
    let ran = sandbox.jlproj(["gc", "--yes", "--caches"]);
    let _ = Command::new("chattr").arg("-i").arg(folder.join("jl_locked")).status();
    let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
    ran.code(1).stderr_has("jl_locked: ").stderr_has("1 of 3 things were not removed");
    assert!(files.iter().all(|path| !path.exists()));
}

/// A Julia like the one of the tests, with a depot of its own beside its standard library.
fn julia_with_own_depot(sandbox: &Sandbox) -> PathBuf {
    let link_all = |from: &Path, to: &Path, but: &[&str]| {
        fs::create_dir_all(to).expect("folder");
        for entry in fs::read_dir(from).expect("folder").flatten() {
            if !but.iter().any(|name| entry.file_name() == *name) {
                std::os::unix::fs::symlink(entry.path(), to.join(entry.file_name())).expect("link");
            }
        }
    };
    let given = world::julia();
    let prefix = given.parent().and_then(Path::parent).expect("a folder around bin");
    let copy = sandbox.path("home/julia");
    link_all(prefix, &copy, &["bin", "lib", "share"]);
    // From 1.12 on Julia is where its library is.
    fs::create_dir_all(copy.join("lib")).expect("folder");
    for entry in fs::read_dir(prefix.join("lib")).expect("folder").flatten() {
        let (path, link) = (entry.path(), copy.join("lib").join(entry.file_name()));
        let made = if path.is_dir() {
            std::os::unix::fs::symlink(path, link)
        } else {
            fs::copy(path, link).map(drop)
        };
        made.expect("link or copy");
    }
    link_all(&prefix.join("share"), &copy.join("share"), &["julia"]);
    link_all(&prefix.join("share/julia"), &copy.join("share/julia"), &["compiled"]);
    fs::create_dir_all(copy.join("bin")).expect("folder");
    fs::copy(&given, copy.join("bin/julia")).expect("copy");
    copy.join("bin/julia")
}

#[test]
fn what_lies_in_julias_own_folder_is_never_garbage() {
    let mut sandbox = sandbox();
    let julia = julia_with_own_depot(&sandbox);
    let project = make_project(&sandbox, "gone");
    sandbox.set("JLPROJ_JULIA", &julia);
    let shipped = sandbox.path("home/julia/share/julia");
    let mut depots = shipped.clone().into_os_string();
    depots.push(":");
    depots.push(sandbox.path("home/.julia"));
    // Somebody compiled packages into that folder, of a project that went since.
    let mut command = sandbox.command(["run", "--startup-file=no", "--project"]);
    command.current_dir(&project).args(["-e", "using Alpha"]).env("JULIA_DEPOT_PATH", &depots);
    sandbox.run(&mut command).code(0);
    fs::remove_dir_all(&project).expect("remove");
    let folder = shipped.join("compiled").join(world::release()).join("Alpha");
    let paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("folder").flatten().map(|entry| entry.path()).collect();
    for path in &paths {
        set_age(path, 400);
    }
    let ran = sandbox.run(sandbox.command(["cache", "--format", "json"]).env("JULIA_DEPOT_PATH", &depots));
    let files = json(ran.code(0))["files"].as_array().expect("files").clone();
    let own: Vec<&Value> = files.iter().filter(|file| file["package"] == "Alpha").collect();
    assert!(!own.is_empty(), "{files:#?}");
    assert!(
        own.iter().all(|file| file["verdict"] == "live" && file["reason"] == "comes with Julia"),
        "{own:#?}"
    );
    let ran = sandbox.run(sandbox.command(["gc", "--yes", "--caches"]).env("JULIA_DEPOT_PATH", &depots));
    assert!(paths.iter().all(|path| path.exists()), "{}", ran.code(0));
}
