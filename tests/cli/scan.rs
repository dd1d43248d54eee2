//! `jlproj scan`: which projects are below a folder.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::listing::{listed, paths, row, scan, small_project};
use crate::support::starts::probed;

#[test]
fn a_scan_finds_all_projects_below_a_folder_and_nothing_else() {
    let sandbox = probed().in_world();
    for name in ["one", ".hidden/four", "left/built/five", "jl_Ab3dE6/seven"] {
        small_project(&sandbox, &format!("code/{name}"));
    }
    sandbox.write("code/left/.gitignore", "built/\n");
    let inner = small_project(&sandbox, "code/one/inner/two");
    fs::rename(inner.join("Project.toml"), inner.join("JuliaProject.toml")).expect("rename");
    fs::rename(inner.join("Manifest.toml"), inner.join("JuliaManifest.toml")).expect("rename");
    let newer = small_project(&sandbox, "code/three");
    fs::rename(newer.join("Manifest.toml"), newer.join("Manifest-v1.99.toml")).expect("rename");
    let package = small_project(&sandbox, "code/package");
    fs::remove_file(package.join("Manifest.toml")).expect("manifest");
    let loose = small_project(&sandbox, "code/loose");
    fs::remove_file(loose.join("Project.toml")).expect("project");
    small_project(&sandbox, "elsewhere/six");
    symlink("../elsewhere", sandbox.path("code/link")).expect("link");
    symlink(".", sandbox.path("code/endless")).expect("link");

    scan(&sandbox, "code").stderr("3 projects in 10 folders, 3 of them new\n");
    let rows = listed(&sandbox);
    assert_eq!(paths(&sandbox, &rows), ["code/one", "code/one/inner/two", "code/three"]);
    assert_eq!(row(&sandbox, &rows, "code/one/inner/two")["verdict"], "none");
    // For another version of Julia: to this one it has no manifest.
    assert_eq!(row(&sandbox, &rows, "code/three")["verdict"], "trouble");
    let trouble = format!("`{}/Project.toml` has no manifest", newer.display());
    assert_eq!(row(&sandbox, &rows, "code/three")["trouble"], trouble);
    scan(&sandbox, "code").stderr("3 projects in 10 folders, 0 of them new\n");
    // A link that is named is followed, as is a folder that is left out when it is passed by.
    scan(&sandbox, "code/link").stderr("1 project in 2 folders, 1 of them new\n");
    scan(&sandbox, "code/.hidden").stderr("1 project in 2 folders, 1 of them new\n");
    let all = ["code/.hidden/four", "code/one", "code/one/inner/two", "elsewhere/six", "code/three"];
    assert_eq!(paths(&sandbox, &listed(&sandbox)), all);
    let nowhere = sandbox.jlproj(["scan", "nowhere"]);
    nowhere.code(1).stdout("").stderr_has("[PROJECT]/nowhere");
}

#[test]
fn a_scan_of_what_is_not_there_says_so() {
    let sandbox = probed();
    let ran = sandbox.jlproj(["scan", "nowhere"]);
    ran.code(1).stdout("").stderr_has("error: `[PROJECT]/nowhere` cannot be looked through\n");
    ran.stderr_has("No such file or directory")
        .stderr_has("\n\nhint: name a folder that is there: `jlproj scan");
}

#[test]
fn a_scan_ends_after_a_hundred_thousand_folders_and_says_so() {
    let sandbox = probed().in_world();
    small_project(&sandbox, "tmp/many");
    for name in 0..100_000 {
        fs::create_dir(sandbox.path(format!("tmp/many/{name}"))).expect("folder");
    }
    scan(&sandbox, "tmp/many").stderr(
        "jlproj: stopped after 100000 folders; name folders further down to find the rest\n\
         1 project in 100000 folders, 1 of them new\n",
    );
    fs::remove_dir(sandbox.path("tmp/many/0")).expect("folder");
    scan(&sandbox, "tmp/many").stderr("1 project in 100000 folders, 0 of them new\n");
    assert_eq!(paths(&sandbox, &listed(&sandbox)), ["tmp/many"]);
}
