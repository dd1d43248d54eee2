//! The driver of PackageCompiler: against a stand-in always, against the real one where there is a checkout.

use std::fs;

use crate::support::caches::json;
use crate::support::sandbox::{LITTLE_MEMORY, MUCH_MEMORY, Sandbox, real_now};
use crate::support::starts::prepared;
use crate::support::world::{self, BUILDER_FAILURE, world};

/// Julia code that says whether Alpha is in the image, and whether the image put anything into Main.
const ASK: &str = r#"
    baked = any(id -> id.name == "Alpha", keys(Base.loaded_modules))
    print(baked, " ", isdefined(Main, :Alpha), " ")
    using Alpha
    print(Alpha.answer())
"#;

#[test]
fn the_driver_hands_over_a_project_of_ours_and_names_no_package() {
    let mut sandbox = Sandbox::new().in_world().with_standin_builder();
    let log = sandbox.path("calls");
    sandbox.set("JLPROJ_STANDIN_LOG", &log);
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let calls = fs::read_to_string(log).expect("the stand-in's log");
    assert_eq!(calls.matches("packages ").count(), 1, "{calls}");
    assert!(calls.contains("packages Symbol[]"), "{calls}");
    assert!(calls.contains("cpu_target native") && calls.contains("incremental true"), "{calls}");
    // The project has what is to be baked, and nothing that is in development.
    for name in ["Alpha", "Beta", "Gamma"] {
        assert!(calls.contains(&format!("{name} = ")), "{calls}");
    }
    assert!(!calls.contains("Helper"), "{calls}");
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("true false alpha 1.0.0").stderr("");
}

#[test]
fn code_is_generated_on_all_cores_unless_the_user_says_on_how_many() {
    let mut sandbox = prepared().with("__JLPROJ_FREE_MEMORY", MUCH_MEMORY);
    let log = sandbox.path("calls");
    sandbox.set("JLPROJ_STANDIN_LOG", &log);
    let threads = || {
        let calls = fs::read_to_string(&log).expect("the stand-in's log");
        let line = calls.lines().filter_map(|line| line.strip_prefix("image threads ")).next_back();
        line.expect("threads").to_owned()
    };
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    if world::is_at_least(10) {
        let cores = std::thread::available_parallelism().expect("cores").get();
        assert_eq!(threads(), cores.to_string());
        // Not where memory is short.
        sandbox.set("__JLPROJ_FREE_MEMORY", LITTLE_MEMORY);
        sandbox.jlproj(["build", "--quiet", "--force"]).code(0).stderr("");
        assert_eq!(threads(), "1");
        sandbox.set("__JLPROJ_FREE_MEMORY", MUCH_MEMORY);
        // Of many builds at once each gets its share.
        sandbox.jlproj(["build", "--quiet", "--force", "--jobs", "1000"]).code(0).stderr("");
        assert_eq!(threads(), "1");
    } else {
        assert_eq!(threads(), "none", "this Julia has one thread for it");
    }
    sandbox.set("JULIA_IMAGE_THREADS", "7");
    sandbox.jlproj(["build", "--quiet", "--force"]).code(0).stderr("");
    assert_eq!(threads(), "7");
}

#[test]
fn an_image_is_as_old_as_the_end_of_its_build() {
    const BUILD: i64 = 3;
    let mut sandbox = prepared().with("JLPROJ_STANDIN_SLEEP", BUILD.to_string());
    sandbox.unset("__JLPROJ_NOW");
    let begun = real_now();
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let status = json(sandbox.jlproj(["status", "--format", "json"]).code(0));
    let built = status["image"]["built"].as_i64().expect("a time");
    assert!(built >= begun + BUILD, "begun {begun}, recorded as built {built}");
}

#[test]
fn where_it_fails_and_nobody_asked_for_it_the_image_is_built_directly_and_that_is_told() {
    let world = world();
    let told = world.build_messages();
    assert!(
        told.contains(&format!("jlproj: PackageCompiler failed: {BUILDER_FAILURE}; building directly\n")),
        "{told}"
    );
    assert!(told.contains("builder    direct "), "{told}");
    let log = fs::read_to_string(world.image().with_file_name("build.log")).expect("log");
    let failure = log.find(&format!("ERROR: {BUILDER_FAILURE}")).expect("what PackageCompiler said");
    let direct = log.find("--output-o").expect("the direct builder's command");
    assert!(failure < direct, "{log}");
}

/// Takes minutes: `JLPROJ_TEST_PACKAGECOMPILER` names a checkout that fits the Julia of the tests.
#[test]
fn the_real_one_builds_an_image_and_its_failures_are_explained() {
    let Some(checkout) = std::env::var_os("JLPROJ_TEST_PACKAGECOMPILER") else {
        eprintln!("SKIPPED: JLPROJ_TEST_PACKAGECOMPILER names no checkout of PackageCompiler.jl");
        return;
    };
    let mut sandbox = Sandbox::new().in_world();
    sandbox.set("JLPROJ_BUILDER", "packagecompiler");
    sandbox.set("JLPROJ_PACKAGECOMPILER", checkout);
    sandbox.set("PATH", sandbox.path("bin"));
    let failed = sandbox.jlproj(["build", "--quiet"]);
    failed.code(1).stderr_has("no program to link the image with");
    sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox.jlproj(["run", "-e", ASK]).code(0).stdout("true false alpha 1.0.0").stderr("");
}
