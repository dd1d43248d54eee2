//! Starts of Julia, in seven ways.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, thread};

use crate::julia_stand_in;
use crate::measure::{self, Size};
use crate::table;
use crate::world::World;

/// A store with an image that rests on files, and how many.
const RESTING: &str = "store-resting";
const FILES: usize = 50;

/// Times the ways in turns.
pub(crate) fn compare(world: &World, rounds: usize) {
    world.publish("store", 0);
    world.publish(RESTING, FILES);
    // Files of this instant are read again at every start.
    thread::sleep(Duration::from_secs(3));
    let script = script(world);
    let launcher = launcher(world);
    let by_hand = || world.by_hand(&world.julia());
    let through_exec = || world.by_hand(&world.julia().with_file_name(julia_stand_in::BARE));
    let through_script = || world.by_hand(&script);
    let through_launcher = || launcher.as_deref().map(|launcher| with_juliaup(world, launcher));
    let run = || world.jlproj(&["run", "-e", "1"]);
    let resting = || world.jlproj_with(RESTING, &["run", "-e", "1"]);
    let mut times: [Vec<Duration>; 7] = Default::default();
    for _ in 0..rounds {
        times[0].push(measure::time(by_hand()));
        times[1].push(measure::time(through_exec()));
        times[2].push(measure::time(through_script()));
        times[3].extend(through_launcher().map(measure::time));
        times[4].push(measure::time(run()));
        times[5].push(measure::time(resting()));
    }
    // Apart from the rest: it leaves much to be done by the disk.
    for _ in 0..rounds.div_ceil(4) {
        world.forget_verdicts();
        times[6].push(measure::time(run()));
    }
    let commands = [
        Some(by_hand()),
        Some(through_exec()),
        Some(through_script()),
        through_launcher(),
        Some(run()),
        Some(resting()),
        Some(run()),
    ];
    let names = [
        "by hand",
        "through exec",
        "through sh",
        "through juliaup",
        "run, warm",
        "run, 50 files",
        "run, cold",
    ];
    let size = Size { lines: 0, ..world.size };
    let base = measure::middle(times[0].clone());
    for (place, ((name, times), command)) in names.into_iter().zip(times).zip(commands).enumerate() {
        let Some(command) = command else {
            println!("{name:<18} not measured: JLPROJ_BENCH_JULIAUP names no folder with it");
            continue;
        };
        if name == "run, cold" {
            world.forget_verdicts();
        }
        let base = (place > 0).then_some(base);
        table::row(name, size, measure::middle(times), base, measure::memory(&command));
    }
}

/// A wrapper as people write them.
fn script(world: &World) -> PathBuf {
    let path = world.folder.join("bin/julia-through-sh");
    fs::write(&path, format!("#!/bin/sh\nexec '{}' \"$@\"\n", world.julia().display())).expect("script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode");
    path
}

/// juliaup's launcher, with a channel of its own that leads to our Julia.
fn launcher(world: &World) -> Option<PathBuf> {
    let folder = PathBuf::from(env::var_os("JLPROJ_BENCH_JULIAUP")?);
    let launcher = ["julialauncher", "julia"].map(|name| folder.join(name));
    let launcher = world.install(&launcher.into_iter().find(|path| path.exists())?);
    let depot = world.folder.join("juliaup/juliaup");
    fs::create_dir_all(&depot).expect("folder");
    let julia = world.julia().display().to_string();
    let config = serde_json::json!({
        "Default": "bench",
        "InstalledVersions": {},
        "InstalledChannels": { "bench": { "Command": julia, "Args": [] } },
        "Settings": { "CreateChannelSymlinks": false, "VersionsDbUpdateInterval": 0 },
        "Overrides": [],
    });
    fs::write(depot.join("juliaup.json"), config.to_string()).expect("juliaup.json");
    Some(launcher)
}

fn with_juliaup(world: &World, launcher: &Path) -> Command {
    let mut command = world.by_hand(launcher);
    command.env("JULIAUP_DEPOT_PATH", world.folder.join("juliaup"));
    command
}
