//! Workspaces (Julia 1.12 and later): several projects with one manifest, each with an image of what it can load itself.

use std::fs;
use std::path::Path;

use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

/// A root with Alpha, Beta and Gamma, `docs` with Alpha and Extra, `tools` with what the root has, `test` with nothing;
/// `../beside` is listed too, and no part of it for Julia. (A workspace that lists itself Pkg 1.12.5 resolves without end.)
fn workspace() -> Sandbox {
    let sandbox = with_standard_caches(own_depot(Sandbox::new().with_standin_builder()));
    let members = ["docs", "tools", "test", "../beside"].map(|name| format!("{name:?}")).join(", ");
    sandbox.write("project/Project.toml", format!("[workspace]\nprojects = [{members}]\n"));
    for member in ["project/docs", "project/tools", "project/test", "beside"] {
        sandbox.write(format!("{member}/Project.toml"), "");
    }
    sandbox.jlproj(["pkg", "add", "Alpha@1.0.0", "Beta", "Gamma@1.0.0"]).code(0);
    // The versions that the stand-in's image holds.
    let root = fs::read_to_string(sandbox.path("project/Project.toml")).expect("root");
    let compat = "[compat]\nAlpha = \"=1.0.0\"\nGamma = \"=1.0.0\"\n";
    sandbox.write("project/Project.toml", format!("{root}\n{compat}"));
    sandbox.jlproj(["pkg", "--project", "docs", "add", "Alpha", "Extra"]).code(0);
    sandbox.jlproj(["pkg", "--project", "tools", "add", "Alpha", "Beta", "Gamma"]).code(0);
    for member in ["docs", "tools", "test"] {
        let manifest = sandbox.path("project").join(member).join("Manifest.toml");
        assert!(!manifest.exists(), "{member} has its own manifest");
    }
    sandbox
}

fn at(sandbox: &Sandbox, member: &str, arguments: &[&str]) -> Ran {
    sandbox.run(sandbox.command(arguments).current_dir(sandbox.path("project").join(member)))
}

/// The packages from the tests' registry that an image of this member would hold.
fn keyed(sandbox: &Sandbox, member: &str) -> String {
    let ran = at(sandbox, member, &["key", "--inputs"]);
    let inputs: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    let packages = inputs["packages"].as_array().expect("packages").iter();
    let of_ours = packages.filter(|package| package["tree"] != "");
    let mut names: Vec<&str> = of_ours.map(|package| package["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names.join(" ")
}

#[test]
fn each_project_of_a_workspace_has_an_image_of_what_it_loads() {
    if !world::is_at_least(12) {
        return world::left_out("projects that share a manifest", "Julia knows workspaces from 1.12 on");
    }
    let sandbox = workspace();
    let keys = ["", "docs", "tools"].map(|member| keyed(&sandbox, member));
    assert_eq!(keys, ["Alpha Beta Gamma", "Alpha Extra", "Alpha Beta Gamma"]);

    let dry = sandbox.jlproj(["build", "--workspace", "--dry-run"]);
    dry.code(0)
        .stdout("")
        .stderr_has("`[SANDBOX]/beside` is listed in the workspace, and is no project below");
    let empty = "`[PROJECT]/test/Project.toml` is passed over: no package of it can be baked";
    dry.stderr_has(empty);
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);

    // From any of its projects, and each image once; the stand-in's has nothing for `docs`.
    let built = at(&sandbox, "docs", &["build", "--workspace"]);
    built.code(1).stderr_has(empty).stderr_has("`[PROJECT]/docs/Project.toml` is not built");
    built.stderr_has("error: 1 of 4 images were not built");
    assert_eq!(sandbox.names("store/images-v1").len(), 1);
    let check = |member: &str| at(&sandbox, member, &["status", "--check"]);
    for member in ["", "tools"] {
        check(member).code(0).stdout_has("exact: the image is up to date");
    }
    check("docs").code(3);
    check("test").code(3).stdout_has("no package of this project can be baked");

    // What only `docs` loads is of no concern to the others.
    sandbox.jlproj(["pkg", "--project", "docs", "add", "Delta"]).code(0);
    assert_eq!(keyed(&sandbox, "docs"), "Alpha Delta Extra Gamma");
    for member in ["", "tools"] {
        check(member).code(0).stdout_has("exact: the image is up to date");
    }

    // They are found where the root is, and planned for as the few images that they are.
    let scanned = sandbox.jlproj(["scan", "."]);
    scanned.code(0).stderr_has("4 projects in ");
    let listed = sandbox.jlproj(["list", "--all"]);
    for member in ["docs", "tools", "test"] {
        listed.code(0).stdout_has(&format!("[PROJECT]/{member} "));
    }
}

/// A root or a member that cannot be read is told as Julia would fail over it, and stands in no start's way.
#[test]
fn a_workspace_that_cannot_be_read_is_told() {
    if !world::is_at_least(12) {
        return world::left_out("a workspace whose root is damaged", "Julia knows workspaces from 1.12 on");
    }
    let sandbox = Sandbox::new().in_world().with_world_image();
    sandbox.write("project/docs/Project.toml", "");
    let root = "project/Project.toml";
    let whole = fs::read_to_string(sandbox.path(root)).expect("root");
    sandbox.write(root, format!("{whole}\n[workspace]\nprojects = 1\n"));
    let ran = at(&sandbox, "docs", &["run", "--startup-file=no", "-e", "print(1)"]);
    ran.code(0).stdout("1").stderr_has("Project.toml");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    at(&sandbox, "docs", &["build", "--workspace"])
        .code(1)
        .stderr_has("`workspace.projects` is not a list of strings");
    // Each other's workspace: a project is looked at once.
    sandbox.write(root, format!("{whole}\n[workspace]\nprojects = [\"docs\"]\n"));
    sandbox.write("project/docs/Project.toml", "[workspace]\nprojects = [\"..\"]\n");
    at(&sandbox, "docs", &["build", "--workspace", "--dry-run"]).code(0).stderr_has("is passed over");
    at(&sandbox, "", &["status", "--check"]).code(0);
}

#[test]
fn where_there_is_no_workspace_that_is_told() {
    let sandbox = Sandbox::new().in_world();
    let ran = sandbox.jlproj(["build", "--workspace"]);
    ran.code(1).stdout("").stderr_has("error: `[PROJECT]/Project.toml` is in no workspace\n\nhint: ");
    if world::is_at_least(12) {
        ran.stderr_has("leave `--workspace` out, or list its projects");
    } else {
        ran.stderr_has(&format!(
            "Julia 1.12 and later know workspaces, and this is Julia {}",
            world::version()
        ));
    }
    sandbox.jlproj(["build", "--workspace", "nowhere"]).code(1).stderr_has("nowhere");
    sandbox.jlproj(["build", "--workspace", "--all"]).code(2);
}

/// A project without a manifest of its own is found by the one that lists it.
#[test]
fn members_are_found_by_their_root() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "project/Project.toml",
        "[workspace]\nprojects = [\"docs\", \"deep/er\", \"none\", \"../out\"]\n",
    );
    sandbox.write("project/Manifest.toml", "");
    sandbox.write("project/docs/Project.toml", "[workspace]\nprojects = [\"inner\"]\n");
    sandbox.write("project/docs/inner/JuliaProject.toml", "");
    sandbox.write("project/deep/er/Project.toml", "");
    sandbox.write("project/alone/Project.toml", "");
    sandbox.write("out/Project.toml", "");
    let scan = |folder: &Path| sandbox.jlproj(["scan".as_ref(), folder.as_os_str()]);
    scan(&sandbox.project()).code(0).stderr_has("4 projects in ").stderr_has(" 4 of them new");
    scan(&sandbox.path("out")).code(0).stderr_has("0 projects in ");
}
