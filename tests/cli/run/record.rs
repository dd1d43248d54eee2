//! `--record`: what starts compile goes into the next image.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::sandbox::{NOW, Sandbox};
use crate::support::starts::prepared;
use crate::support::world;

/// The folder of the only project that was recorded.
fn folder(sandbox: &Sandbox) -> String {
    let names = sandbox.names("store/recordings-v1");
    assert_eq!(names.len(), 1, "{names:?}");
    format!("store/recordings-v1/{}", names[0])
}

/// A start that is recorded if the project says so.
fn start(sandbox: &Sandbox, words: &[&str]) {
    sandbox
        .jlproj([&["run", "--quiet"], words, &["-e", "using Beta; print(Beta.answer())"]].concat())
        .code(0);
}

#[test]
fn a_start_is_recorded_where_the_user_or_the_project_asks_for_it() {
    let mut sandbox = prepared();
    sandbox.unset("JLPROJ_RECORD");
    with_user(&mut sandbox, "record = false\n");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names("store/recordings-v1"), [""; 0]);
    start(&sandbox, &["--record"]);
    let names = sandbox.names(folder(&sandbox));
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].starts_with(&format!("{NOW}-")), "{names:?}");
    let text = fs::read_to_string(sandbox.path(folder(&sandbox)).join(&names[0])).expect("statements");
    assert!(text.contains("precompile(Tuple{typeof(Beta.answer)})\n"), "{text}");

    sandbox.write("project/jlproj.toml", "record = true\n");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names(folder(&sandbox)).len(), 2);
    sandbox.write("project/jlproj.toml", "record = false\n");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names(folder(&sandbox)).len(), 2);
}

/// Sets what the user says of recording.
fn with_user(sandbox: &mut Sandbox, text: &str) {
    sandbox.set("JLPROJ_CONFIG", "home/config.toml");
    sandbox.write("home/config.toml", text);
}

/// Only the first starts are recorded unasked, and again after a build.
#[test]
fn the_first_starts_are_recorded_unasked_and_what_they_compile_goes_into_the_next_image() {
    let mut sandbox = prepared();
    sandbox.unset("JLPROJ_RECORD");
    let count = |sandbox: &Sandbox| sandbox.names(folder(sandbox)).len();
    for _ in 0..9 {
        start(&sandbox, &[]);
    }
    assert_eq!(count(&sandbox), 8);
    let dry = sandbox.jlproj(["run", "--dry-run", "-e", "0"]);
    assert!(!dry.code(0).stdout.contains("trace-compile"), "{dry}");
    sandbox.jlproj(["status"]).code(0).stdout_has("not in the image yet; run `jlproj build`\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(", in the image\n");
    assert_eq!(sandbox.names(folder(&sandbox)), ["statements.jl"]);
    start(&sandbox, &[]);
    assert_eq!(count(&sandbox), 2);
    let dry = sandbox.jlproj(["run", "--dry-run", "-e", "0"]);
    dry.code(0).stdout_has("--trace-compile=[STORE]/recordings-v1/").stdout_has("/first-");

    // Few new ones are not worth a build; many are.
    let statement = |number| format!("precompile(Tuple{{typeof(Beta.answer), Val{{{number}}}}})\n");
    let some = |count| (0..count).map(statement).collect::<String>();
    let file = format!("{}/first-1-1.jl", folder(&sandbox));
    sandbox.write(&file, some(10));
    sandbox.jlproj(["status"]).code(0).stdout_has(" 10 not in the image: too few for another build\n");
    sandbox.jlproj(["build"]).code(0).stderr("[PROJECT]: the image is up to date, nothing to build\n");
    sandbox.write(&file, some(60));
    sandbox.jlproj(["status"]).code(0).stdout_has(" 60 not in the image yet; run `jlproj build`\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(", in the image\n");
}

#[test]
fn nothing_is_recorded_unasked_where_the_user_or_the_project_says_so_or_nothing_can_be_baked() {
    let mut sandbox = prepared();
    sandbox.unset("JLPROJ_RECORD");
    with_user(&mut sandbox, "record = false\n");
    start(&sandbox, &[]);
    with_user(&mut sandbox, "");
    sandbox.write("project/jlproj.toml", "record = false\n");
    start(&sandbox, &[]);
    sandbox.write("project/jlproj.toml", "exclude = [\"Alpha\", \"Beta\", \"Gamma\"]\n");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names("store/recordings-v1"), [""; 0]);
    // The nearer one wins.
    sandbox.write("project/jlproj.toml", "record = true\n");
    with_user(&mut sandbox, "record = false\n");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names(folder(&sandbox)).len(), 1);
    sandbox.set("JLPROJ_RECORD", "false");
    start(&sandbox, &[]);
    assert_eq!(sandbox.names(folder(&sandbox)).len(), 1);
    sandbox.set("JLPROJ_RECORD", "maybe");
    let ran = sandbox.jlproj(["run", "-e", "print(1)"]);
    ran.code(0).stdout("1").stderr_has("JLPROJ_RECORD is `maybe`, but can only be `true` or `false`");
}

/// Julia ends where it cannot open the file for what it records.
#[test]
fn a_start_that_cannot_be_recorded_is_a_start_all_the_same() {
    let mut sandbox = prepared();
    sandbox.unset("JLPROJ_RECORD");
    start(&sandbox, &[]);
    let folder = sandbox.path(folder(&sandbox));
    fs::remove_dir_all(&folder).expect("remove");
    fs::write(&folder, "").expect("a file in its place");
    let ran = sandbox.jlproj(["run", "-e", "using Beta; print(Beta.answer())"]);
    ran.code(0).stdout("beta on alpha 1.0.0");
}

#[test]
fn a_dry_run_shows_the_file_and_writes_none() {
    let sandbox = prepared();
    let ran = sandbox.jlproj(["run", "--record", "--dry-run", "-e", "0"]);
    ran.code(0).stdout_has(" --trace-compile=[STORE]/recordings-v1/").stdout_has(".jl ");
    assert_eq!(sandbox.names("store/recordings-v1"), [""; 0]);
}

#[test]
fn a_file_that_the_user_names_is_julias_own() {
    let sandbox = prepared();
    let file = sandbox.path("home/own.jl");
    let option = format!("--trace-compile={}", file.display());
    sandbox.write("project/jlproj.toml", "record = true\n");
    start(&sandbox, &["--record", &option]);
    assert_eq!(sandbox.names("store/recordings-v1"), [""; 0]);
    let text = fs::read_to_string(file).expect("statements");
    assert!(text.contains("precompile(Tuple{typeof(Beta.answer)})\n"), "{text}");
}

#[test]
fn what_is_not_in_the_image_is_not_replayed() {
    let sandbox = prepared();
    start(&sandbox, &["--record"]);
    let folder = folder(&sandbox);
    fs::remove_dir_all(sandbox.path(&folder)).expect("remove");
    sandbox.write(
        format!("{folder}/1-1.jl"),
        "precompile(Tuple{typeof(Alpha.answer)})\n\
         precompile(Tuple{typeof(Main.answer)})\n\
         precompile(Tuple{typeof(Base.sort), Array{Main.Answer, 1}})\n\
         precompile(Tuple{typeof(Helper.answer)})\n\
         run(`touch touched`)\n\
         precompile(Tuple{typeof(Beta.answer)})\n\
         precompile(Tuple{typeof(Beta.ans",
    );
    let status = sandbox.jlproj(["status"]);
    status.code(0).stdout_has("  2 statements, not in the image yet; run `jlproj build`\n");
}

#[test]
fn many_recorded_starts_are_put_together() {
    let sandbox = prepared();
    start(&sandbox, &["--record"]);
    let folder = folder(&sandbox);
    fs::remove_dir_all(sandbox.path(&folder)).expect("remove");
    let statement = |number| format!("precompile(Tuple{{typeof(Alpha.answer), Val{{{number}}}}})\n");
    for number in 0..32 {
        sandbox.write(format!("{folder}/{number}-1.jl"), statement(number) + &statement(number / 2));
    }
    start(&sandbox, &["--record"]);
    assert_eq!(sandbox.names(&folder).len(), 33);
    start(&sandbox, &["--record"]);
    let names = sandbox.names(&folder);
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], "statements.jl");
    let text = fs::read_to_string(sandbox.path(&folder).join("statements.jl")).expect("statements");
    for number in 0..32 {
        assert_eq!(text.matches(&statement(number)).count(), 1, "{number}: {text}");
    }
    assert!(text.contains("precompile(Tuple{typeof(Beta.answer)})\n"), "{text}");
}

/// Makes the registry anew, with a depot of the sandbox's own, and a project with this package alone.
fn with_package(name: &str) -> Sandbox {
    let sandbox = Sandbox::new().with("JLPROJ_BUILDER", "direct").with("JLPROJ_CONFIG", "home/config.toml");
    sandbox.write("home/config.toml", "build_arguments = [\"-O0\", \"-g0\"]\n");
    sandbox.write("project/Project.toml", "");
    let sources = sandbox.path("sources");
    let made = Command::new(world::repository().join("tests/make-registry.sh"))
        .arg(&sources)
        .stdout(Stdio::null())
        .status()
        .expect("tests/make-registry.sh");
    assert!(made.success(), "tests/make-registry.sh failed");
    let registry = sources.join("registry");
    sandbox.jlproj(["pkg", "registry", "add", registry.to_str().expect("UTF-8")]).code(0);
    sandbox.jlproj(["pkg", "add", name]).code(0);
    sandbox
}

/// Seconds that the first call of the package's function takes: the median of three starts under the image.
fn first_call(sandbox: &Sandbox) -> f64 {
    // Called so that nothing of it is compiled before the clock runs.
    let code = "using SlowCall; begun = time(); Base.invokelatest(SlowCall.work, 1.0); print(time() - begun)";
    let mut seconds: Vec<f64> = (0..3)
        .map(|_| {
            let ran = sandbox.jlproj(["run", "--sysimage=require", "--startup-file=no", "-e", code]);
            ran.code(0).stdout.parse().expect("seconds")
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[1]
}

/// Two real images: one without and one with what a start recorded.
#[test]
fn the_first_call_of_what_was_recorded_is_fast_under_the_next_image() {
    let sandbox = with_package("SlowCall");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    let without = first_call(&sandbox);
    let status = sandbox.jlproj(["status"]);
    assert!(!status.code(0).stdout.contains("recorded"), "{status}");

    let code = "using SlowCall; f(x) = x; f(1); SlowCall.work(1.0)";
    sandbox.jlproj(["run", "--record", "--startup-file=no", "-e", code]).code(0).stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(" statements, not in the image yet; run `jlproj build`\n");
    sandbox.jlproj(["build", "--quiet"]).code(0).stderr("");
    sandbox.jlproj(["status"]).code(0).stdout_has(" statements, in the image\n");
    sandbox.jlproj(["build"]).code(0).stderr("[PROJECT]: the image is up to date, nothing to build\n");
    let with = first_call(&sandbox);
    eprintln!("first call: {without:.3} s, with what was recorded {with:.3} s");
    assert!(with < without / 2.0, "{with} {without}");
}
