//! What `jlproj run` costs over starting the same program by hand.
//!
//! `cargo bench --bench launch` prints one table. The program started is this bench itself under the name of
//! `julia`, which answers the probe and otherwise ends at once: a real Julia's start varies by more than what is
//! measured. The store knows 1,000 projects, the manifest has 500 packages, an image is in force.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]

mod julia_stand_in;

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use sha2::{Digest as _, Sha256};

const PROJECTS: usize = 1_000;
const PACKAGES: usize = 500;
const ROUNDS: usize = 300;

fn main() {
    if julia_stand_in::is_julia() {
        return julia_stand_in::answer();
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let world = World::make(&fs::canonicalize(folder.path()).expect("folder"));
    println!(
        "{PROJECTS} known projects, {PACKAGES} packages in the manifest, {ROUNDS} rounds in turns, medians"
    );
    println!(
        "{:<24} {:>10} {:>10} {:>10} {:>7}",
        "verdict cache", "by hand", "jlproj", "difference", "ratio"
    );
    for (name, is_warm) in [("warm", true), ("cold", false)] {
        let (by_hand, through) = world.compare(is_warm);
        let difference = through.saturating_sub(by_hand);
        println!(
            "{name:<24} {:>7.3} ms {:>7.3} ms {:>7.3} ms {:>7.2}",
            milliseconds(by_hand),
            milliseconds(through),
            milliseconds(difference),
            through.as_secs_f64() / by_hand.as_secs_f64()
        );
    }
    world.count_system_calls();
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A store, a project and a Julia of the bench's own.
struct World {
    folder: PathBuf,
    image: PathBuf,
}

impl World {
    fn make(folder: &Path) -> Self {
        let mut world = Self { folder: folder.to_owned(), image: PathBuf::new() };
        for name in ["bin", "home", "project", "store/projects-v1", "store/images-v1"] {
            fs::create_dir_all(folder.join(name)).expect("folder");
        }
        julia_stand_in::install(&folder.join("bin"));
        for number in 0..PROJECTS {
            let text = format!("format = 1\npath = \"/home/user/project-{number}\"\n");
            fs::write(folder.join(format!("store/projects-v1/{number:020x}.toml")), text).expect("record");
        }
        world.write_project();
        world.image = world.publish();
        // Files of this instant are read again at every start.
        thread::sleep(Duration::from_secs(3));
        world
    }

    fn julia(&self) -> PathBuf {
        self.folder.join("bin/julia")
    }

    /// A project of [`PACKAGES`] packages, each of which depends on up to four before it.
    fn write_project(&self) {
        let uuid = |number: usize| format!("00000000-0000-4000-8000-{number:012x}");
        let mut project = "[deps]\n".to_owned();
        let mut manifest = "julia_version = \"1.10.4\"\nmanifest_format = \"2.0\"\n\n".to_owned();
        for number in 0..PACKAGES {
            let _ = writeln!(project, "Package{number} = \"{}\"", uuid(number));
            let dependencies: Vec<String> = [1, 7, 31, 90]
                .iter()
                .filter_map(|back| number.checked_sub(*back))
                .map(|other| format!("\"Package{other}\""))
                .collect();
            let _ = writeln!(
                manifest,
                "[[deps.Package{number}]]\ndeps = [{}]\ngit-tree-sha1 = \"{number:040x}\"\nuuid = \"{}\"\nversion = \"1.2.{number}\"\n",
                dependencies.join(", "),
                uuid(number)
            );
        }
        fs::write(self.folder.join("project/Project.toml"), project).expect("project");
        fs::write(self.folder.join("project/Manifest.toml"), manifest).expect("manifest");
    }

    /// Puts an image in force, as a build would leave it. Returns its file.
    fn publish(&self) -> PathBuf {
        let output = self.jlproj(["key", "--inputs"]).stdout(Stdio::piped()).output().expect("jlproj key");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let inputs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("inputs");
        // The order of the fields is part of what is hashed, and a parsed value loses it.
        let text = compact(&String::from_utf8(output.stdout).expect("text"));
        assert_eq!(inputs["packages"].as_array().map(Vec::len), Some(PACKAGES));
        let key = digest(text.as_bytes());
        let folder = self.folder.join("store/images-v1").join(&key);
        fs::create_dir(&folder).expect("image folder");
        let file = folder.join("sys.so");
        fs::write(&file, "image").expect("image");
        fs::write(folder.join("inputs.json"), text).expect("inputs");
        let metadata = fs::metadata(&file).expect("image");
        let record = format!(
            "format = 1\nkey = \"{key}\"\nbuilt = 1\nproject = \"\"\njulia = \"\"\n\
             [file]\nsize = {}\nmodified = {}\ninode = {}\npath = \"{}\"\ncontents = \"{}\"\n\
             [measured]\nbuild = 1.0\nload_without = 1.0\nload_with = 1.0\n",
            metadata.size(),
            metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec(),
            metadata.ino(),
            digest(file.to_str().expect("path").as_bytes()),
            digest(b"image"),
        );
        fs::write(folder.join("image.toml"), record).expect("record");
        let which = self.jlproj(["which"]).stdout(Stdio::piped()).output().expect("jlproj which");
        assert!(which.status.success(), "{}", String::from_utf8_lossy(&which.stderr));
        file
    }

    fn jlproj<const COUNT: usize>(&self, arguments: [&str; COUNT]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    fn by_hand(&self) -> Command {
        let mut command = Command::new(self.julia());
        command.arg(format!("--sysimage={}", self.image.display()));
        command.arg(format!("--project={}", self.folder.join("project").display()));
        command.args(["-e", "1"]);
        self.surround(&mut command);
        command
    }

    fn surround(&self, command: &mut Command) {
        julia_stand_in::surround(command, &self.folder, &self.folder.join("project"));
    }

    /// The medians of both ways, taken in turns.
    fn compare(&self, is_warm: bool) -> (Duration, Duration) {
        let (mut by_hand, mut through) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            if !is_warm {
                let _ = fs::remove_dir_all(self.folder.join("store/verdicts-v1"));
            }
            by_hand.push(time(&mut self.by_hand()));
            through.push(time(&mut self.jlproj(["run", "-e", "1"])));
        }
        (median(by_hand), median(through))
    }

    /// Prints how many system calls a warm start makes, where `strace` can tell.
    fn count_system_calls(&self) {
        let count = |command: &Command| {
            let log = self.folder.join("strace");
            let mut traced = Command::new("/usr/bin/strace");
            traced.args(["-f", "-c", "-o"]).arg(&log).arg(command.get_program()).args(command.get_args());
            self.surround(&mut traced);
            traced.status().ok().filter(std::process::ExitStatus::success)?;
            let text = fs::read_to_string(log).ok()?;
            let total = text.lines().rev().find(|line| line.ends_with("total"))?;
            total.split_whitespace().nth(3)?.parse::<u64>().ok()
        };
        match (count(&self.by_hand()), count(&self.jlproj(["run", "-e", "1"]))) {
            (Some(by_hand), Some(through)) => {
                println!("system calls             {by_hand} by hand, {through} through jlproj (warm)");
            }
            _ => println!("system calls             not counted: no strace"),
        }
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

fn time(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.status().expect("starts");
    let elapsed = begun.elapsed();
    assert!(status.success(), "{command:?}");
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
