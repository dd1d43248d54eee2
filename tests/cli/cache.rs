//! `jlproj cache`: whose precompile files are, and how many there may be.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::caches::{build, caches, make_project, sandbox, start};
use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::world::compiled;
use crate::support::world::{self, world};

#[test]
fn names_of_real_files_lead_back_to_their_projects() {
    let sandbox = sandbox();
    let project = make_project(&sandbox, "with space é");
    build(&sandbox, &project);
    start(&sandbox, &project);
    // Under Julia's own image, by way of a link, and in the default environment.
    let plain = |arguments: &[&str], environment: Option<&str>| {
        let mut command = Command::new(world::julia());
        command.args(["--startup-file=no"]).args(arguments).args(["-e", "using OnHelper, Beta"]);
        command.env("JULIA_DEPOT_PATH", world::depot_path(&sandbox.path("home/.julia")));
        command.env_remove("JULIA_PROJECT");
        assert!(command.status().expect("julia").success(), "{arguments:?} {environment:?}");
    };
    let compiled = sandbox.path("home/.julia/compiled");
    fs::remove_dir_all(&compiled).expect("remove");
    plain(&[&format!("--project={}", project.display())], None);
    start(&sandbox, &project);
    let told = |sandbox: &Sandbox| -> Vec<(String, String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("?").to_owned();
        let rows = caches(sandbox);
        rows.iter().map(|row| (text(row, "package"), text(row, "project"), text(row, "image"))).collect()
    };
    let owner = sandbox.redact(project.to_str().expect("UTF-8"));
    let rows = told(&sandbox);
    assert!(rows.len() >= 4, "{rows:?}");
    assert!(rows.iter().all(|(_, project, _)| *project == owner), "{rows:?}");
    let of_image = rows.iter().filter(|(_, _, image)| image != "default").count();
    eprintln!("{} files, {of_image} of them of an image: {rows:?}", rows.len());

    fs::remove_dir_all(&compiled).expect("remove");
    let named = sandbox.path("home/.julia/environments").join(world::release());
    copy_folder(&world().project(), &named);
    plain(&[], Some("the default environment"));
    let rows = told(&sandbox);
    assert!(rows.len() >= 4, "{rows:?}");
    assert!(
        rows.iter().all(|(_, project, _)| project.ends_with(&format!("environments/{}", world::release()))),
        "{rows:?}"
    );

    // By way of a link: `run` resolves it, so that both ways lead to the same files; by hand Julia keeps the link in the
    // name, which nobody can lead back. Such a file is never garbage.
    let link = sandbox.path("work/link");
    std::os::unix::fs::symlink(&project, &link).expect("link");
    fs::remove_dir_all(&compiled).expect("remove");
    start(&sandbox, &link);
    let rows = told(&sandbox);
    assert!(!rows.is_empty() && rows.iter().all(|(_, project, _)| *project == owner), "{rows:?}");
    fs::remove_dir_all(&compiled).expect("remove");
    plain(&[&format!("--project={}", link.display())], None);
    let files = caches(&sandbox);
    assert!(files.len() >= 4 && files.iter().all(|row| row["verdict"] == "unknown"), "{files:#?}");
    sandbox.jlproj(["gc", "--dry-run", "--caches"]).code(0).stdout("nothing to collect\n");
}

#[test]
fn packages_of_which_julia_keeps_no_more_files_are_told() {
    if world::is_at_least(6) {
        let reason = "from Julia 1.6 on it keeps a thousand where it is started through jlproj";
        return world::left_out("packages of which Julia keeps no more files", reason);
    }
    let sandbox = sandbox();
    let project = make_project(&sandbox, "crowded");
    build(&sandbox, &project);
    start(&sandbox, &project);
    let folder = sandbox.path(compiled("home/.julia", "OnHelper"));
    let own = sandbox.names(compiled("home/.julia", "OnHelper"));
    let slug = own[0].split('_').next().expect("slug").to_owned();
    for number in own.len()..9 {
        fs::write(folder.join(format!("{slug}_{number:05}.ji")), "x").expect("write");
    }
    let status = ["status".as_ref(), project.as_os_str()];
    let has_line = |ran: &Ran| ran.stdout.contains("OnHelper (10 files)");
    assert!(!has_line(sandbox.jlproj(status).code(0)));
    sandbox
        .jlproj(["doctor".as_ref(), project.as_os_str()])
        .stdout_has("no package has the 10 precompile files");
    fs::write(folder.join(format!("{slug}_99999.ji")), "x").expect("write");
    let ran = sandbox.jlproj(status);
    assert!(has_line(ran.code(0)), "{ran}");
    ran.stdout_has("the next one drops another; `jlproj gc --caches`");
    let doctor = sandbox.jlproj(["doctor".as_ref(), project.as_os_str()]);
    doctor.stdout_has("note  caches    OnHelper: 10 precompile files each");
}
