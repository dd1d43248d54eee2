//! Load: many processes at once, on two stores that share a depot and the projects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::scene::{is_thorough, sandbox};
use crate::state;
use crate::support::sandbox::{NOW, Ran, Sandbox, copy_folder};
use crate::support::world::world;

/// Processes at once.
const WORKERS: usize = 64;

/// The stores of two users, or of two machines that share their disks.
const STORES: [&str; 2] = ["store", "home/other-store"];

const PROJECTS: usize = 4;

/// Starts of long ago in each journal: enough for `gc` to put it together while others write to it.
const LONG_AGO: usize = 20_000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Start,
    StartReally,
    List,
    Status,
    Build,
    Collect,
    Forget,
    Drop,
}

impl Action {
    /// What comes at this place of a worker's round.
    fn at(place: usize) -> Self {
        match place % 40 {
            3 => Self::StartReally,
            7 | 27 => Self::Build,
            12 => Self::Collect,
            17 => Self::Forget,
            22 => Self::Drop,
            5 | 25 => Self::List,
            10 | 30 => Self::Status,
            _ => Self::Start,
        }
    }

    fn is_start(self) -> bool {
        matches!(self, Self::Start | Self::StartReally)
    }

    fn command(self, sandbox: &Sandbox, project: &Path) -> Command {
        let words: &[&str] = match self {
            Self::Start | Self::StartReally => &["run", "--startup-file=no", "-e", "exit(0)"],
            Self::List => &["list", "--format", "json"],
            Self::Status => &["status"],
            Self::Build => &["build", "--quiet"],
            Self::Collect => &["gc", "--yes", "--images", "--older-than", "0d"],
            Self::Forget => &["forget", "."],
            Self::Drop => &["forget", "--image", "."],
        };
        let mut command = sandbox.command(words);
        command.current_dir(project);
        if self == Self::Start {
            command.env("JLPROJ_TEST_QUICK", "1");
        }
        command
    }

    /// Asserts that it ended well, or refused for a reason that others gave.
    #[track_caller]
    fn assert_ended(self, ran: &Ran) {
        let known = [
            "it is in use",
            "a build is at work on it",
            "it was built again meanwhile",
            "no image was built for",
        ];
        let is_refused = ran.code == 1 && known.iter().any(|reason| ran.stderr.contains(reason));
        let may_refuse = matches!(self, Self::Collect | Self::Drop);
        assert!(ran.code == 0 || (may_refuse && is_refused), "{self:?}{ran}");
        assert!(!ran.stderr.contains("panicked"), "{self:?}{ran}");
        assert!(!self.is_start() || ran.stderr.lines().count() <= 1, "{self:?}{ran}");
    }
}

#[test]
fn of_sixty_four_processes_none_fails_and_no_start_is_forgotten() {
    let mut sandbox = sandbox();
    let projects: Vec<PathBuf> = (0..PROJECTS).map(|number| make_project(&sandbox, number)).collect();
    let line = format!("{}\texact\t-\t1.10.4\t/gone\n", NOW - 300 * 24 * 3600);
    for store in STORES {
        sandbox.set("JLPROJ_HOME", store);
        // What Julia is takes seconds to learn, and is learnt once: sixty-four at once would wait too long for it.
        sandbox.run(&mut Action::Status.command(&sandbox, &projects[0])).code(0);
        sandbox.write(Path::new(store).join("usage-v1.log"), line.repeat(LONG_AGO));
    }
    let time = Duration::from_secs(if is_thorough() { 120 } else { 20 });
    let begun = Instant::now();
    let counts = Mutex::new(BTreeMap::<(Action, usize), (u64, Duration)>::new());
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (sandbox, projects, counts) = (&sandbox, &projects, &counts);
            scope.spawn(move || {
                for place in worker * 5.. {
                    if begun.elapsed() > time {
                        return;
                    }
                    let (action, store) = (Action::at(place), (place / 3 + worker) % STORES.len());
                    let mut command = action.command(sandbox, &projects[(place + worker) % PROJECTS]);
                    command.env("JLPROJ_HOME", sandbox.path(STORES[store]));
                    let started = Instant::now();
                    action.assert_ended(&sandbox.run(&mut command));
                    let mut counts = counts.lock().expect("no worker failed");
                    let count = counts.entry((action, store)).or_default();
                    *count = (count.0 + 1, count.1.max(started.elapsed()));
                }
            });
        }
    });
    let counts = counts.into_inner().expect("no worker failed");
    for ((action, store), (count, longest)) in &counts {
        eprintln!(
            "load: {}: {action:?} {count} times, {:.1} s at most",
            STORES[*store],
            longest.as_secs_f64()
        );
    }
    for (place, store) in STORES.into_iter().enumerate() {
        sandbox.set("JLPROJ_HOME", store);
        let starts = counts.iter().filter(|((action, store), _)| action.is_start() && *store == place);
        let starts: u64 = starts.map(|(_, (count, _))| count).sum();
        sandbox.jlproj(["gc", "--yes", "--images"]).code(0);
        let told = state::starts(&sandbox.path(store)).expect("a journal");
        assert_eq!(told, starts + LONG_AGO as u64, "{store}");
        assert_eq!(state::leftovers(&sandbox.path(store)), Vec::<PathBuf>::new());
        let mut whole = state::WholeImages::default();
        whole.assert_all(&sandbox.path(store), &world().image(), store);
        for project in &projects {
            sandbox.run(&mut Action::StartReally.command(&sandbox, project)).code(0);
            sandbox.run(&mut Action::Build.command(&sandbox, project)).code(0);
        }
    }
}

/// A project whose image is one of its own.
fn make_project(sandbox: &Sandbox, number: usize) -> PathBuf {
    let folder = sandbox.path(format!("work/load{number}"));
    copy_folder(&world().project(), &folder);
    sandbox.write(folder.join("jlproj.toml"), "precompile_statements = [\"statements.jl\"]\n");
    sandbox.write(folder.join("statements.jl"), format!("# {number}\n"));
    folder
}
