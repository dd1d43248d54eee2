//! Time and memory of a command.

use std::env;
use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// Asks this program to run its arguments as a command and print the memory that it took.
const MEASURE: &str = "--measure-memory";

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// Known projects.
    pub(crate) projects: usize,
    /// Packages in each manifest.
    pub(crate) packages: usize,
    /// Precompile files in the depot.
    pub(crate) files: usize,
    /// Starts in the journal.
    pub(crate) lines: usize,
}

/// The time that a command takes.
pub(crate) fn time(mut command: Command) -> Duration {
    let begun = Instant::now();
    let status = command.status().expect("starts");
    let elapsed = begun.elapsed();
    assert!(status.success(), "{command:?}");
    elapsed
}

/// The median time of some runs.
pub(crate) fn median(rounds: usize, command: impl Fn() -> Command) -> Duration {
    middle((0..rounds).map(|_| time(command())).collect())
}

/// The median of times.
pub(crate) fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The most memory that a command takes at once, in bytes. The system tells the most of all children that a process had:
/// so each command gets a process of its own between us and it.
pub(crate) fn memory(command: &Command) -> u64 {
    let mut between = Command::new(env::current_exe().expect("own path"));
    between.arg(MEASURE).arg(command.get_program()).args(command.get_args()).env_clear();
    between.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    between.current_dir(command.get_current_dir().expect("a folder"));
    let output = between.output().expect("starts");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("text").trim().parse().expect("a number")
}

pub(crate) fn is_measuring() -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == OsStr::new(MEASURE))
}

/// Does what [`memory`] asks for.
pub(crate) fn tell_memory() {
    let mut arguments = env::args_os().skip(2);
    let mut command = Command::new(arguments.next().expect("a program"));
    let status = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status().expect("starts");
    assert!(status.success(), "{command:?}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage");
    println!("{}", usage.max_rss() * 1024);
}
