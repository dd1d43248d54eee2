//! Builds that fail: each tells why and what to do, keeps its log, and leaves what was in force.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::sandbox::Sandbox;
use crate::support::starts::{WHICH, assert_nothing_left, assert_starts, jlproj_with, prepared, probed};
use crate::support::world::{self, world};

#[test]
fn what_the_builder_says_is_passed_on() {
    let sandbox = prepared();
    let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_FAIL", "the moon is full")]);
    ran.code(1).stderr_has("error: the image was not built").stderr_has("PackageCompiler failed");
    ran.stderr_has("the moon is full").stderr_has("hint: build without it: `jlproj build --builder direct`");
    ran.stderr_has("hint: or read the whole log: `jlproj log`");
    assert_nothing_left(&sandbox);
    assert_eq!(sandbox.names("store/images-v1"), Vec::<String>::new());

    let path = sandbox.jlproj(["log", "--path"]);
    path.code(0).stderr("");
    assert!(path.stdout.starts_with("[STORE]/projects-v1/") && path.stdout.ends_with(".log\n"), "{path}");
    ran.stderr_has(path.stdout.trim());
    sandbox.jlproj(["log"]).code(0).stdout_has("PackageCompiler: creating system image object file");

    let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_SIGNAL9", "1")]);
    ran.code(1).stderr_has("there was not enough memory").stderr_has("hint: close other programs");
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "plain", 1).stderr_has("no image for this project yet; run `jlproj build`");
}

#[test]
fn a_function_that_no_code_can_be_generated_for_is_named_and_memory_is_not_blamed() {
    let sandbox = prepared();
    let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_LLVM", "1")]);
    ran.code(1).stderr_has("no code can be generated for the processors of the image: `_sum`\n");
    ran.stderr_has("  LLVM ERROR: Cannot select: 0x55: v4i64 = X86ISD::VBROADCAST 0x66\n");
    ran.stderr_has("or for a processor by name: `jlproj build --cpu-target native`\n");
    assert!(!ran.stderr.contains("memory"), "{ran}");
    assert_nothing_left(&sandbox);
}

#[test]
fn an_image_that_does_not_start_is_not_published() {
    let sandbox = prepared();
    let text = sandbox.write("text.so", "this is no library\n");
    let half = sandbox.path("half.so");
    fs::copy(world().image(), &half).expect("copy");
    let size = fs::metadata(&half).expect("half").len();
    let file = fs::File::options().write(true).open(&half).expect("half");
    file.set_len(size / 2).expect("truncate");
    for image in [text, half] {
        let image = image.to_str().expect("UTF-8");
        let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_IMAGE", image)]);
        ran.code(1).stderr_has("Julia does not start with the new image").stderr_has("`jlproj log`");
        assert_eq!(sandbox.names("store/images-v1"), Vec::<String>::new(), "{ran}");
        assert_nothing_left(&sandbox);
    }
}

/// A real image, built directly: its package's `__init__` throws under any image but Julia's own.
#[test]
fn a_package_that_fails_to_initialise_in_the_image_is_named() {
    if world::is_at_least(11) {
        let reason = "an image of its own takes minutes, and Julia ends as with 1.10";
        return world::left_out("a package whose `__init__` fails under its image", reason);
    }
    let sandbox = Sandbox::new().in_world().with("JLPROJ_BUILDER", "direct");
    sandbox.write("home/settings.toml", "build_arguments = [\"-O0\"]\n");
    let sandbox = sandbox.with("JLPROJ_CONFIG", "home/settings.toml");
    sandbox.jlproj(["pkg", "add", "InitThrows"]).code(0);
    let ran = sandbox.jlproj(["build", "--quiet"]);
    ran.code(1).stderr_has("InitThrows loads, but Julia does not start with it in an image");
    ran.stderr_has("`exclude = [\"InitThrows\"]` into jlproj.toml");
    assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
    assert_eq!(sandbox.names("store/tmp"), [""; 0]);
    let started = sandbox.jlproj(["run", "-e", "using InitThrows; print(1)"]);
    started.code(0).stdout("1");
}

#[test]
fn packages_that_do_not_load_or_are_not_in_the_image_are_named() {
    let sandbox = prepared();
    world().julia(
        Some(&sandbox.project()),
        r#"using Pkg; Pkg.add([PackageSpec(name = name) for name in ("Broken", "Extra", "InitThrows")])"#,
        &[],
    );
    sandbox.write("project/jlproj.toml", "exclude = [\"Extra\", \"InitThrows\"]\n");
    let ran = sandbox.jlproj(["build"]);
    ran.code(1).stderr_has("Broken does not load in this project").stderr_has("Broken is broken");
    ran.stderr_has("`exclude = [\"Broken\"]` into jlproj.toml");
    assert_nothing_left(&sandbox);

    sandbox.write("project/jlproj.toml", "exclude = [\"Broken\"]\n");
    let ran = sandbox.jlproj(["build"]);
    ran.code(1).stderr_has("the new image is not what it should be");
    ran.stderr_has("Extra is not in the image").stderr_has("InitThrows is not in the image");
    assert_eq!(sandbox.names("store/images-v1"), Vec::<String>::new());

    sandbox.write("project/jlproj.toml", "exclude = [\"Broken\", \"Extra\", \"Gamma\", \"InitThrows\"]\n");
    let ran = sandbox.jlproj(["build"]);
    ran.code(1).stderr_has("Gamma got into the image but was not to be baked");
    assert_nothing_left(&sandbox);
}

/// A package that others load on another system only is in the manifest everywhere.
#[test]
fn a_package_that_does_not_load_and_that_nothing_needs_is_left_out() {
    let sandbox = prepared();
    world().julia(Some(&sandbox.project()), "using Pkg; Pkg.add(\"OnForeign\")", &[]);
    // The image that the builder's stand-in hands over does not have it.
    sandbox.write("project/jlproj.toml", "exclude = [\"OnForeign\"]\n");
    let ran = sandbox.jlproj(["build"]);
    ran.code(0).stderr_has("\nleft out   Foreign: does not load here, and nothing needs it\n");
    ran.stderr_has(" in the image, 4 outside\n");
    sandbox.jlproj(["status"]).code(0).stdout_has("Foreign: does not load here, and nothing needs it\n");
    assert_starts(&sandbox, "image", 0);

    // Who names it needs it.
    sandbox.write("project/jlproj.toml", "exclude = [\"OnForeign\"]\ninclude = [\"Alpha\", \"Foreign\"]\n");
    let ran = sandbox.jlproj(["build", "--force"]);
    ran.code(1).stderr_has("Foreign does not load in this project");
    sandbox.write("project/jlproj.toml", "exclude = [\"OnForeign\"]\n");
    world().julia(Some(&sandbox.project()), "using Pkg; Pkg.add(\"Foreign\")", &[]);
    let ran = sandbox.jlproj(["build", "--force"]);
    ran.code(1).stderr_has("Foreign does not load in this project");
    assert_starts(&sandbox, "image", 0);
}

/// Most of a build's time goes into code: what is loaded beside what is to be baked is told before that.
#[test]
fn a_package_that_loads_what_is_not_to_be_baked_is_named_before_code_is_generated() {
    let sandbox = prepared();
    let add = r#"using Pkg; Pkg.add([PackageSpec(name = name) for name in ("Extra", "Sneaky")])"#;
    world().julia(Some(&sandbox.project()), add, &[]);
    sandbox.write("project/jlproj.toml", "exclude = [\"Extra\"]\n");
    let calls = sandbox.path("calls");
    let calls = calls.to_str().expect("UTF-8");
    let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_LOG", calls)]);
    ran.code(1).stderr_has("the packages load something that is not to be baked");
    ran.stderr_has("  Sneaky loads Extra, which is not to be baked\n");
    ran.stderr_has("\nhint: leave it out: put `exclude = [\"Sneaky\"]` into jlproj.toml\n");
    assert!(!Path::new(calls).exists(), "the builder was started");
    assert_nothing_left(&sandbox);

    sandbox.write("project/jlproj.toml", "exclude = [\"Extra\", \"Sneaky\"]\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
}

/// `__precompile__(false)` ends a process that writes an image: whoever says it is told before that, and its dependents go
/// with it.
#[test]
fn a_package_that_is_never_compiled_ahead_is_named() {
    let sandbox = prepared();
    let are_dependents_loaded = !world::is_at_least(13);
    if !are_dependents_loaded {
        let reason = "Julia 1.13.0-rc1 does not load it without an image either";
        world::left_out("a package that depends on one that is never compiled ahead", reason);
    }
    let names = if are_dependents_loaded { r#""Uncached", "OnUncached""# } else { r#""Uncached","# };
    let add = format!("using Pkg; Pkg.add([PackageSpec(name = name) for name in ({names})])");
    world().julia(Some(&sandbox.project()), &add, &[]);
    let calls = sandbox.path("calls");
    let calls = calls.to_str().expect("UTF-8");
    let ran = jlproj_with(&sandbox, &["build"], &[("JLPROJ_STANDIN_LOG", calls)]);
    ran.code(1).stderr_has(
        "  Uncached cannot be in an image: `__precompile__(false)` says that no code is to be kept\n",
    );
    ran.stderr_has("\nhint: leave out what says so: put `exclude = [\"Uncached\"]` into jlproj.toml\n");
    assert!(!Path::new(calls).exists(), "the builder was started");
    assert_nothing_left(&sandbox);

    sandbox.write("project/jlproj.toml", "exclude = [\"Uncached\"]\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let name = if are_dependents_loaded { "OnUncached" } else { "Uncached" };
    let code = format!("{WHICH}; using {name}; print(\" \", {name}.answer())");
    let started = sandbox.jlproj(["run", "--startup-file=no", "-e", &code]);
    started.code(0).stdout(if are_dependents_loaded {
        "image on uncached 1.0.0"
    } else {
        "image uncached 1.0.0"
    });
}

#[test]
fn a_workload_that_fails_stops_the_build() {
    let sandbox = prepared();
    sandbox.write("project/jlproj.toml", "precompile_workload = [\"typical.jl\"]\n");
    sandbox.write("project/typical.jl", "println(\"a day at work\")\nexit(3)\n");
    let ran = sandbox.jlproj(["build"]);
    ran.code(1).stderr_has("the workload `[PROJECT]/typical.jl` failed (exit code 3)");
    ran.stderr_has("hint: run it by hand: `julia --project");
    sandbox.jlproj(["log"]).code(0).stdout_has("a day at work");
    assert_nothing_left(&sandbox);
}

/// What can be known beforehand is told at once: no package is loaded, nothing is written.
#[test]
fn what_is_missing_is_told_before_the_build() {
    let mut sandbox = prepared();
    let quickly = |sandbox: &Sandbox, arguments: &[&str]| {
        let begun = Instant::now();
        let ran = sandbox.jlproj(arguments);
        ran.code(1);
        assert!(begun.elapsed() < Duration::from_secs(8), "{ran}");
        assert!(!ran.stderr.contains("loading packages"), "{ran}");
        assert_nothing_left(sandbox);
        ran
    };
    if world::is_at_least(9) {
        world::left_out("a machine without any linker", "from 1.9 on Julia brings one of its own");
    } else {
        let path = sandbox.path("bin");
        let old_path = format!("{}:/usr/bin:/bin", path.display());
        sandbox.set("PATH", path);
        let ran = quickly(&sandbox, &["build", "--builder", "direct"]);
        ran.stderr_has("no program to link the image with").stderr_has("hint: install a C compiler");
        let ran = quickly(&sandbox, &["build", "--builder", "auto"]);
        ran.stderr_has("no program to link the image with");
        sandbox.set("PATH", old_path);
    }

    let depot = sandbox.path("empty-depot");
    sandbox.set("JULIA_DEPOT_PATH", depot);
    let ran = quickly(&sandbox, &["build"]);
    ran.stderr_has("error: Alpha, Beta, Gamma are not installed");
    ran.stderr_has("hint: `jlproj pkg --project [PROJECT] instantiate`");
    assert_starts(&sandbox, "plain", 1);
    sandbox.set("JULIA_DEPOT_PATH", world().depot());

    // As if Julia came from a distribution that puts `libjulia.so` into a package of its own.
    for name in sandbox.names("store/julias-v1") {
        let record = sandbox.path("store/julias-v1").join(name);
        let text = fs::read(&record).expect("record");
        let mut julia: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        julia["library_folders"] = serde_json::json!([sandbox.path("bin")]);
        fs::write(&record, julia.to_string()).expect("record");
    }
    let ran = quickly(&sandbox, &["build"]);
    ran.stderr_has("error: the linker cannot find `libjulia`").stderr_has("libjulia-dev");
}

/// Whether `path` was there all the time that `work` took.
fn is_always_there(path: &Path, work: impl FnOnce()) -> bool {
    let (done, missed) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                missed.fetch_or(!path.exists(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
    !missed.into_inner()
}

#[test]
fn an_image_in_force_outlives_failures_and_is_replaced_in_one_step() {
    let sandbox = prepared();
    sandbox.jlproj(["build"]).code(0);
    let image = sandbox.only_image();
    let first = fs::metadata(&image).expect("image").ino();
    let again = sandbox.jlproj(["build"]);
    again.code(0).stdout("").stderr("[PROJECT]: the image is up to date, nothing to build\n");
    sandbox.jlproj(["log"]).code(0).stdout_has("PackageCompiler: creating");

    // A failure leaves it, and a log of its own.
    jlproj_with(&sandbox, &["build", "--force"], &[("JLPROJ_STANDIN_FAIL", "no luck today")]).code(1);
    assert_eq!(fs::metadata(&image).expect("image").ino(), first);
    assert_starts(&sandbox, "image", 0);
    sandbox.jlproj(["status", "--check"]).code(0);
    assert!(sandbox.jlproj(["log", "--path"]).stdout.starts_with("[STORE]/projects-v1/"));

    // A Julia that runs under it goes on while it is replaced.
    let code =
        r#"println("ready"); readline(); using Alpha, Gamma; print(Alpha.answer(), ", ", Gamma.answer())"#;
    let mut session = sandbox.command(["run", "--startup-file=no", "-e", code]);
    let mut session = session.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Julia");
    let mut output = BufReader::new(session.stdout.take().expect("stdout"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    assert!(is_always_there(&image, || {
        sandbox.jlproj(["build", "--force"]).code(0);
    }));
    assert_ne!(fs::metadata(sandbox.only_image()).expect("image").ino(), first);
    // On a disk of another machine its file would be gone if it were removed.
    let kept = || -> Vec<u64> {
        let images =
            sandbox.names("store/tmp").into_iter().map(|name| format!("store/tmp/{name}/image/sys.so"));
        images.map(|path| fs::metadata(sandbox.path(path)).expect("the old image").ino()).collect()
    };
    assert_eq!(kept(), [first]);
    sandbox.jlproj(["build"]).code(0).stderr("[PROJECT]: the image is up to date, nothing to build\n");
    sandbox.jlproj(["gc", "--dry-run"]).code(0);
    assert_eq!(kept(), [first]);
    session.stdin.take().expect("stdin").write_all(b"\n").expect("write");
    line.clear();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "alpha 1.0.0, gamma 1.0.0 2020-01-01");
    assert!(session.wait().expect("Julia").success());
    assert_starts(&sandbox, "image", 0);
    sandbox.jlproj(["build"]).code(0).stderr_has("removed what 1 earlier build had left\n");
    assert_nothing_left(&sandbox);
    let path = sandbox.jlproj(["log", "--path"]);
    assert!(path.stdout.starts_with("[STORE]/images-v1/"), "the log of the failure is still shown: {path}");
}

#[test]
fn a_folder_without_packagecompiler_is_named() {
    let sandbox = probed().in_world();
    // The direct builder is not to get far: an argument that Julia does not know.
    sandbox.write("home/.config/jlproj/config.toml", "build_arguments = [\"--nonsense\"]\n");
    let ran = sandbox.jlproj(["build", "--builder", "auto", "--packagecompiler", "/nowhere"]);
    ran.code(1).stderr_has("jlproj: PackageCompiler is not available from `/nowhere`; building directly\n");
}
