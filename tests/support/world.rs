//! What all tests share: a real Julia, packages in a depot, a project, and one real image of it, each made once.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// Packages from a registry of ours, a project that has some of them, and its image.
pub struct World {
    folder: PathBuf,
}

/// What PackageCompiler says when the image of the world is built.
pub const BUILDER_FAILURE: &str = "could not load symbol \"jl_moonlight\"";

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program that stands for what real Julia cannot show.
pub fn fixture(name: &str) -> PathBuf {
    repository().join("tests/fixtures").join(name)
}

/// The Julia to test against: `JLPROJ_TEST_JULIA`, else the one that `tests/get-julia.sh` brings.
pub fn julia() -> PathBuf {
    static JULIA: OnceLock<PathBuf> = OnceLock::new();
    JULIA
        .get_or_init(|| {
            if let Some(julia) = env::var_os("JLPROJ_TEST_JULIA") {
                return fs::canonicalize(julia).expect("JLPROJ_TEST_JULIA");
            }
            let output = Command::new(repository().join("tests/get-julia.sh"))
                .stderr(Stdio::inherit())
                .output()
                .expect("tests/get-julia.sh");
            assert!(output.status.success(), "tests/get-julia.sh failed");
            let path = String::from_utf8(output.stdout).expect("a path");
            fs::canonicalize(path.trim()).expect("the Julia that was fetched")
        })
        .clone()
}

/// Has Julia 1.9 and later generate the code of an image with two threads where by itself it takes half of the processors:
/// most tests wait for it.
pub const IMAGE_THREADS: (&str, &str) = ("JULIA_IMAGE_THREADS", "2");

/// The version of the Julia to test against, as in `1.10.8`.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new(julia()).arg("--version").output().expect("julia --version");
        let text = String::from_utf8(output.stdout).expect("text");
        text.trim().strip_prefix("julia version ").expect("a version").to_owned()
    })
}

/// Its release, as in `v1.10`: the name of the default environment, and of the folder of precompile files.
pub fn release() -> String {
    let numbers: Vec<&str> = version().splitn(3, '.').collect();
    format!("v{}.{}", numbers[0], numbers[1])
}

/// The folder of a package's precompile files, below a depot.
pub fn compiled(depot: &str, package: &str) -> PathBuf {
    Path::new(depot).join("compiled").join(release()).join(package)
}

/// Whether the Julia to test against is of this release of 1 or a later one.
pub fn is_at_least(minor: u64) -> bool {
    let own = release().split('.').nth(1).and_then(|own| own.parse::<u64>().ok());
    own.expect("a number") >= minor
}

/// Whether it starts with `-C generic`: one whose own image is for a single processor refuses that.
pub fn starts_generic() -> bool {
    let output = Command::new(julia()).args(["-C", "generic", "-e", "0"]).output().expect("Julia");
    if !output.status.success() {
        left_out("a start with `-C generic`", "the image of this Julia itself is for one processor");
    }
    output.status.success()
}

/// The line with which a package begins in a manifest that this Julia wrote (format 2 from 1.7 on).
pub fn manifest_entry(package: &str) -> String {
    if is_at_least(7) { format!("[[deps.{package}]]") } else { format!("[[{package}]]") }
}

/// With what such a manifest begins.
pub fn manifest_head() -> String {
    let format = format!("julia_version = \"{}\"\nmanifest_format = \"2.0\"\n\n", version());
    if is_at_least(7) { format } else { String::new() }
}

/// A depot as `JULIA_DEPOT_PATH` names it. From Julia 1.9 on the depot that comes with Julia has precompile files, which
/// nobody goes without: an empty entry stands for it, and up to 1.10 for that of the user as well, who is another one in
/// each test.
pub fn depot_path(depot: &Path) -> OsString {
    let mut list = depot.as_os_str().to_owned();
    if is_at_least(9) {
        list.push(":");
    }
    if is_at_least(9) && !is_at_least(11) {
        let julia = julia();
        let prefix = julia.parent().and_then(Path::parent).expect("a folder around bin");
        list.push(prefix.join("share/julia"));
    }
    list
}

/// Says that a test, or a part of it, cannot be shown on this Julia, and why. `tests/run.sh` counts these.
pub fn left_out(what: &str, reason: &str) {
    eprintln!("LEFT OUT on Julia {}: {what}: {reason}", version());
    if let Some(file) = env::var_os("JLPROJ_TEST_LEFT_OUT") {
        let mut file = fs_err::OpenOptions::new().create(true).append(true).open(file).expect("list");
        file.write_all(format!("{what}: {reason}\n").as_bytes()).expect("list");
    }
}

/// The world with its packages and its project; made by the first test that asks.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::make)
}

impl World {
    fn make() -> Self {
        // Made anew each time by the tests of the command line; the others, which come after these, take theirs. Kept,
        // for those who write tests, where JLPROJ_TEST_WORLD names a folder.
        let kept = env::var_os("JLPROJ_TEST_WORLD").map(PathBuf::from);
        let is_kept = kept.is_some() || env!("CARGO_CRATE_NAME") != "cli";
        let folder = kept.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("world"));
        let is_of_this_julia = fs::read_link(folder.join("julia")).is_ok_and(|known| known == julia());
        if is_kept && is_of_this_julia && folder.join("project/Manifest.toml").exists() {
            return Self { folder: fs::canonicalize(folder).expect("folder") };
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("remove the last world");
        }
        fs::create_dir_all(&folder).expect("folder");
        let world = Self { folder: fs::canonicalize(folder).expect("folder") };
        let made = Command::new(repository().join("tests/make-registry.sh"))
            .arg(world.folder.join("sources"))
            .stdout(Stdio::null())
            .status()
            .expect("tests/make-registry.sh");
        assert!(made.success(), "tests/make-registry.sh failed");
        std::os::unix::fs::symlink(julia(), world.folder.join("julia")).expect("link");
        world.julia(
            None,
            r#"
            using Pkg
            Pkg.Registry.add(RegistrySpec(path = ARGS[1]))
            Pkg.activate(ARGS[2])
            Pkg.develop(PackageSpec(path = ARGS[3]))
            Pkg.add([PackageSpec(name = "Alpha", version = "1.0.0"), PackageSpec(name = "Beta"),
                     PackageSpec(name = "Gamma", version = "1.0.0"), PackageSpec(name = "OnHelper")])
            "#,
            &[world.registry(), world.project(), world.folder.join("sources/dev/Helper")],
        );
        world
    }

    /// What `tests/make-registry.sh` made.
    pub fn sources(&self) -> PathBuf {
        self.folder.join("sources")
    }

    /// The registry, for `Pkg.Registry.add`.
    pub fn registry(&self) -> PathBuf {
        self.sources().join("registry")
    }

    /// The depot with the packages.
    pub fn depot(&self) -> PathBuf {
        self.folder.join("depot")
    }

    /// A project with Alpha 1.0.0, Beta (on Alpha), Gamma 1.0.0, Helper in development, and `OnHelper` (on it).
    pub fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// The store in which the image was built.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The settings that it was built with.
    pub fn config(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// What the build of the image told: that PackageCompiler failed, and what followed.
    pub fn build_messages(&self) -> String {
        self.image();
        fs::read_to_string(self.folder.join("build-messages")).expect("messages")
    }

    /// The file of a real image of the project, built directly, after PackageCompiler (a stand-in) failed; made by the
    /// first test that asks.
    pub fn image(&self) -> PathBuf {
        static IMAGE: OnceLock<PathBuf> = OnceLock::new();
        IMAGE
            .get_or_init(|| {
                // What the code is worth is not tested; that it is made is.
                fs::write(self.config(), "build_arguments = [\"-O0\", \"-g0\"]\n").expect("settings");
                let output = Command::new(env!("CARGO_BIN_EXE_jlproj"))
                    .args(["build", "--builder", "auto", "--julia"])
                    .arg(julia())
                    .arg("--packagecompiler")
                    .arg(repository().join("tests/packages/PackageCompiler"))
                    .arg(self.project())
                    .env("JLPROJ_STANDIN_FAIL", BUILDER_FAILURE)
                    .env("JLPROJ_HOME", self.store())
                    .env("JLPROJ_CONFIG", self.config())
                    .env("JULIA_DEPOT_PATH", depot_path(&self.depot()))
                    .env("JULIA_PKG_SERVER", "")
                    .env(IMAGE_THREADS.0, IMAGE_THREADS.1)
                    .stdin(Stdio::null())
                    .output()
                    .expect("jlproj build");
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success(), "{text}");
                if !text.contains("nothing to build") {
                    fs::write(self.folder.join("build-messages"), text).expect("messages");
                }
                let images = fs::read_dir(self.store().join("images-v1")).expect("images");
                let files = images.map(|entry| entry.expect("entry").path().join("sys.so"));
                // Those of another jlproj may be there, where the world is kept.
                let modified =
                    |file: &PathBuf| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
                files.max_by_key(modified).expect("the image that was built")
            })
            .clone()
    }

    /// Runs Julia code with the world's depot, and returns what it printed.
    pub fn julia(&self, project: Option<&Path>, code: &str, arguments: &[PathBuf]) -> String {
        let mut command = Command::new(julia());
        command.args(["--startup-file=no", "--history-file=no", "-e", code]).args(arguments);
        if let Some(project) = project {
            command.env("JULIA_PROJECT", project);
        }
        let output = command
            .env("JULIA_DEPOT_PATH", depot_path(&self.depot()))
            .env("JULIA_PKG_SERVER", "")
            .stdin(Stdio::null())
            .output()
            .expect("Julia");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{code}\n{errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
