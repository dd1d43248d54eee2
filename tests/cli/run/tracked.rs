//! What an image rests on beside the trees of its packages: files that they read while they were compiled, preferences of
//! others, artifacts, and the project that it is started in.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::run::extensions;
use crate::support::depot::{own_depot, with_standard_caches};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::starts::{WHICH, jlproj_with};
use crate::support::world;

/// A sandbox with a depot of its own, and the direct builder, fast rather than good.
fn direct() -> Sandbox {
    let sandbox = with_standard_caches(own_depot(Sandbox::new())).with("JLPROJ_BUILDER", "direct");
    sandbox.write("project/Project.toml", "");
    sandbox.write("home/settings.toml", "build_arguments = [\"-O0\", \"-g0\"]\n");
    sandbox.with("JLPROJ_CONFIG", "home/settings.toml").with(world::IMAGE_THREADS.0, world::IMAGE_THREADS.1)
}

/// Puts an artifact into the depot.
fn install_artifact(sandbox: &Sandbox) -> PathBuf {
    let tree = "a17c9aaa61e80a1bf71d0d850af4e5baa9800bbd";
    let file = sandbox.write(format!("home/.julia/artifacts/{tree}/data.txt"), "data");
    file.parent().expect("folder").to_owned()
}

/// The UUID of a package, as a project names it.
fn uuid(project: &str, name: &str) -> String {
    let line = project.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
    line.expect("a dependency").trim_matches('"').to_owned()
}

/// Starts Julia in the project, and asks what these packages were made of.
fn ask(sandbox: &Sandbox, names: &str) -> Ran {
    let answers: Vec<String> = names.split(", ").map(|name| format!("{name}.answer()")).collect();
    let code = format!("{WHICH}; using {names}; print(\": \", join([{}], \", \"))", answers.join(", "));
    sandbox.jlproj(["run", "--startup-file=no", "-e", &code])
}

/// Asserts that the project's start is under its image and silent.
#[track_caller]
fn assert_in_force(sandbox: &Sandbox) {
    sandbox.jlproj(["status", "--check"]).code(0);
    let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
    ran.code(0).stdout("image").stderr("");
}

const ALL: &str = "Built, Schema, Prefers, Artful, Choosy, Holder, Moody, Versioned, OnForeign, Extended";

/// A line of ours is all that there is on stderr; but from Julia 1.13 on that shows there how a package which a `try` loads
/// fails.
fn assert_told(ran: &Ran, line: &str) {
    if world::is_at_least(13) {
        ran.stderr_has(line);
        assert_eq!(ran.stderr.matches("jlproj:").count(), 1, "{}", ran.stderr);
    } else {
        ran.stderr(line);
    }
}

/// One image, and one after the other what Julia notices and a tree hash does not.
#[test]
fn what_no_tree_hash_tells_is_noticed() {
    let sandbox = direct();
    let schema = sandbox.write("home/.julia/schema.txt", "one");
    let artifact = install_artifact(&sandbox);
    // Extra is named, and not a dependency. Before anything is compiled: Julia itself does not notice a change of what a
    // package reads of another one (before 1.14).
    sandbox.jlproj(["pkg", "--project", "scratch", "add", "Extra"]).code(0);
    let scratch = fs::read_to_string(sandbox.path("project/scratch/Project.toml")).expect("project");
    fs::remove_dir_all(sandbox.path("project/scratch")).expect("remove");
    let extras = format!("[extras]\nExtra = \"{}\"\n", uuid(&scratch, "Extra"));
    sandbox.write("project/Project.toml", &extras);
    // An environment below the project in the load path has preferences too.
    let below = PathBuf::from("home/.julia/environments").join(world::release());
    sandbox.write(below.join("Project.toml"), &extras);
    let preferences = "[Extra]\ncolour = \"red\"\n[Prefers]\nshade = \"dark\"\n";
    sandbox.write(below.join("LocalPreferences.toml"), preferences);
    let names: Vec<&str> = ALL.split(", ").collect();
    let added = jlproj_with(&sandbox, &[&["pkg", "add"], &names[..]].concat(), &[("BUILT_ANSWER", "a")]);
    added.code(0);
    let project = fs::read_to_string(sandbox.path("project/Project.toml")).expect("project");
    let prefers = format!("Prefers = \"{}\"\n", uuid(&project, "Prefers"));
    sandbox.write(below.join("Project.toml"), extras + &prefers);
    let has_preferences = world::is_at_least(6);
    let colour = if has_preferences { "red dark" } else { "none none" };
    let extended = if world::is_at_least(9) { "extended by Versioned" } else { "extended" };
    let answers = |built: &str, schema: &str| {
        format!(
            "built {built}, schema {schema}, prefers {colour}, artful data, choosy, holds choosy, moody, version 1.2.3, \
             without Foreign, {extended}"
        )
    };

    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    assert_in_force(&sandbox);
    ask(&sandbox, ALL).code(0).stdout(&format!("image: {}", answers("a", "one"))).stderr("");

    // 1: what a build of Pkg writes into a package's folder.
    let built = jlproj_with(&sandbox, &["pkg", "build", "Built"], &[("BUILT_ANSWER", "b")]);
    built.code(0).stderr_has("deps.jl`, which Built reads, changed");
    let ran = ask(&sandbox, ALL);
    ran.code(0).stdout(&format!("plain: {}", answers("b", "one")));
    ran.stderr_has("jlproj: the image is out of date: `[HOME]/.julia/packages/Built/");
    ran.stderr_has("/deps.jl`, which Built reads, changed; run `jlproj build`\n");
    sandbox.jlproj(["status", "--check"]).code(3).stdout_has("deps.jl`, which Built reads, changed");
    // The same contents, written once more, are the same.
    jlproj_with(&sandbox, &["pkg", "build", "Built"], &[("BUILT_ANSWER", "a")]).code(0);
    assert_in_force(&sandbox);

    // 2: a file outside of all packages.
    fs::write(&schema, "two").expect("write");
    let ran = ask(&sandbox, ALL);
    ran.code(0).stdout(&format!("plain: {}", answers("a", "two")));
    let told = "jlproj: the image is out of date: `[HOME]/.julia/schema.txt`, which Schema reads, changed; run `jlproj build`\n";
    assert_told(&ran, told);
    fs::remove_file(&schema).expect("remove");
    sandbox.jlproj(["status", "--check"]).code(3).stdout_has("schema.txt`, which Schema reads, is gone");
    fs::write(&schema, "one").expect("write");
    assert_in_force(&sandbox);

    // 3: preferences of a package that the project only names.
    if has_preferences {
        let own = sandbox.write("project/LocalPreferences.toml", "[Extra]\ncolour = \"blue\"\n");
        let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
        ran.code(0).stdout("plain");
        ran.stderr("jlproj: the image is out of date: preferences of Extra changed; run `jlproj build`\n");
        fs::remove_file(own).expect("remove");
        assert_in_force(&sandbox);
    } else {
        world::left_out("preferences of a package that is only named", "Julia has them from 1.6 on");
    }

    // 4: an artifact that an `__init__` wants is gone.
    fs::rename(&artifact, sandbox.path("home/artifact")).expect("move");
    let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
    ran.code(0).stdout("plain");
    ran.stderr(
        "jlproj: the image cannot be used: the artifact `data` of Artful is not installed; run `jlproj pkg instantiate`\n",
    );
    sandbox.jlproj(["status", "--check"]).code(3).stdout_has("no-artifact");
    fs::rename(sandbox.path("home/artifact"), &artifact).expect("move back");
    assert_in_force(&sandbox);

    // 5: another project has the same packages, but one of them not by name: the image would die there.
    let other = sandbox.path("other");
    fs::create_dir(&other).expect("folder");
    let project = fs::read_to_string(sandbox.path("project/Project.toml")).expect("project");
    let without = project.lines().filter(|line| !line.starts_with("Choosy")).collect::<Vec<_>>().join("\n");
    fs::write(other.join("Project.toml"), without).expect("project");
    fs::copy(sandbox.path("project/Manifest.toml"), other.join("Manifest.toml")).expect("copy");
    let mut command = sandbox.command(["run", "--startup-file=no", "-e", WHICH]);
    let ran = sandbox.run(command.current_dir(&other).stdin(Stdio::null()));
    ran.code(0).stdout("plain");
    ran.stderr_has("the image cannot be used: Choosy starts only where the project depends on it directly; ");
    let mut command = sandbox.command(["build"]);
    let ran = sandbox.run(command.current_dir(&other));
    ran.code(1).stderr_has("Choosy does not load in this project");
    ran.stderr_has("`exclude = [\"Choosy\"]` into jlproj.toml");
    assert_in_force(&sandbox);

    // An image takes minutes: the same one serves.
    extensions::load_as_their_packages_do(&sandbox);
    assert_in_force(&sandbox);

    a_start_that_dies_is_noticed(&sandbox);

    // What has changed is built once more, in the place of the old one.
    if world::is_at_least(9) {
        world::left_out(
            "a second build of what changed",
            "it takes minutes, and is no other one than with 1.5",
        );
        return;
    }
    jlproj_with(&sandbox, &["pkg", "build", "Built"], &[("BUILT_ANSWER", "c")]).code(0);
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    assert_in_force(&sandbox);
    ask(&sandbox, ALL).code(0).stdout(&format!("image: {}", answers("c", "one"))).stderr("");
}

/// Under an image of which a package may end Julia before anything of the user's runs.
fn a_start_that_dies_is_noticed(sandbox: &Sandbox) {
    let start =
        |mood: &str| jlproj_with(sandbox, &["run", "--startup-file=no", "-e", WHICH], &[("MOODY", mood)]);
    let dies = || {
        let ran = start("bad");
        assert!(ran.code != 0 && ran.stdout.is_empty(), "{ran}");
    };
    let told = "jlproj: no image this time: the last start under it ended before Julia was ready\n";
    dies();
    start("bad").code(0).stdout("plain").stderr(told);
    // It got through: what was before is forgotten.
    start("good").code(0).stdout("image").stderr("");
    assert_eq!(sandbox.names("store/starts-v1").len(), 1);
    let marks = |sandbox: &Sandbox| {
        let key = sandbox.names("store/starts-v1").remove(0);
        sandbox.names(format!("store/starts-v1/{key}"))
    };
    assert_eq!(marks(sandbox), [""; 0]);
    // A session that goes on, and one that is killed, have got through.
    let mut command = sandbox.command(["run", "--startup-file=no", "-e", "print(\"ready\"); sleep(600)"]);
    let mut session = command.stdout(Stdio::piped()).spawn().expect("Julia");
    let mut output = [0; 5];
    std::io::Read::read_exact(&mut session.stdout.take().expect("stdout"), &mut output).expect("ready");
    start("good").code(0).stdout("image").stderr("");
    session.kill().expect("kill");
    session.wait().expect("Julia");
    start("good").code(0).stdout("image").stderr("");
    // Julia itself refuses to start.
    assert_ne!(sandbox.jlproj(["run", "--no-such-option"]).code, 0);
    start("good").code(0).stdout("image").stderr("");
    // Two in a row are enough.
    dies();
    start("bad").code(0).stdout("plain").stderr(told);
    dies();
    start("bad").code(0).stdout("plain").stderr(told);
    let given_up =
        "the image cannot be used: starts under it ended before Julia was ready; run `jlproj build`";
    start("good").code(0).stdout("plain").stderr(&format!("jlproj: {given_up}\n"));
    sandbox.jlproj(["status", "--check"]).code(3).stdout_has(given_up);
    sandbox.jlproj(["doctor"]).code(1).stdout_has("2 starts under it ended before Julia was ready");
    sandbox.jlproj(["build", "--dry-run"]).code(0).stderr_has("would bake");
}

/// A worker must know of no channel before it is ready (`isempty(PGRP.refs)`, `init_worker` of Distributed), and under an
/// image its packages are loaded before.
#[test]
fn an_image_in_which_workers_die_is_not_published() {
    let sandbox = direct();
    sandbox.jlproj(["pkg", "add", "Remote"]).code(0);
    let ran = sandbox.jlproj(["build"]);
    ran.code(1).stderr_has("worker processes die under the new image, by what Remote does with Distributed");
    ran.stderr_has("hint: leave it out: put `exclude = [\"Remote\"]` into jlproj.toml\n");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
}
