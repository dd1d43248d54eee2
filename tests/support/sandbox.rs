//! A home, a store and a project of its own for each test, and jlproj run in it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::world;

/// The fixed time that jlproj is told: 2026-01-01 00:00:00 UTC.
pub const NOW: i64 = 1_767_225_600;

/// Bytes of free memory that jlproj can be told (`__JLPROJ_FREE_MEMORY`): enough for a thousand builds, and not for one.
pub const MUCH_MEMORY: &str = "64000000000000";
pub const LITTLE_MEMORY: &str = "1500000000";

/// The real time, in seconds since 1970.
pub fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

/// Everything that one test touches; removed when it ends.
pub struct Sandbox {
    folder: tempfile::TempDir,
    environment: Vec<(OsString, OsString)>,
}

/// What a run of jlproj left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    /// Without what Julia tells of packages that it compiles: which they are depends on the tests before.
    pub stderr: String,
    /// The names of those packages (1.11 and later).
    pub precompiled: Vec<String>,
    what: String,
}

impl Sandbox {
    /// An empty home and store; Julia on PATH; the depot of the [`world`].
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("jlproj-test-").tempdir().expect("temporary folder");
        let sandbox = Self { folder, environment: Vec::new() };
        for name in ["home", "bin", "project", "tmp"] {
            fs::create_dir(sandbox.path(name)).expect("folder");
        }
        sandbox.link_julia("julia");
        let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
        sandbox
            .with("PATH", path)
            .with("HOME", "home")
            .with("JLPROJ_HOME", "store")
            .with("TMPDIR", "tmp")
            .with("JULIA_DEPOT_PATH", "home/.julia")
            .with("JULIA_PKG_SERVER", "")
            .with("__JLPROJ_NOW", NOW.to_string())
            .with("__JLPROJ_WIDTH", "100")
            .with("__JLPROJ_READ", "1")
            // A store that tests share must not tell of their starts.
            .with("JLPROJ_RECORD", "false")
    }

    /// The same with one more variable; a bare name of a folder of the sandbox stands for its path.
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable; `home`, `store`, `project` and `tmp`, with what follows them, stand for their paths.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        let value = value.into();
        let text = value.to_str().unwrap_or_default();
        let is_own = ["home", "store", "project", "tmp"]
            .iter()
            .any(|own| text == *own || text.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')));
        let value = if is_own { self.path(text).into_os_string() } else { value };
        let value = if name == "JULIA_DEPOT_PATH" { world::depot_path(Path::new(&value)) } else { value };
        self.unset(name);
        self.environment.push((name.into(), value));
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// A path below the sandbox, links resolved as far as it exists.
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        let root = fs::canonicalize(self.folder.path()).expect("sandbox");
        root.join(below)
    }

    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Puts the test Julia on PATH under this name.
    pub fn link_julia(&self, name: &str) {
        std::os::unix::fs::symlink(world::julia(), self.path("bin").join(name)).expect("link");
    }

    /// Writes a file, with its folders.
    pub fn write(&self, below: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("parent")).expect("folders");
        fs::write(&path, contents).expect("file");
        path
    }

    /// Uses the depot, and a copy of the project, of the [`world`].
    pub fn in_world(mut self) -> Self {
        let world = world::world();
        self.set("JULIA_DEPOT_PATH", world.depot());
        copy_folder(&world.project(), &self.project());
        self
    }

    /// Uses the store of the [`world`], with its image, which is exactly what the world's project wants. For
    /// tests that only read it.
    pub fn with_world_image(self) -> Self {
        let world = world::world();
        world.image();
        self.with("JLPROJ_BUILDER", "direct")
            .with("JLPROJ_HOME", world.store())
            .with("JLPROJ_CONFIG", world.config())
    }

    /// Has PackageCompiler be a package of ours that copies the world's image: a real image in seconds.
    pub fn with_standin_builder(self) -> Self {
        let world = world::world();
        self.with("JLPROJ_BUILDER", "packagecompiler")
            .with("JLPROJ_PACKAGECOMPILER", world::repository().join("tests/packages/PackageCompiler"))
            .with("JLPROJ_STANDIN_IMAGE", world.image())
    }

    /// The command that runs jlproj with these arguments in the project.
    pub fn command<Argument: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = Argument>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
        command.args(arguments).current_dir(self.project()).stdin(Stdio::null()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs jlproj in the project.
    pub fn jlproj<Argument: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = Argument>) -> Ran {
        self.run(&mut self.command(arguments))
    }

    /// Runs a command and makes what it printed comparable.
    pub fn run(&self, command: &mut Command) -> Ran {
        let output = command.output().expect("the program starts");
        self.ran(&format!("{command:?}"), &output)
    }

    /// What a program left, made comparable.
    pub fn ran(&self, what: &str, output: &Output) -> Ran {
        use std::os::unix::process::ExitStatusExt as _;
        let code = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0));
        let (stderr, precompiled) =
            without_precompile_report(&self.redact(&String::from_utf8_lossy(&output.stderr)));
        Ran {
            code,
            stdout: self.redact(&String::from_utf8_lossy(&output.stdout)),
            stderr,
            precompiled,
            what: what.to_owned(),
        }
    }

    /// Replaces what differs from one run to the next by names in brackets.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, path) in [
            ("[PROJECT]", self.project()),
            ("[STORE]", self.path("store")),
            ("[HOME]", self.path("home")),
            ("[JULIA]", self.path("bin/julia")),
            ("[SANDBOX]", self.path("")),
            ("[REALJULIA]", world::julia()),
        ] {
            text = text.replace(path.to_str().expect("sandbox paths are UTF-8").trim_end_matches('/'), name);
        }
        redact_keys(&text)
    }

    /// The names in a folder of the sandbox, sorted; none where it is not there.
    pub fn names(&self, below: impl AsRef<Path>) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(below)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The path of the only image in the store.
    pub fn only_image(&self) -> PathBuf {
        let names = self.names("store/images-v1");
        assert_eq!(names.len(), 1, "{names:?}");
        self.path("store/images-v1").join(&names[0]).join("sys.so")
    }
}

/// A text without what Julia tells of packages that it compiles when they are loaded (1.11 and later, `precompilepkgs` in
/// `base/precompilation.jl`), and their names.
fn without_precompile_report(text: &str) -> (String, Vec<String>) {
    let (mut rest, mut names) = (String::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let package = trimmed.split_once(" ms  ").filter(|(time, _)| time.parse::<f64>().is_ok());
        if let Some((_, package)) = package {
            names.extend(package.split(' ').nth(1).map(str::to_owned));
            continue;
        }
        let is_head = trimmed.starts_with("Precompiling ") && trimmed.ends_with("...");
        let is_sum = ["precompiled in ", "already precompiled", "precompiled but different versions"]
            .iter()
            .any(|part| trimmed.contains(part));
        if !is_head && !is_sum {
            rest.push_str(line);
        }
    }
    (rest, names)
}

/// Every run of 64 hexadecimal digits becomes `[KEY]`, every run of twelve or more of them `[SHORT]`.
fn redact_keys(text: &str) -> String {
    let mut result = String::new();
    let mut digits = String::new();
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_digit() || ('a'..='f').contains(&character) {
            digits.push(character);
            continue;
        }
        let has_letter = digits.chars().any(|digit| digit.is_ascii_alphabetic());
        result.push_str(match digits.len() {
            64 => "[KEY]",
            12..=40 if has_letter => "[SHORT]",
            _ => &digits,
        });
        digits.clear();
        if character != '\0' {
            result.push(character);
        }
    }
    result
}

impl Ran {
    /// Asserts the exit code; shows everything where it is another.
    #[track_caller]
    pub fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Asserts that stdout is exactly this.
    #[track_caller]
    pub fn stdout(&self, text: &str) -> &Self {
        assert_eq!(self.stdout, text, "{self}");
        self
    }

    /// Asserts that stderr is exactly this.
    #[track_caller]
    pub fn stderr(&self, text: &str) -> &Self {
        assert_eq!(self.stderr, text, "{self}");
        self
    }

    /// Asserts that stderr has this in it.
    #[track_caller]
    pub fn stderr_has(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr: {self}");
        self
    }

    /// Asserts that stdout has this in it.
    #[track_caller]
    pub fn stdout_has(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no `{text}` in stdout: {self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, precompiled, what } = self;
        write!(
            formatter,
            "\n$ {what}\nexit code {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n--- compiled {precompiled:?}"
        )
    }
}

/// Copies a program by another one: a file that we had open for writing could not be started.
pub fn copy_program(from: impl AsRef<Path>, to: &Path) {
    let status = Command::new("cp").arg(from.as_ref()).arg(to).status().expect("cp");
    assert!(status.success());
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copy");
        }
    }
}
