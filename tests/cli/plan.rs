//! Few images for many projects.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::support::sandbox::{NOW, Sandbox};
use crate::support::world::world;

/// Three sets of versions of Alpha and Gamma.
const VERSIONS: [(&str, &str); 3] = [("1.0.0", "1.0.0"), ("1.1.0", "1.0.0"), ("1.1.0", "1.0.1")];

/// What each of the four environments of a set has besides Alpha, Gamma and `SlowLoad`.
const OTHERS: [&str; 4] = ["Beta", "Beta Delta", "Beta Delta Extra", "Beta Helper OnHelper"];

/// Julia code that fails unless all that is loaded, in the image or afterwards, is what the manifest says; prints how
/// many packages of the project the image holds.
const CHECK: &str = r#"
    const at_start = Set(keys(Base.loaded_modules))
    import Pkg
    manifest = Pkg.TOML.parsefile(joinpath(dirname(Base.active_project()), "Manifest.toml"))
    project = Pkg.TOML.parsefile(Base.active_project())
    versions = Dict(entry["uuid"] => (name, get(entry, "version", "")) for (name, list) in manifest for entry in list)
    standard(id) = id.uuid === nothing || ispath(joinpath(Sys.STDLIB, id.name))
    for id in at_start
        standard(id) || haskey(versions, string(id.uuid)) || error("$(id.name) is not of this project")
    end
    for (name, uuid) in project["deps"]
        loaded = Base.require(Base.PkgId(Base.UUID(uuid), name))
        isdefined(loaded, :answer) || continue
        answer = Base.invokelatest(loaded.answer)
        for (part, version) in values(versions)
            mentioned = match(Regex("\\b" * lowercase(part) * " ([0-9.]+)"), answer)
            mentioned === nothing || mentioned[1] == version || error("$name says $answer, the manifest $version")
        end
    end
    print(count(id -> !standard(id), at_start))
"#;

/// A sandbox with its own settings, in which real images are built.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("config.toml", "build_arguments = [\"-O0\", \"-g0\"]\n");
    let config = sandbox.path("config.toml");
    sandbox
        .with("JULIA_DEPOT_PATH", world().depot())
        .with("JLPROJ_BUILDER", "direct")
        .with("JLPROJ_CONFIG", config)
}

/// Makes environments: a folder's name and the packages, as `Name` or `Name@version`.
fn make_environments(sandbox: &Sandbox, environments: &[(String, String)]) {
    let mut code = "using Pkg\n".to_owned();
    let folders: Vec<PathBuf> =
        environments.iter().map(|(name, _)| sandbox.path("work").join(name)).collect();
    for (place, (_, packages)) in environments.iter().enumerate() {
        let specs: Vec<String> = packages
            .split(' ')
            .map(|package| match package.split_once('@') {
                Some((name, version)) => format!("PackageSpec(name = \"{name}\", version = \"{version}\")"),
                None => format!("PackageSpec(name = \"{package}\")"),
            })
            .collect();
        let _ = writeln!(code, "Pkg.activate(ARGS[{}]); Pkg.add([{}])", place + 1, specs.join(", "));
    }
    world().julia(None, &code, &folders);
}

/// Notes starts of each project in the journal, many enough that images pay, some more of those that come first.
fn note_starts(sandbox: &Sandbox, projects: &[PathBuf]) {
    let mut journal = String::new();
    for (place, project) in projects.iter().enumerate() {
        for start in 0..2_000 - place {
            let time = NOW - i64::try_from(start).expect("small") * 60;
            let _ = writeln!(journal, "{time}\tnone\t-\t1.10.4\t{}", project.display());
        }
    }
    sandbox.write("store/usage-v1.log", journal);
}

#[test]
fn three_images_serve_twelve_environments_and_a_thirteenth_at_once() {
    let sandbox = sandbox();
    let environments: Vec<(String, String)> = VERSIONS
        .iter()
        .enumerate()
        .flat_map(|(set, (alpha, gamma))| {
            OTHERS.iter().enumerate().map(move |(place, others)| {
                (format!("set{set} {place}"), format!("Alpha@{alpha} Gamma@{gamma} SlowLoad {others}"))
            })
        })
        .collect();
    make_environments(&sandbox, &environments);
    let projects: Vec<PathBuf> =
        environments.iter().map(|(name, _)| sandbox.path("work").join(name)).collect();
    note_starts(&sandbox, &projects);

    let plan = sandbox.jlproj(["plan", "--images", "3", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.code(0).stdout).expect("JSON");
    let images = plan["images"].as_array().expect("images");
    assert_eq!(images.len(), 3, "{plan:#}");
    assert!(
        images.iter().all(|image| image["projects"].as_array().is_some_and(|list| list.len() == 4)),
        "{plan:#}"
    );
    assert_eq!(plan["left_out"].as_array().map(Vec::len), Some(0), "{plan:#}");

    sandbox.jlproj(["plan", "--images", "3", "--build"]).code(0);
    assert_eq!(sandbox.names("store/images-v1").len(), 3);
    for project in &projects {
        let held = in_project(&sandbox, project).stdout.clone();
        // Alpha, Beta, Gamma and SlowLoad are what the four of a set have in common.
        assert_eq!(held, "4", "{}", project.display());
    }
    each_loads_its_own_caches(&sandbox, [&projects[3], &projects[7]]);
    // What was measured meanwhile may make another choice better; what is in force is told beside it.
    let plan = sandbox.jlproj(["plan", "--images", "3", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.code(0).stdout).expect("JSON");
    assert!(plan["saves_now"].as_f64().is_some_and(|seconds| seconds > 0.0), "{plan:#}");

    // Whoever makes an environment afterwards has an image in its first second.
    make_environments(
        &sandbox,
        &[("new".to_owned(), "Alpha@1.1.0 Gamma@1.0.0 SlowLoad Beta Extra".to_owned())],
    );
    let new = sandbox.path("work/new");
    assert_eq!(in_project(&sandbox, &new).stdout, "4");
    assert_eq!(sandbox.names("store/images-v1").len(), 3);
    sandbox.jlproj(["list", "--all"]).code(0).stdout_has("contained");
}

/// Asserts that of two projects with two images, which have the same package outside, each loads its own file of it
/// after the other ran, and that nothing is compiled again.
fn each_loads_its_own_caches(sandbox: &Sandbox, projects: [&PathBuf; 2]) {
    let found = projects.map(|project| {
        let ran = sandbox.jlproj(["cache", "--package", "OnHelper", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
        let shown = sandbox.redact(project.to_str().expect("UTF-8"));
        let rows = report["files"].as_array().expect("files");
        let own: Vec<&str> = rows
            .iter()
            .filter(|row| row["project"] == shown.as_str() && row["image"] != "default")
            .map(|row| row["path"].as_str().expect("path"))
            .collect();
        assert_eq!(own.len(), 1, "{report:#}");
        (PathBuf::from(own[0]), report)
    });
    let [(first, report), (second, _)] = found;
    let files = [first, second];
    assert_ne!(files[0], files[1]);
    // Up to Julia 1.8 a file that was written without an image may serve under one, where all that it was made with is
    // the same: without such a file it is told whose is taken.
    for row in report["files"].as_array().expect("files") {
        let path = PathBuf::from(row["path"].as_str().expect("path"));
        if !files.contains(&path) {
            let _ = std::fs::remove_file(path);
        }
    }
    let modified = |place: usize| std::fs::metadata(&files[place]).expect("cache").modified().expect("time");
    for round in 0..4 {
        let (own, other) = (round % 2, 1 - round % 2);
        let before = [modified(0), modified(1)];
        let project = format!("--project={}", projects[own].display());
        let mut command = sandbox.command(["run", "--sysimage=require", &project, "-e", "using OnHelper"]);
        let ran = sandbox.run(command.env("JULIA_DEBUG", "loading"));
        ran.code(0);
        assert!(!ran.stderr.contains("Precompiling "), "{ran}");
        assert!(modified(own) > before[own], "its own file was not loaded: {ran}");
        assert_eq!(modified(other), before[other], "the other's file was loaded: {ran}");
    }
}

/// Runs [`CHECK`] in a project, under an image.
fn in_project(sandbox: &Sandbox, project: &std::path::Path) -> crate::support::sandbox::Ran {
    let project = format!("--project={}", project.display());
    let ran = sandbox.jlproj(["run", "--sysimage=require", &project, "-e", CHECK]);
    ran.code(0).stderr("");
    ran
}

#[test]
fn an_image_of_all_that_two_projects_have_is_used_only_where_it_was_accepted() {
    let sandbox = Sandbox::new().with_standin_builder().with("JULIA_DEPOT_PATH", world().depot());
    let environments = [
        ("left".to_owned(), "Alpha@1.0.0 Beta".to_owned()),
        ("right".to_owned(), "Gamma@1.0.0".to_owned()),
        ("other".to_owned(), "Alpha@1.0.0 Beta Gamma@1.0.1".to_owned()),
    ];
    make_environments(&sandbox, &environments);
    let projects = ["left", "right"].map(|name| sandbox.path("work").join(name));
    note_starts(&sandbox, &projects);

    let sound = sandbox.jlproj(["plan", "--images", "1"]);
    sound.code(0).stdout_has("not among the 1 that save most");
    let union = sandbox.jlproj(["plan", "--images", "1", "--union"]);
    union.code(0).stdout_has("beware").stdout_has("does not have Gamma").stdout_has("type\n          piracy");

    // Nobody confirms it.
    sandbox.jlproj(["plan", "--images", "1", "--union", "--build"]).code(0).stderr_has("`--yes`");
    assert_eq!(sandbox.names("store/images-v1").len(), 0);

    sandbox.jlproj(["plan", "--images", "1", "--union", "--build", "--yes"]).code(0);
    assert_eq!(sandbox.names("store/images-v1").len(), 1);
    let ask = "print(sort([id.name for id in keys(Base.loaded_modules) if id.name in (\"Alpha\", \"Beta\", \"Gamma\")]))";
    for project in &projects {
        let project = format!("--project={}", project.display());
        let ran = sandbox.jlproj(["run", "--sysimage=require", &project, "-e", ask]);
        ran.code(0).stdout("[\"Alpha\", \"Beta\", \"Gamma\"]");
    }
    let left = sandbox.jlproj(["status".as_ref(), projects[0].as_os_str()]);
    left.code(0).stdout_has("packages which the project does not have").stdout_has("foreign    Gamma");
    // Another version of what is in it, or nobody's word: no image.
    let other = format!("--project={}", sandbox.path("work/other").display());
    sandbox.jlproj(["run", "--sysimage=require", &other, "-e", ask]).code(125);
    let code = "using Gamma";
    let left = format!("--project={}", projects[0].display());
    sandbox.jlproj(["run", &left, "-e", code]).code(1).stderr_has("Package Gamma not found");
}
