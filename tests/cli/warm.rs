//! `jlproj warm`: what the next start would compile is compiled already.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::depot::own_depot;
use crate::support::sandbox::{NOW, Ran, Sandbox, copy_folder};
use crate::support::world::{self, world};

/// Starts Julia in the project and loads these packages; Julia says of each how it gets it.
fn start(sandbox: &Sandbox, names: &[&str]) -> Ran {
    let load = format!("using {}; print(Alpha.answer())", names.join(", "));
    let mut command = sandbox.command(["run", "--quiet", "--startup-file=no", "-e", &load]);
    let ran = sandbox.run(command.env("JULIA_DEBUG", "loading"));
    ran.code(0).stdout_has("alpha 1.");
    ran
}

/// The caches in the sandbox's depot, with their contents: Julia touches one when it loads it.
fn caches(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let mut caches = BTreeMap::new();
    collect(&sandbox.path("home/.julia/compiled"), &mut caches);
    caches
}

fn collect(folder: &Path, caches: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            collect(&path, caches);
        } else {
            caches.insert(path.display().to_string(), fs::read(&path).expect("cache"));
        }
    }
}

/// The packages that a start compiled, as Julia says it.
fn compiled(ran: &Ran) -> Vec<String> {
    let lines = ran.stderr.lines().filter(|line| line.contains("Debug: Precompiling "));
    let told =
        lines.filter_map(|line| line.split("Precompiling ").nth(1)?.split(' ').next().map(str::to_owned));
    let mut names: Vec<String> = told.chain(ran.precompiled.iter().cloned()).collect();
    names.sort();
    names.dedup();
    names
}

/// Asserts that a start that loads `names` compiles `cold`, and that after `warm` it compiles nothing.
#[track_caller]
fn assert_warms(sandbox: &Sandbox, names: &[&str], cold: &[&str]) {
    let (folder, kept) = (sandbox.path("home/.julia/compiled"), sandbox.path("home/kept"));
    fs::create_dir_all(&folder).expect("folder");
    copy_folder(&folder, &kept);
    let without = start(sandbox, names);
    let mut missing = compiled(&without);
    missing.sort();
    assert_eq!(missing, cold, "what a start compiles without `warm`: {without}");

    fs::remove_dir_all(&folder).expect("remove");
    fs::rename(&kept, &folder).expect("as it was");
    let packages = if let [_] = cold { "1 package".to_owned() } else { format!("{} packages", cold.len()) };
    let said = format!("[PROJECT]: warm; compiled {packages}\n");
    sandbox.jlproj(["warm"]).code(0).stdout("").stderr(&said);
    let before = caches(sandbox);
    let with = start(sandbox, names);
    assert_eq!(compiled(&with), [""; 0], "what a start compiles after `warm`: {with}");
    assert!(caches(sandbox) == before, "a start changed the caches: {with}");
    let said = "[PROJECT]: warm; nothing had to be compiled\n";
    sandbox.jlproj(["warm"]).code(0).stdout("").stderr(said);
}

#[test]
fn after_an_update_nothing_is_left_to_compile_without_an_image() {
    if world::is_at_least(6) {
        let reason = "from 1.6 on Pkg compiles by itself after it changed an environment";
        return world::left_out("what is cold after an update", reason);
    }
    let sandbox = own_depot(Sandbox::new().in_world());
    start(&sandbox, &["Alpha", "Beta", "Gamma", "OnHelper"]);
    sandbox.jlproj(["pkg", "update", "Alpha"]).code(0).stderr_has("Alpha v1.0.0 ⇒ v1.1.0");
    sandbox.jlproj(["pkg", "add", "Extra"]).code(0);
    // Beta depends on Alpha.
    let names = ["Alpha", "Beta", "Extra", "Gamma", "OnHelper"];
    assert_warms(&sandbox, &names, &["Alpha", "Beta", "Extra"]);
}

#[test]
fn what_is_outside_of_an_image_is_compiled_under_it() {
    let sandbox = own_depot(Sandbox::new().in_world().with_standin_builder());
    sandbox.jlproj(["build", "--quiet"]).code(0);
    sandbox.write(
        "OnAlpha/Project.toml",
        "name = \"OnAlpha\"\nuuid = \"7e57ed00-0000-4000-8000-000000000002\"\nversion = \"0.1.0\"\n\n\
         [deps]\nAlpha = \"e1417b28-20bc-461c-87ad-429f4453c2cb\"\n",
    );
    sandbox.write("OnAlpha/src/OnAlpha.jl", "module OnAlpha\nusing Alpha\nend\n");
    let folder = sandbox.path("OnAlpha");
    sandbox.jlproj(["pkg", "develop", folder.to_str().expect("UTF-8")]).code(0);
    sandbox.jlproj(["pkg", "add", "Extra"]).code(0).stderr_has("lacks 1 of the packages");
    // A cache of what depends on something in the image holds for this image only.
    sandbox.jlproj(["run", "--sysimage=none", "-e", "using OnAlpha"]).code(0);
    let names = ["Alpha", "Beta", "Extra", "Gamma", "OnAlpha", "OnHelper"];
    assert_warms(&sandbox, &names, &["Extra", "OnAlpha"]);
}

/// One project is used and cold, one is used and warm, one is cold and not used.
#[test]
fn of_all_projects_those_are_warmed_that_are_used_and_cold() {
    let sandbox = own_depot(Sandbox::new().in_world());
    let [warm, unused] = ["home/warm", "home/unused"].map(|name| sandbox.path(name));
    copy_folder(&world().project(), &unused);
    sandbox.jlproj(["scan".into(), unused.clone()]).code(0);
    fs::create_dir_all(&warm).expect("folder");
    let project = format!("--project={}", warm.display());
    sandbox.jlproj(["pkg", &project, "add", "Gamma@1.0.0"]).code(0);
    sandbox.jlproj(["run", "--quiet", &project, "-e", "using Gamma"]).code(0);
    let line = format!("{}\tnone\t-\t1.10.4\t{}\n", NOW - 3600, sandbox.project().display());
    let journal = fs::read_to_string(sandbox.path("store/usage-v1.log")).expect("journal");
    sandbox.write("store/usage-v1.log", journal + &line);

    let said = "[PROJECT]: warm; compiled 4 packages\n";
    sandbox.jlproj(["warm", "--frequent"]).code(0).stdout("").stderr(said);
    let started = start(&sandbox, &["Alpha", "Beta", "Gamma", "OnHelper"]);
    assert_eq!(compiled(&started), [""; 0], "{started}");
    let said = "nothing to compile: no project that you use is cold\n";
    sandbox.jlproj(["warm", "--frequent"]).code(0).stdout("").stderr(said);
}

#[test]
fn a_package_that_does_not_load_is_named_and_the_others_are_warmed() {
    let sandbox = own_depot(Sandbox::new().in_world());
    sandbox.jlproj(["pkg", "add", "Broken"]).code(0);
    let said = "[PROJECT]: warm but for Broken, which cannot be loaded\n";
    sandbox.jlproj(["warm"]).code(0).stdout("").stderr(said);
    let started = start(&sandbox, &["Alpha", "Beta", "Gamma", "OnHelper"]);
    assert_eq!(compiled(&started), [""; 0], "{started}");
}
