//! PyJulia and JuliaCall from their registry, in real environments: a Python with a shared libpython, and one that has it inside.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::host_programs;
use crate::support::hosts::tree;
use crate::support::packages::{add_package, add_pythoncall};
use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::world;

/// A folder's name that every language reads differently.
const ODD: &str = "pro ject's $HOME \"é\" \\x 100%41";

/// An environment of its own with a project, an image, and what is to be asked of Julia.
pub struct Python {
    sandbox: Sandbox,
    environment: PathBuf,
    project: PathBuf,
}

/// The environments with their names that there are.
fn pythons() -> Vec<Python> {
    let environments = ["python-shared", "python-static"].into_iter().filter_map(host_programs::program);
    environments.map(|environment| Python::in_copy_of(&environment)).collect()
}

impl Python {
    /// A fresh environment with the packages of another one.
    fn in_copy_of(origin: &Path) -> Self {
        Self::with(origin, Sandbox::new().in_world().with_world_image())
    }

    /// The same, in this sandbox.
    pub fn with(origin: &Path, mut sandbox: Sandbox) -> Self {
        let project = sandbox.path(ODD);
        copy_folder(&sandbox.project(), &project);
        // What jlproj runs is Julia; what Python finds on PATH must be a plain one.
        sandbox.set("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
        let environment = sandbox.path("venv");
        let real = fs::canonicalize(origin.join("bin/python")).expect("python");
        let made = Command::new(&real).args(["-m", "venv", "--without-pip"]).arg(&environment).status();
        assert!(made.expect("python").success());
        let copied =
            Command::new("cp").arg("-a").arg(packages(origin).join(".")).arg(packages(&environment)).status();
        assert!(copied.expect("cp").success());
        Self { sandbox, environment, project }
    }

    /// Runs `jlproj setup` for the environment and the project.
    pub fn setup(&self, bridge: &str, more: &[&str]) -> Ran {
        let (venv, project) =
            (self.environment.to_str().expect("UTF-8"), self.project.to_str().expect("UTF-8"));
        let arguments = ["setup", bridge, "--venv", venv, "--project", project];
        self.sandbox.jlproj(arguments.iter().chain(more))
    }

    fn image(&self) -> String {
        self.sandbox.redact(&world::world().image().display().to_string())
    }

    /// Runs Python code in the environment, from another folder than the project.
    pub fn run(&self, code: &str, variables: &[(&str, &str)]) -> Ran {
        let jlproj = self.sandbox.command(["--version"]);
        let mut command = Command::new(self.environment.join("bin/python"));
        command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.envs(variables.iter().copied()).env("PYTHONIOENCODING", "utf-8").env("LC_ALL", "C.UTF-8");
        command.args(["-c", code]).current_dir(self.sandbox.path("home")).stdin(Stdio::null());
        self.sandbox.run(&mut command)
    }
}

fn packages(environment: &Path) -> PathBuf {
    let libraries =
        fs::read_dir(environment.join("lib")).expect("lib").map(|entry| entry.expect("entry").path());
    let library = libraries.into_iter().find(|path| path.join("site-packages").is_dir()).expect("a library");
    library.join("site-packages")
}

/// Asks the Julia inside of Python which image and project it has, and whether Alpha comes out of the image.
const ASK: &str = r#"
def ask(evaluate):
    code = '''string(unsafe_string(Base.JLOptions().image_file), "\n", Base.active_project(), "\n",
        any(id -> id.name == "Alpha", keys(Base.loaded_modules)), "\n")'''
    print(evaluate(code), end="")
"#;

/// PyJulia without PyCall: it starts Julia, and then misses PyCall.
const PYJULIA: &str = r#"
import ctypes
try:
    from julia import Main
    Main.eval("1")
except Exception as error:
    print(type(error).__name__)
from julia.libjulia import get_libjulia
api = get_libjulia()
if api is None:
    print("not started")
else:
    api.jl_string_ptr.restype = ctypes.c_char_p
    api.jl_string_ptr.argtypes = [ctypes.c_void_p]
    ask(lambda code: api.jl_string_ptr(api.jl_eval_string(code.encode())).decode())
"#;

/// PyJulia's lower half, which needs no PyCall and takes no image by itself.
const LIBJULIA: &str = r"
import ctypes, sys
from julia.libjulia import LibJulia
api = LibJulia.load()
api.init_julia(sys.argv[1:])
api.jl_string_ptr.restype = ctypes.c_char_p
api.jl_string_ptr.argtypes = [ctypes.c_void_p]
ask(lambda code: api.jl_string_ptr(api.jl_eval_string(code.encode())).decode())
";

/// JuliaCall: on this Julia it starts, and then fails at its own script.
const JULIACALL: &str = r#"
import ctypes, os
try:
    import juliacall
except Exception as error:
    print(type(error).__name__)
print(sorted(name for name in os.environ if name.startswith("PYTHON_JULIACALL")))
library = ctypes.PyDLL(None)
library.jl_eval_string.restype = ctypes.c_void_p
library.jl_eval_string.argtypes = [ctypes.c_char_p]
library.jl_string_ptr.restype = ctypes.c_char_p
library.jl_string_ptr.argtypes = [ctypes.c_void_p]
ask(lambda code: library.jl_string_ptr(library.jl_eval_string(code.encode())).decode())
"#;

#[test]
fn the_example_of_pyjulia() {
    for python in pythons() {
        let sandbox = &python.sandbox;
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jlproj"), sandbox.path("bin/jlproj")).expect("link");
        let script = sandbox.write("script.py", format!("{ASK}{PYJULIA}"));
        let jlproj = sandbox.command(["--version"]);
        let mut command = Command::new(world::repository().join("examples/pyjulia.sh"));
        command
            .args([&python.environment, &python.project, &script])
            .current_dir(sandbox.path("home"))
            .env_clear();
        command.envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = sandbox.run(command.env("PYTHONIOENCODING", "utf-8").env("LC_ALL", "C.UTF-8"));
        ran.code(0).stdout_has(&python.image()).stderr_has("jlproj (pyjulia): image ");
    }
}

#[test]
fn pyjulia_gets_the_image_and_starts_plainly_without_one() {
    for python in pythons() {
        let code = format!("{ASK}{PYJULIA}");
        let stock = python.run(&code, &[]);
        stock.code(0).stdout("UnsupportedPythonError\nnot started\n");
        python.setup("pyjulia", &[]).code(0).stderr_has("jlproj: pyjulia ([SANDBOX]/venv) is set up\n");
        let project = python.sandbox.redact(&python.project.display().to_string());
        let with_image = format!("JuliaError\n{}\n{project}/Project.toml\ntrue\n", python.image());
        python.run(&code, &[]).code(0).stdout(&with_image).stderr("");
        python
            .run(&code, &[("JLPROJ_VERBOSE", "1")])
            .code(0)
            .stderr_has(&format!("jlproj (pyjulia): image {}", python.image()));
        // Switched off, or the user chose otherwise.
        python.run(&code, &[("JLPROJ_DISABLE", "1")]).code(0).stdout(&stock.stdout).stderr("");
        let own = "from julia import Julia\ntry:\n    Julia(runtime=\"julia\")\nexcept Exception as error:\n    \
                   print(type(error).__name__)\nfrom julia.libjulia import get_libjulia\nprint(get_libjulia())";
        python.run(own, &[]).code(0).stdout("UnsupportedPythonError\nNone\n");
        let foreign = python.sandbox.path("project").display().to_string();
        let ran = python.run(&code, &[("JULIA_PROJECT", &foreign)]);
        ran.code(0).stdout(&format!("JuliaError\n{}\n[PROJECT]/Project.toml\ntrue\n", python.image()));
        // The lower half, with the image named as the snippet and the manual say.
        let explicit = format!(
            "import sys; sys.argv[1:] = [\"--sysimage={}\"]\n{ASK}{LIBJULIA}",
            world::world().image().display()
        );
        let ran = python.run(&explicit, &[("JULIA_PROJECT", python.project.to_str().expect("UTF-8"))]);
        ran.code(0).stdout(with_image.strip_prefix("JuliaError\n").expect("prefix"));
        // The image goes, then jlproj: no error that is not there without jlproj.
        let empty = python.sandbox.path("empty").display().to_string();
        python.run(&code, &[("JLPROJ_HOME", &empty)]).code(0).stdout(&stock.stdout).stderr("");
        let configuration = packages(&python.environment).join("jlproj_pyjulia.json");
        let text = fs::read_to_string(&configuration)
            .expect("file")
            .replace(env!("CARGO_BIN_EXE_jlproj"), "/gone/jlproj");
        fs::write(&configuration, text).expect("file");
        python.run(&code, &[]).code(0).stdout(&stock.stdout).stderr("");
        // It never answers.
        let hanging = world::repository().join("tests/fixtures/hanging-julia");
        let text = fs::read_to_string(&configuration).expect("file");
        fs::write(&configuration, text.replace("/gone/jlproj", hanging.to_str().expect("UTF-8")))
            .expect("file");
        let note = python.sandbox.path("hanging");
        let hangs = [
            ("JLPROJ_VERBOSE", "1"),
            ("__JLPROJ_PROBE", "1"),
            ("JLPROJ_TEST_NOTE", note.to_str().expect("UTF-8")),
        ];
        let ran = python.run(&format!("import jlproj_pyjulia\njlproj_pyjulia.PATIENCE = 2\n{code}"), &hangs);
        ran.code(0)
            .stdout(&stock.stdout)
            .stderr("jlproj (pyjulia): no image: jlproj did not answer in 2 s\n");
        let process = fs::read_to_string(note).expect("the number of its process");
        assert!(!Path::new("/proc").join(process.trim()).exists(), "it still runs");
        fs::remove_file(packages(&python.environment).join("jlproj_pyjulia.py")).expect("remove");
        python.run("print(1)", &[]).code(0).stdout("1\n").stderr("");
    }
}

/// Asserts that two trees are the same, and tells only what is not.
#[track_caller]
fn assert_same(left: &BTreeMap<PathBuf, String>, right: &BTreeMap<PathBuf, String>) {
    let differing: Vec<_> =
        left.keys().chain(right.keys()).filter(|path| left.get(*path) != right.get(*path)).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn python_is_set_up_once_and_taken_back_to_the_byte() {
    for python in pythons() {
        // What it writes when it is first asked about itself is not ours.
        python.sandbox.jlproj(["status"]);
        let before = tree(&python.environment);
        for bridge in ["pyjulia", "juliacall"] {
            let dry = python.setup(bridge, &["--dry-run"]);
            dry.code(0).stdout_has(&format!("jlproj_{bridge}.pth\n    # generated by jlproj, [KEY]\n"));
            assert_same(&tree(&python.environment), &before);
            python.setup(bridge, &["--check"]).code(1);
            python.setup(bridge, &[]).code(0);
            let after = tree(&python.environment);
            assert_eq!(after.len(), before.len() + 3);
            python.setup(bridge, &[]).code(0).stderr_has("is set up already\n");
            assert_same(&tree(&python.environment), &after);
            python.setup(bridge, &["--check"]).code(0);
            // Python compiles it.
            python.run(&format!("import jlproj_{bridge}"), &[]).code(0);
            assert!(tree(&python.environment).len() > after.len());
            let file = packages(&python.environment).join(format!("jlproj_{bridge}.py"));
            let text = fs::read_to_string(&file).expect("file");
            fs::write(&file, format!("{text}print(1)\n")).expect("file");
            python.setup(bridge, &[]).code(1).stderr_has("was changed since jlproj wrote it");
            python.setup(bridge, &["--undo"]).code(1).stderr_has("was changed since jlproj wrote it");
            fs::write(&file, text).expect("file");
            python.setup(bridge, &["--undo"]).code(0);
            assert_same(&tree(&python.environment), &before);
        }
    }
}

#[test]
fn juliacall_gets_julia_project_and_image_together() {
    for python in pythons() {
        add_pythoncall(&python.sandbox, &python.project, "0.9.37");
        python.setup("juliacall", &[]).code(0).stderr_has(&format!("image now: {}", python.image()));
        let code = format!("{ASK}{JULIACALL}");
        let project = python.sandbox.redact(&python.project.display().to_string());
        let expected = format!("Exception\n[]\n{}\n{project}/Project.toml\ntrue\n", python.image());
        python.run(&code, &[]).code(0).stdout(&expected);
        // As JuliaCall has it, this is nothing to it.
        python.run(&code, &[("JULIA_PROJECT", "/nowhere")]).code(0).stdout(&expected);
        // What the user set stays, and is not added to.
        let ran = python.run("import juliacall", &[("PYTHON_JULIACALL_EXE", "julia")]);
        ran.code(1).stderr_has("must be set together, not only one of them");
        let foreign = python.sandbox.path("project").display().to_string();
        let ran =
            python.run(&code, &[("PYTHON_JULIACALL_EXE", "julia"), ("PYTHON_JULIACALL_PROJECT", &foreign)]);
        ran.code(0).stdout_has("/julia/sys.so\n[PROJECT]/Project.toml\nfalse\n");
        // It is another version, or there is no image: as without jlproj.
        let quiet = [("PYTHON_JULIAPKG_OFFLINE", "yes"), ("JLPROJ_VERBOSE", "1")];
        let manifest = python.project.join("Manifest.toml");
        let text = fs::read_to_string(&manifest).expect("file");
        fs::write(&manifest, text.replace("version = \"0.9.37\"", "version = \"0.9.36\"")).expect("file");
        let ran = python.run("import juliacall", &quiet);
        ran.stderr_has(
            "jlproj (juliacall): no image: juliacall 0.9.37 needs PythonCall 0.9.37 in the project\n",
        );
        fs::write(&manifest, text).expect("file");
        let empty = python.sandbox.path("empty").display().to_string();
        let quiet = [quiet[0], quiet[1], ("JLPROJ_HOME", &empty)];
        let ran = python.run("import juliacall", &quiet);
        ran.stderr_has("jlproj (juliacall): no image: no image for this project yet");
        assert!(!ran.stderr.contains("path does not exist"), "{ran}");
    }
}

#[test]
fn a_pycall_outside_of_the_image_that_is_for_another_libpython_is_not_loaded() {
    for python in pythons() {
        let pycall = ("PyCall", "438e738f-606a-5dbb-bf0a-cddfbfd45ab0", "1.96.4");
        let package = add_package(&python.sandbox, &python.project, pycall);
        let other = python.sandbox.write("other/libpython3.9.so.1.0", "another library");
        let deps = format!(
            "const python = \"/usr/bin/python3.9\"\nconst libpython = \"{}\"\nconst pyversion = v\"3.9.2\"\n\
             const PYTHONHOME = \"\"\nconst pyprogramname = \"/usr/bin/python3.9\"\n",
            other.display()
        );
        fs::create_dir(package.join("deps")).expect("folder");
        fs::write(package.join("deps/deps.jl"), deps).expect("file");
        python.setup("pyjulia", &[]).code(0);
        // PyJulia's own refusal, as without jlproj: with an image it would not ask.
        let ran = python.run(&format!("{ASK}{PYJULIA}"), &[("JLPROJ_VERBOSE", "1")]);
        ran.code(0).stdout("UnsupportedPythonError\nnot started\n");
        ran.stderr_has("jlproj (pyjulia): no image: PyCall outside of it is bound to another libpython, ");
    }
}

#[test]
fn snippets_do_the_same_without_writing() {
    let Some(origin) = host_programs::program("python-shared") else { return };
    let python = Python::with(&origin, Sandbox::new().in_world().with_standin_builder());
    python.setup("pyjulia", &["--snippet"]).code(1).stderr_has("no image is in force");
    let before = tree(&python.environment);
    let snippet = {
        python.sandbox.jlproj(["build", python.project.to_str().expect("UTF-8")]).code(0);
        python.setup("pyjulia", &["--snippet"])
    };
    let code = snippet.code(0).stdout_has("Julia(runtime=\"").stdout.clone();
    let code = code.replace("[STORE]", python.sandbox.path("store").to_str().expect("UTF-8"));
    let code = code.replace("[JULIA]", python.sandbox.path("bin/julia").to_str().expect("UTF-8"));
    let code =
        code.replace("[SANDBOX]", python.sandbox.path("").to_str().expect("UTF-8").trim_end_matches('/'));
    let key = python.sandbox.names("store/images-v1").pop().expect("an image");
    let code = code.replace("[KEY]", &key).replace("Julia(runtime", "try:\n    Julia(runtime");
    let ran = python.run(&format!("{ASK}{code}except Exception: pass\n{PYJULIA}"), &[]);
    let project = python.sandbox.redact(&python.project.display().to_string());
    let with_image = format!("JuliaError\n[STORE]/images-v1/[KEY]/sys.so\n{project}/Project.toml\ntrue\n");
    ran.code(0).stdout(&with_image);
    let snippet = python.setup("juliacall", &["--snippet"]);
    snippet.code(0).stdout_has("PYTHON_JULIACALL_SYSIMAGE=\"[STORE]/images-v1/[KEY]/sys.so\",\n");
    assert_same(&tree(&python.environment), &before);
    // And what is written follows when the image goes.
    python.setup("pyjulia", &[]).code(0);
    let code = format!("{ASK}{PYJULIA}");
    python.run(&code, &[]).code(0).stdout(&with_image);
    fs::remove_file(python.sandbox.only_image()).expect("remove");
    python.run(&code, &[]).code(0).stdout("UnsupportedPythonError\nnot started\n").stderr("");
}

#[test]
fn a_python_that_is_no_environment_is_refused() {
    let Some(python) = pythons().pop() else { return };
    let sandbox = &python.sandbox;
    let real = fs::canonicalize(python.environment.join("bin/python")).expect("python");
    let project = python.project.to_str().expect("UTF-8");
    let ran =
        sandbox.jlproj(["setup", "pyjulia", "--venv", real.to_str().expect("UTF-8"), "--project", project]);
    ran.code(1).stderr_has("is the system's Python, and no environment").stderr_has("hint: make one: ");
    sandbox.jlproj(["setup", "pyjulia"]).code(1).stderr_has("no environment is active");
    let ran = sandbox.jlproj(["setup", "juliacall", "--venv", "nowhere"]);
    ran.code(1).stderr_has("there is no Python in `[PROJECT]/nowhere`");
    let forced = ["setup", "pyjulia", "--venv", real.to_str().expect("UTF-8"), "--force", "--dry-run"];
    sandbox.jlproj(forced).code(0).stdout_has("jlproj_pyjulia.pth\n");
}
