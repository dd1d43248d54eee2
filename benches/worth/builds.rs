//! Builds of an image, each way in turns, and what each stage takes.

use std::env;
use std::fmt;
use std::time::Instant;

use serde_json::Value;

use crate::Case;

/// A way to build: a builder, and the threads that generate code where they are named (`direct:1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) builder: String,
    pub(crate) threads: Option<String>,
}

impl Way {
    /// The ways of `JLPROJ_BENCH_BUILDERS`.
    pub(crate) fn all() -> Vec<Self> {
        let text = env::var("JLPROJ_BENCH_BUILDERS").unwrap_or_else(|_| "direct,packagecompiler".to_owned());
        let ways = text.split(',').map(|word| match word.split_once(':') {
            Some((builder, threads)) => {
                Self { builder: builder.to_owned(), threads: Some(threads.to_owned()) }
            }
            None => Self { builder: word.to_owned(), threads: None },
        });
        ways.collect()
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.threads {
            Some(threads) => write!(formatter, "{}, JULIA_IMAGE_THREADS={threads}", self.builder),
            None => formatter.write_str(&self.builder),
        }
    }
}

/// One build.
pub(crate) struct Build {
    /// Seconds of the whole command.
    pub(crate) seconds: f64,
    /// Bytes of the image.
    pub(crate) size: u64,
    /// Name, seconds and peak memory in bytes of each stage.
    stages: Vec<(String, f64, f64)>,
}

/// Builds the image in each way, as often as `JLPROJ_BENCH_BUILDS` says, in turns: the builds of each way.
pub(crate) fn build(case: &Case, ways: &[Way]) -> Vec<Vec<Build>> {
    let rounds = env::var("JLPROJ_BENCH_BUILDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut builds: Vec<Vec<Build>> = ways.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        // The last one built is in force, so the first comes last.
        for (way, builds) in ways.iter().zip(&mut builds).rev() {
            builds.push(build_once(case, way));
        }
    }
    builds
}

fn build_once(case: &Case, way: &Way) -> Build {
    eprintln!("building {} with {way}", case.project.display());
    let begun = Instant::now();
    let mut command = case.jlproj(&way.builder, &["build", "--quiet", "--force"]);
    if let Some(threads) = &way.threads {
        command.env("JULIA_IMAGE_THREADS", threads);
    }
    assert!(command.status().expect("jlproj").success(), "jlproj build with {way} failed");
    let seconds = begun.elapsed().as_secs_f64();
    let image = case.status(&way.builder)["image"].take();
    let stages = image["measured"]["stages"].as_array().cloned().unwrap_or_default();
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let stage = |stage: Value| {
        let name = stage["stage"].as_str().unwrap_or_default().to_owned();
        (name, number(&stage["seconds"]), number(&stage["peak_memory"]))
    };
    Build {
        seconds,
        size: image["size"].as_u64().unwrap_or_default(),
        stages: stages.into_iter().map(stage).collect(),
    }
}

/// Prints what each stage took: medians.
pub(crate) fn print_stages(title: &str, ways: &[Way], builds: &[Vec<Build>]) {
    println!("\n| {title}: stage | {} |", ways.iter().map(Way::to_string).collect::<Vec<_>>().join(" | "));
    println!("|---{}|", "|---".repeat(ways.len()));
    let mut names: Vec<&str> = Vec::new();
    for (name, ..) in builds.iter().flatten().flat_map(|build| &build.stages) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    for name in names {
        let cells = builds.iter().map(|builds| {
            let of = builds.iter().flat_map(|build| build.stages.iter().filter(|stage| stage.0 == name));
            let (seconds, bytes): (Vec<f64>, Vec<f64>) =
                of.map(|(_, seconds, bytes)| (seconds, bytes)).unzip();
            format!("{:.0} s, {:.0} MB", median(seconds), median(bytes) / 1e6)
        });
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    let cells = builds.iter().map(|builds| {
        let seconds = median(builds.iter().map(|build| build.seconds).collect());
        format!("{seconds:.0} s, image {} MB", builds.last().map_or(0, |build| build.size / 1_000_000))
    });
    println!("| all | {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// The one in the middle; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
