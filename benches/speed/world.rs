//! A store, a Julia, projects and a depot of the bench's own.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::julia_stand_in;
use crate::measure::Size;

/// A package has this many versions in use.
const VERSIONS: usize = 10;
/// Precompile files of one package.
const PER_PACKAGE: usize = 20;
/// The head of a file that Julia wrote, and about as many bytes as a small package has.
const HEAD: &[u8] = include_bytes!("../../tests/fixtures/ji/sizes-1.5.3.head");
const BYTES: usize = 20_000;

pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) size: Size,
}

impl World {
    /// Projects that are there, all of them, with precompile files to which nobody would give their names: the head of
    /// each is read.
    pub(crate) fn make(folder: &Path, size: Size) -> Self {
        let world = Self::empty(folder, size);
        let mut numbers = Numbers(size.projects as u64);
        for number in 0..size.projects {
            world.write_project(number, &mut numbers);
        }
        world.write_journal();
        world.write_precompile_files();
        world
    }

    /// One project that is there, and others of which only a record tells: a start looks at no other project.
    pub(crate) fn of_one(folder: &Path, size: Size) -> Self {
        let world = Self::empty(folder, size);
        fs::create_dir_all(folder.join("store/projects-v1")).expect("folder");
        for number in 1..size.projects {
            let text = format!("format = 1\npath = \"{}\"\n", world.project(number).display());
            fs::write(folder.join(format!("store/projects-v1/{number:020x}.toml")), text).expect("record");
        }
        world.write_project(0, &mut Numbers(1));
        world
    }

    fn empty(folder: &Path, size: Size) -> Self {
        if folder.exists() {
            fs::remove_dir_all(folder).expect("remove the last world");
        }
        for name in ["bin", "home", "store", "projects"] {
            fs::create_dir_all(folder.join(name)).expect("folder");
        }
        julia_stand_in::install(&folder.join("bin"));
        let world = Self { folder: folder.to_owned(), size };
        world.install(Path::new(env!("CARGO_BIN_EXE_jlproj")));
        world
    }

    /// A copy, as installing makes it: what the linker wrote starts up to 0.2 ms later, by how its pages lie in memory.
    pub(crate) fn install(&self, program: &Path) -> PathBuf {
        let folder = self.folder.join("installed");
        fs::create_dir_all(&folder).expect("folder");
        let copy = folder.join(program.file_name().expect("name"));
        fs::copy(program, &copy).expect("program");
        copy
    }

    pub(crate) fn julia(&self) -> PathBuf {
        self.folder.join("bin/julia")
    }

    fn project(&self, number: usize) -> PathBuf {
        self.folder.join(format!("projects/project-{number}"))
    }

    /// Each third package depends on up to three before it. Projects fall into groups that share most of their versions.
    /// Names are sorted, as Pkg writes them, and UUIDs are not; most names differ in their first letters.
    fn write_project(&self, number: usize, numbers: &mut Numbers) {
        let uuid = |package: usize| {
            let scattered = package.wrapping_mul(0x9e37_79b9) & 0xffff_ffff;
            format!("{scattered:08x}-0000-4000-8000-{package:012x}")
        };
        let name = |package: usize| {
            let letter = |number: usize| char::from(b"abcdefghijklmnopqrstuvwxyz"[number % 26]);
            format!("{}{}{}Package", letter(package / 676), letter(package / 26), letter(package))
        };
        let group = number % 20;
        let mut project = "[deps]\n".to_owned();
        let mut manifest = "julia_version = \"1.10.4\"\nmanifest_format = \"2.0\"\n\n".to_owned();
        for package in 0..self.size.packages {
            let is_common = numbers.next(100) < 95;
            let version = if is_common { (group * 7 + package) % VERSIONS } else { numbers.next(VERSIONS) };
            let dependencies: Vec<String> = [1, 17, 90]
                .iter()
                .filter(|_| package % 3 == 0)
                .filter_map(|back| package.checked_sub(*back))
                .map(|other| format!("\"{}\"", name(other)))
                .collect();
            let _ = writeln!(project, "{} = \"{}\"", name(package), uuid(package));
            let _ = writeln!(
                manifest,
                "[[deps.{}]]\ndeps = [{}]\ngit-tree-sha1 = \"{package:036x}{version:04x}\"\nuuid = \"{}\"\nversion = \"1.{version}.0\"\n",
                name(package),
                dependencies.join(", "),
                uuid(package)
            );
        }
        let folder = self.project(number);
        fs::create_dir_all(&folder).expect("folder");
        fs::write(folder.join("Project.toml"), project).expect("project");
        fs::write(folder.join("Manifest.toml"), manifest).expect("manifest");
    }

    fn write_journal(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let Size { projects, lines, .. } = self.size;
        let mut text = String::new();
        for line in 0..lines {
            let time = now - (lines - line) as u64 % 3_000_000;
            let project = self.project(line % projects);
            let _ = writeln!(text, "{time}\tnone\t-\t1.10.4\t{}", project.display());
        }
        fs::write(self.folder.join("store/usage-v1.log"), text).expect("journal");
    }

    fn write_precompile_files(&self) {
        let mut contents = HEAD.to_vec();
        contents.resize(BYTES, 7);
        for package in 0..self.size.files / PER_PACKAGE {
            let folder = self.folder.join(format!("home/.julia/compiled/v1.10/Package{package}"));
            fs::create_dir_all(&folder).expect("folder");
            for file in 0..PER_PACKAGE {
                fs::write(folder.join(format!("AbCdE_{file:05}.ji")), &contents).expect("file");
            }
        }
    }

    /// Puts an image of the first project in force, as a build would leave it. It rests on so many files that no tree hash
    /// covers; on any: starts under it are marked, too.
    pub(crate) fn publish(&self, store: &str, files: usize) {
        let output = self
            .jlproj_with(store, &["key", "--inputs"])
            .stdout(Stdio::piped())
            .output()
            .expect("jlproj key");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let inputs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("inputs");
        // The order of the fields is part of what is hashed, and a parsed value loses it.
        let text = compact(&String::from_utf8(output.stdout).expect("text"));
        assert_eq!(inputs["packages"].as_array().map(Vec::len), Some(self.size.packages));
        let key = digest(text.as_bytes());
        let folder = self.folder.join(store).join("images-v1").join(&key);
        fs::create_dir_all(&folder).expect("image folder");
        let file = folder.join("sys.so");
        fs::write(&file, "image").expect("image");
        fs::write(folder.join("inputs.json"), text).expect("inputs");
        let metadata = fs::metadata(&file).expect("image");
        let record = format!(
            "format = 1\nkey = \"{key}\"\nbuilt = 1\nproject = \"\"\njulia = \"\"\nremoves_marks = {}\n\
             [file]\nsize = {}\nmodified = {}\ninode = {}\npath = \"{}\"\ncontents = \"{}\"\n\
             [measured]\nbuild = 1.0\nload_without = 1.0\nload_with = 1.0\n{}",
            files > 0,
            metadata.size(),
            metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
            metadata.ino(),
            digest(file.to_str().expect("path").as_bytes()),
            digest(b"image"),
            self.tracked(files),
        );
        fs::write(folder.join("image.toml"), record).expect("record");
        let which =
            self.jlproj_with(store, &["which"]).stdout(Stdio::piped()).output().expect("jlproj which");
        assert!(which.status.success(), "{}", String::from_utf8_lossy(&which.stderr));
    }

    /// The part of a record that tells of files; each is made.
    fn tracked(&self, files: usize) -> String {
        let mut text = String::new();
        for number in 0..files {
            let path = self.folder.join(format!("packages/Package{number}/deps/deps.jl"));
            fs::create_dir_all(path.parent().expect("folder")).expect("folder");
            fs::write(&path, "deps").expect("file");
            let (path, contents) = (path.display(), digest(b"deps"));
            let _ = writeln!(
                text,
                "[[tracked]]\npackage = \"Package{number}\"\npath = \"{path}\"\ncontents = \"{contents}\""
            );
        }
        text
    }

    /// What was decided before is decided anew.
    pub(crate) fn forget_verdicts(&self) {
        let _ = fs::remove_dir_all(self.folder.join("store/verdicts-v1"));
    }

    pub(crate) fn jlproj(&self, arguments: &[&str]) -> Command {
        self.jlproj_with("store", arguments)
    }

    /// The same with another store.
    pub(crate) fn jlproj_with(&self, store: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.folder.join("installed/jlproj"));
        command.args(arguments);
        julia_stand_in::surround(&mut command, &self.folder, store, &self.project(0));
        command
    }

    /// The start that `run` makes, through another program.
    pub(crate) fn by_hand(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg(format!("--project={}", self.project(0).display())).args(["-e", "1"]);
        julia_stand_in::surround(&mut command, &self.folder, "store", &self.project(0));
        command
    }
}

/// JSON without the white space between its parts.
fn compact(text: &str) -> String {
    let (mut result, mut in_text, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        if in_text || !character.is_whitespace() {
            result.push(character);
        }
        if character == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = in_text && character == '\\' && !escaped;
    }
    result
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Numbers that are the same at each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % below as u64).expect("small")
    }
}
