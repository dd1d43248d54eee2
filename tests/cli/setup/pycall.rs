//! Images that hold PyCall and PythonCall: for whom they are. The packages are stand-ins of ours with the real names and
//! UUIDs, since neither loads on this Julia without the network; the image is a real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::python::Python;
use crate::support::host_programs;
use crate::support::sandbox::Sandbox;
use crate::support::world;

const PYCALL: &str = "438e738f-606a-5dbb-bf0a-cddfbfd45ab0";
const PYTHONCALL: &str = "6099a3de-0909-46bc-b1f4-468b9a2dfc0d";

/// Installs a package as Pkg does, and returns its folder and its lines in a manifest.
fn install(sandbox: &Sandbox, name: &str, uuid: &str, version: &str) -> (PathBuf, String) {
    let tree = if name == "PyCall" { "a" } else { "b" }.repeat(40);
    let code = "print(Base.version_slug(Base.UUID(ARGS[1]), Base.SHA1(ARGS[2])))";
    let slug = world::world().julia(None, code, &[uuid.into(), tree.clone().into()]);
    let folder = sandbox.path("home/.julia/packages").join(name).join(slug);
    let project = format!("name = \"{name}\"\nuuid = \"{uuid}\"\nversion = \"{version}\"\n");
    let below = folder.strip_prefix(sandbox.path("")).expect("in the sandbox").to_owned();
    sandbox.write(below.join("Project.toml"), project);
    sandbox.write(below.join(format!("src/{name}.jl")), format!("module {name}\ngreet() = 1\nend\n"));
    let entry =
        format!("[[{name}]]\ngit-tree-sha1 = \"{tree}\"\nuuid = \"{uuid}\"\nversion = \"{version}\"\n\n");
    (folder, entry)
}

/// A project with both, and the file in which PyCall's build says which libpython it is for.
fn sandbox() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new().with("JLPROJ_BUILDER", "direct").with("JLPROJ_CONFIG", "home/config.toml");
    sandbox.write("home/config.toml", "build_arguments = [\"-O0\", \"-g0\"]\n");
    let (folder, pycall) = install(&sandbox, "PyCall", PYCALL, "1.96.4");
    let (_, pythoncall) = install(&sandbox, "PythonCall", PYTHONCALL, "0.9.34");
    sandbox.write("project/Manifest.toml", format!("{pycall}{pythoncall}"));
    sandbox.write(
        "project/Project.toml",
        format!("[deps]\nPyCall = \"{PYCALL}\"\nPythonCall = \"{PYTHONCALL}\"\n"),
    );
    fs::create_dir_all(folder.join("deps")).expect("folder");
    (sandbox, folder.join("deps/deps.jl"))
}

fn write_deps(file: &Path, libpython: &Path) {
    let text =
        format!("const python = \"/usr/bin/python3\"\nconst libpython = \"{}\"\n", libpython.display());
    fs::write(file, text).expect("file");
}

#[test]
fn the_libpython_of_pycall_is_part_of_the_key_where_pycall_is_baked() {
    let (sandbox, deps) = sandbox();
    let key = || {
        let output = sandbox.command(["key"]).output().expect("jlproj");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let unbuilt = key();
    sandbox.jlproj(["key", "--inputs"]).code(0);
    write_deps(&deps, Path::new("/usr/lib/libpython3.11.so.1.0"));
    let built = key();
    assert_ne!(built, unbuilt);
    sandbox.jlproj(["key", "--inputs"]).code(0).stdout_has("/usr/lib/libpython3.11.so.1.0");
    write_deps(&deps, Path::new("/usr/lib/libpython3.12.so.1.0"));
    assert_ne!(key(), built);
    sandbox.write("project/jlproj.toml", "exclude = [\"PyCall\"]\n");
    let without = key();
    write_deps(&deps, Path::new("/usr/lib/libpython3.11.so.1.0"));
    assert_eq!(key(), without);
}

#[test]
fn an_image_is_given_only_to_a_python_that_can_start_it() {
    let (sandbox, deps) = sandbox();
    let old = host_programs::program("python-old");
    let library = old.as_deref().and_then(libpython);
    let library = library.unwrap_or_else(|| sandbox.write("python/libpython3.11.so.1.0", "library"));
    // PyCall names it by a link, as systems have them.
    let link = sandbox.path("libpython3.so");
    std::os::unix::fs::symlink(&library, &link).expect("link");
    let other = sandbox.write("python/libpython3.12.so.1.0", "another library");
    write_deps(&deps, &link);
    sandbox.jlproj(["build"]).code(0);
    sandbox.jlproj(["status", "-v"]).code(0).stdout_has("PyCall");
    let image = sandbox.redact(&sandbox.only_image().display().to_string());
    let offer = |more: &[&str]| {
        let ran = sandbox.jlproj(["env", "--json"].iter().chain(more));
        let offer: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
        assert_eq!((&offer["pycall"], &offer["pythoncall"]), (&"image".into(), &"image".into()));
        let text = |name: &str| offer[name].as_str().unwrap_or_default().to_owned();
        (text("sysimage"), text("reason"))
    };
    let (library, other) = (library.to_str().expect("UTF-8"), other.to_str().expect("UTF-8"));
    assert_eq!(offer(&["--libpython", library, "--juliacall", "0.9.35"]), (image, String::new()));
    for (arguments, reason) in [
        (&[][..], "it is not known which Python asks for it"),
        (&["--libpython", "static", "--juliacall", "0.9.37"], "this Python has libpython inside of it"),
        (&["--libpython", other, "--juliacall", "0.9.37"], "libpython3.12.so.1.0`; rebuild PyCall"),
        (&["--libpython", "/gone.so", "--juliacall", "0.9.37"], "this Python has libpython inside of it"),
        (&["--libpython", library], "PythonCall, which starts in a juliacall only"),
        (&["--libpython", library, "--juliacall", "0.9.34"], "`exclude = [\"PythonCall\"]` into jlproj.toml"),
    ] {
        let (given, told) = offer(arguments);
        assert_eq!(given, "", "{arguments:?}");
        assert!(told.contains(reason), "{arguments:?}: {told}");
    }
    // Nor do shells get variables for JuliaCall, whose version nobody knows.
    let ran = sandbox.jlproj(["exec", "--", "sh", "-c", "env | grep ^PYTHON_JULIACALL; :"]);
    ran.code(0).stdout("");
    // PyCall was built for another Python meanwhile: the image is not for that.
    write_deps(&deps, Path::new(other));
    sandbox.jlproj(["status"]).code(0).stdout_has("libpython of PyCall");
    write_deps(&deps, &link);
    if let Some(old) = old {
        old_juliacall_gets_no_image(sandbox, &old);
    }
}

/// The libpython that a Python is linked to, if it is.
fn libpython(environment: &Path) -> Option<PathBuf> {
    let questions =
        fs::read_to_string(world::repository().join("templates/python_questions.py")).expect("file");
    let output =
        Command::new(environment.join("bin/python")).args(["-I", "-c", &questions]).output().expect("python");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers = text.lines().find_map(|line| line.strip_prefix("jlproj: ")).expect("answers");
    let answers: serde_json::Value = serde_json::from_str(answers).expect("JSON");
    answers["libpython"].as_str().map(PathBuf::from)
}

/// A real JuliaCall of before PythonCall could be in an image, whose version is that of the project's PythonCall.
fn old_juliacall_gets_no_image(sandbox: Sandbox, origin: &Path) {
    let python = Python::with(origin, sandbox);
    python.setup("juliacall", &[]).code(0).stderr_has(
        "no image now: the image holds PythonCall, and juliacall 0.9.34 cannot start that; install juliacall",
    );
    let variables = [("PYTHON_JULIAPKG_OFFLINE", "yes"), ("JLPROJ_VERBOSE", "1")];
    // Without network juliapkg finds no Julia that it likes; what matters is that it is asked.
    let ran = python.run("import juliacall", &variables);
    ran.code(1)
        .stderr_has("jlproj (juliacall): no image: the image holds PythonCall, and juliacall 0.9.34 cannot");
    assert!(ran.stderr.contains("juliapkg"), "{ran}");
}
