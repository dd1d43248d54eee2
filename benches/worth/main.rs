//! What an image brings, and what it costs, in real projects with real Julias: one row of a table for each.
//!
//! ```sh
//! cargo bench --bench worth -- JULIA PROJECT [JULIA PROJECT…]
//! ```
//!
//! Each project must be instantiated for its Julia. Its direct dependencies are loaded, and `first.jl` beside
//! Project.toml, where there is one, is run: a first result. Starts without the image and with it take turns, after one of
//! each that compiles what is cold; medians of `JLPROJ_BENCH_ROUNDS` (7) are told. Then the script's time inside of a session
//! with the image, and when it is run again there: what is left when nothing has to be compiled. Then how much more
//! processor time a plain start of it takes when it is recorded.
//!
//! The image is built by each builder in `JLPROJ_BENCH_BUILDERS` (`direct,packagecompiler`; `direct:1` with one thread),
//! `JLPROJ_BENCH_BUILDS` (1) times in turns, into a store that is removed in the end; what is started is the first one's. A
//! table for each project tells the stages. As `jlproj run` does by itself, two starts of the script are recorded before;
//! `JLPROJ_BENCH_UNRECORDED` leaves that out. Takes minutes a builder, so plain `cargo bench` passes it by.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]
#![allow(clippy::print_stderr, reason = "what it is at takes long")]

mod builds;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::builds::Way;

fn main() {
    // Cargo adds a flag of its own.
    let arguments: Vec<OsString> = env::args_os().skip(1).filter(|word| word != "--bench").collect();
    if arguments.is_empty() || arguments.len() % 2 == 1 {
        println!("worth: not run: cargo bench --bench worth -- JULIA PROJECT [JULIA PROJECT…]");
        return;
    }
    let ways = Way::all();
    let names: Vec<String> = ways.iter().map(Way::to_string).collect();
    let header = format!("build, min ({})", names.join("; "));
    let mut rows = Vec::new();
    for pair in arguments.chunks_exact(2) {
        let store = tempfile::tempdir().expect("temporary folder");
        let case = Case {
            julia: PathBuf::from(&pair[0]),
            project: PathBuf::from(&pair[1]),
            store: store.path().join("store"),
        };
        rows.push(case.row(&ways));
    }
    println!(
        "\n| Julia | project | packages | load, s | first result, s | in the session, s | recorded | size | {header} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        println!("{row}");
    }
}

/// One project under one Julia, with a store of its own.
struct Case {
    julia: PathBuf,
    project: PathBuf,
    store: PathBuf,
}

impl Case {
    fn row(&self, ways: &[Way]) -> String {
        let builder = &ways[0].builder;
        let first = self.project.join("first.jl");
        let first = first.exists().then(|| first.to_str().expect("UTF-8").to_owned());
        if let Some(first) = first.as_deref().filter(|_| env::var_os("JLPROJ_BENCH_UNRECORDED").is_none()) {
            self.record(builder, first);
        }
        let builds = builds::build(self, ways);
        let status = self.status(builder);
        let version = text(&status["julia"]["version"]).to_owned();
        let name = self.project.file_name().unwrap_or_default().display().to_string();
        builds::print_stages(&format!("{version}, {name}"), ways, &builds);
        let minutes = builds.iter().map(|builds| {
            format!("{:.1}", builds::median(builds.iter().map(|build| build.seconds).collect()) / 60.0)
        });
        let minutes: Vec<String> = minutes.collect();
        let load = self.compare(builder, &["-e", &loading(&self.project)]);
        let result = first.as_deref().map(|first| self.compare(builder, &[first]));
        let again = first.as_deref().map(|first| self.again(builder, first));
        let recorded = first.as_deref().map(|first| self.recorded(builder, first));
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        format!(
            "| {version} | {name} | {} | {} | {} | {} | {} | {} MB | {} |",
            status["packages"].as_array().map_or(0, Vec::len),
            shown(load),
            or_dash(result.map(shown)),
            or_dash(again.map(shown)),
            or_dash(recorded.map(|ratio| format!("× {ratio:.2}"))),
            builds[0].last().map_or(0, |build| build.size / 1_000_000),
            minutes.join("; "),
        )
    }

    /// Records two starts of the script.
    fn record(&self, builder: &str, first: &str) {
        for _ in 0..2 {
            self.time(builder, "--sysimage=none", &["--record", first]);
        }
    }

    /// How much more processor time the script takes in a start that is recorded, without the image: a ratio of medians, in
    /// turns.
    fn recorded(&self, builder: &str, first: &str) -> f64 {
        let mut times: [Vec<f64>; 2] = Default::default();
        for _ in 0..rounds() {
            for (words, times) in [&[first][..], &["--record", first]].into_iter().zip(&mut times) {
                let before = processor_time();
                self.time(builder, "--sysimage=none", words);
                times.push(processor_time() - before);
            }
        }
        let [without, with] = times.map(builds::median);
        with / without
    }

    /// Seconds of the script in a session with the image, and of the same once more: medians.
    fn again(&self, builder: &str, first: &str) -> (f64, f64) {
        let file = self.store.with_file_name("times");
        let (first, path) = (first.escape_default(), file.display().to_string());
        let path = path.escape_default();
        let code = format!(
            "times = (@elapsed(include(\"{first}\")), @elapsed(include(\"{first}\"))); write(\"{path}\", join(times, ' '))"
        );
        let mut times: [Vec<f64>; 2] = Default::default();
        for _ in 0..rounds() {
            self.time(builder, "--sysimage=require", &["-e", &code]);
            let text = std::fs::read_to_string(&file).expect("times");
            for (word, times) in text.split(' ').zip(&mut times) {
                times.push(word.parse().expect("seconds"));
            }
        }
        let [once, again] = times.map(builds::median);
        (once, again)
    }

    fn jlproj(&self, builder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
        command.args(arguments).current_dir(&self.project).stdin(Stdio::null());
        command.env("JLPROJ_HOME", &self.store).env("JLPROJ_CONFIG", self.store.join("none"));
        command
            .env("JLPROJ_JULIA", &self.julia)
            .env("JLPROJ_RECORD", "false")
            .env("JLPROJ_BUILDER", builder)
            .env("JULIA_PKG_SERVER", "");
        command
    }

    fn status(&self, builder: &str) -> Value {
        let output = self.jlproj(builder, &["status", "--format=json"]).output().expect("jlproj");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Time of a start with this image or none.
    fn time(&self, builder: &str, image: &str, arguments: &[&str]) -> Duration {
        let words = [&["run", image, "--startup-file=no"], arguments].concat();
        let mut command = self.jlproj(builder, &words);
        command.stdout(Stdio::null());
        let begun = Instant::now();
        assert!(command.status().expect("jlproj").success(), "{words:?} failed");
        begun.elapsed()
    }

    /// Seconds of a start without the image and with it: medians, in turns.
    fn compare(&self, builder: &str, arguments: &[&str]) -> (f64, f64) {
        let ways = ["--sysimage=none", "--sysimage=require"];
        for way in ways {
            self.time(builder, way, arguments);
        }
        let mut times: [Vec<f64>; 2] = Default::default();
        for _ in 0..rounds() {
            for (way, times) in ways.iter().zip(&mut times) {
                times.push(self.time(builder, way, arguments).as_secs_f64());
            }
        }
        let [without, with] = times.map(builds::median);
        (without, with)
    }
}

/// Ticks of processor time of all programs that were started and have ended (`cutime` and `cstime` of proc(5)); 0 where the
/// system does not tell.
fn processor_time() -> f64 {
    const NAME_END: char = ')';
    const CHILDREN: [usize; 2] = [13, 14];
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(NAME_END).next().unwrap_or_default().split_whitespace().collect();
    CHILDREN.iter().filter_map(|place| fields.get(*place)?.parse::<f64>().ok()).sum()
}

/// How often each start is timed.
fn rounds() -> usize {
    env::var("JLPROJ_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7)
}

/// Julia code that loads what a project depends on directly.
fn loading(project: &Path) -> String {
    let text = std::fs::read_to_string(project.join("Project.toml")).expect("Project.toml");
    let table: toml::Table = text.parse().expect("TOML");
    let dependencies = table.get("deps").and_then(toml::Value::as_table);
    let names: Vec<&str> = dependencies.into_iter().flat_map(toml::Table::keys).map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!("import {}", names.join(", ")) }
}

fn shown((without, with): (f64, f64)) -> String {
    // Three digits count.
    let digits = if without < 0.1 { 3 } else { 2 };
    format!("{without:.digits$} → {with:.digits$} (× {:.2})", with / without)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
