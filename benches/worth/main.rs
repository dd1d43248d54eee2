//! What an image brings, and what it costs, in real projects with real Julias: one row of a table for each.
//!
//! ```sh
//! cargo bench --bench worth -- JULIA PROJECT [JULIA PROJECT…]
//! ```
//!
//! Each project must be instantiated for its Julia. Its direct dependencies are loaded, and `first.jl` beside
//! Project.toml, where there is one, is run: a first result. Starts without the image and with it take turns, after one of
//! each that compiles what is cold; medians of `JLPROJ_BENCH_ROUNDS` (7) are told. The image is built by each builder in
//! `JLPROJ_BENCH_BUILDERS` (`direct,packagecompiler`), into a store that is removed in the end; what is started is the
//! first one's. Takes minutes a builder, so plain `cargo bench` passes it by.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]
#![allow(clippy::print_stderr, reason = "what it is at takes long")]

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn main() {
    // Cargo adds a flag of its own.
    let arguments: Vec<OsString> = env::args_os().skip(1).filter(|word| word != "--bench").collect();
    if arguments.is_empty() || arguments.len() % 2 == 1 {
        println!("worth: not run: cargo bench --bench worth -- JULIA PROJECT [JULIA PROJECT…]");
        return;
    }
    let builders = env::var("JLPROJ_BENCH_BUILDERS").unwrap_or_else(|_| "direct,packagecompiler".to_owned());
    let builders: Vec<&str> = builders.split(',').collect();
    println!(
        "| Julia | project | packages | load, s | first result, s | size | build, min ({}) |",
        builders.join(", ")
    );
    println!("|---|---|---|---|---|---|---|");
    for pair in arguments.chunks_exact(2) {
        let store = tempfile::tempdir().expect("temporary folder");
        let case = Case {
            julia: PathBuf::from(&pair[0]),
            project: PathBuf::from(&pair[1]),
            store: store.path().join("store"),
        };
        println!("{}", case.row(&builders));
    }
}

/// One project under one Julia, with a store of its own.
struct Case {
    julia: PathBuf,
    project: PathBuf,
    store: PathBuf,
}

impl Case {
    fn row(&self, builders: &[&str]) -> String {
        // The last one built is in force, so the first comes last.
        let builds: Vec<(f64, u64)> = builders.iter().rev().map(|builder| self.build(builder)).collect();
        let minutes: Vec<String> =
            builds.iter().rev().map(|(seconds, _)| format!("{:.1}", seconds / 60.0)).collect();
        let status = self.status(builders[0]);
        let load = self.compare(builders[0], &["-e", &loading(&self.project)]);
        let first = self.project.join("first.jl");
        let first = first.exists().then(|| self.compare(builders[0], &[first.to_str().expect("UTF-8")]));
        format!(
            "| {} | {} | {} | {} | {} | {} MB | {} |",
            text(&status["julia"]["version"]),
            self.project.file_name().unwrap_or_default().display(),
            status["packages"].as_array().map_or(0, Vec::len),
            shown(load),
            first.map_or_else(|| "–".to_owned(), shown),
            builds.last().map_or(0, |(_, size)| size / 1_000_000),
            minutes.join(", "),
        )
    }

    fn jlproj(&self, builder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jlproj"));
        command.args(arguments).current_dir(&self.project).stdin(Stdio::null());
        command.env("JLPROJ_HOME", &self.store).env("JLPROJ_CONFIG", self.store.join("none"));
        command.env("JLPROJ_JULIA", &self.julia).env("JLPROJ_BUILDER", builder).env("JULIA_PKG_SERVER", "");
        command
    }

    /// Builds the image; the seconds that the whole command took, and the size of the image in bytes.
    fn build(&self, builder: &str) -> (f64, u64) {
        eprintln!("building {} with {builder}", self.project.display());
        let begun = Instant::now();
        let status = self.jlproj(builder, &["build", "--quiet"]).status().expect("jlproj");
        assert!(status.success(), "jlproj build --builder {builder} failed");
        let seconds = begun.elapsed().as_secs_f64();
        (seconds, self.status(builder)["image"]["size"].as_u64().unwrap_or_default())
    }

    fn status(&self, builder: &str) -> Value {
        let output = self.jlproj(builder, &["status", "--format=json"]).output().expect("jlproj");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Seconds of a start without the image and with it: medians, in turns.
    fn compare(&self, builder: &str, arguments: &[&str]) -> (f64, f64) {
        let rounds = env::var("JLPROJ_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
        let time = |image: &str| {
            let words = [&["run", image, "--startup-file=no"], arguments].concat();
            let mut command = self.jlproj(builder, &words);
            command.stdout(Stdio::null());
            let begun = Instant::now();
            assert!(command.status().expect("jlproj").success(), "{words:?} failed");
            begun.elapsed()
        };
        let ways = ["--sysimage=none", "--sysimage=require"];
        for way in ways {
            time(way);
        }
        let mut times: [Vec<Duration>; 2] = Default::default();
        for _ in 0..rounds {
            for (way, times) in ways.iter().zip(&mut times) {
                times.push(time(way));
            }
        }
        let [without, with] = times.map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64()
        });
        (without, with)
    }
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
    format!("{without:.2} → {with:.2} (× {:.2})", with / without)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
