//! Many projects, and all that can be wrong with what is known of them: the list is right, and soon there.

use std::fs::{self, Permissions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::listing::{DAY, listed, paths, row, small_project};
use crate::support::sandbox::{NOW, Ran, Sandbox};
use crate::support::starts::probed;

/// What an idle machine needs a fifth of, and a release a fortieth: tests run a slow build, several at a time.
const SOON: Duration = Duration::from_secs(15);

/// The line of the journal for one start.
fn line(sandbox: &Sandbox, time: i64, below: &str) -> String {
    format!("{time}\tnone\t-\t1.10.4\t{}\n", sandbox.path(below).display())
}

/// Runs `list`; kills it where it has not ended within the limit.
#[track_caller]
fn list_within(sandbox: &Sandbox, arguments: &[&str], limit: Duration) -> (Ran, Vec<u8>) {
    let arguments = [&["list"], arguments].concat();
    let mut command = sandbox.command(&arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("jlproj");
    let begun = Instant::now();
    while child.try_wait().expect("state").is_none() {
        if begun.elapsed() > limit {
            child.kill().expect("kill");
            child.wait().expect("end");
            panic!("`jlproj list` has not ended within {limit:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("output");
    (sandbox.ran(&arguments.join(" "), &output), output.stdout)
}

/// Says what is worth to be known of a test that succeeds.
#[expect(clippy::print_stderr, reason = "figures to compare with, and what nobody should take for a success")]
fn tell(text: &str) {
    eprintln!("{text}");
}

#[test]
fn a_journal_of_a_million_lines_with_rubbish_in_it_is_counted_right_and_fast() {
    const LINES: i64 = 1_000_000;
    const PROJECTS: i64 = 10;
    let sandbox = probed().in_world();
    let folders: Vec<String> = (0..PROJECTS).map(|number| format!("code/{number}")).collect();
    for folder in &folders {
        small_project(&sandbox, folder);
    }
    // Each of them would be one start more, were it taken for a line.
    let whole = line(&sandbox, NOW, &folders[0]);
    let whole = whole.trim_end();
    let rubbish = [
        Vec::new(),
        b"\0\xff\xfe".to_vec(),
        NOW.to_string().into_bytes(),
        whole.rsplit_once('\t').expect("fields").0.as_bytes().to_vec(),
        format!("soon {whole}").into_bytes(),
        format!("{whole}\tmore").into_bytes(),
        [whole.as_bytes(), b"\xff"].concat(),
        [&vec![b'x'; 64 << 10], whole.as_bytes()].concat(),
    ];
    let mut expected = vec![0_u64; folders.len()];
    let mut journal = BufWriter::new(fs::File::create(sandbox.path("store/usage-v1.log")).expect("journal"));
    for number in 0..LINES {
        let place = usize::try_from(number % PROJECTS).expect("place");
        if number % 997 == 0 {
            let which = usize::try_from(number / 997).expect("number") % rubbish.len();
            journal.write_all(&rubbish[which]).and_then(|()| journal.write_all(b"\n")).expect("rubbish");
            continue;
        }
        // The older first, over ten weeks.
        let age = (LINES - number) * 70 * DAY / LINES;
        expected[place] += u64::from(age <= 30 * DAY);
        journal.write_all(line(&sandbox, NOW - age, &folders[place]).as_bytes()).expect("line");
    }
    let torn = line(&sandbox, NOW, "code/0");
    journal.write_all(&torn.as_bytes()[..torn.len() - 5]).expect("torn line");
    drop(journal);

    let begun = Instant::now();
    let (ran, output) = list_within(&sandbox, &["--format=json"], Duration::from_secs(60));
    let time = begun.elapsed();
    tell(&format!("`list` with 1,000,000 lines in the journal: {time:?}"));
    ran.code(0).stderr("");
    let rows: Vec<Value> = serde_json::from_slice(&output).expect("JSON");
    assert_eq!(rows.len(), folders.len(), "{rows:#?}");
    for (folder, uses) in folders.iter().zip(&expected) {
        assert_eq!(row(&sandbox, &rows, folder)["uses"], *uses, "{folder}");
    }
    assert!(time < SOON, "{time:?}");
    // The torn line takes no other with it.
    for _ in 0..2 {
        let mut command = sandbox.command(["run", "--quiet", "-e", "0"]);
        sandbox.run(command.current_dir(sandbox.path("code/0"))).code(0).stdout("").stderr("");
    }
    let now = row(&sandbox, &listed(&sandbox), "code/0")["uses"].as_u64().expect("a number");
    assert_eq!(now, expected[0] + 2);
}

#[test]
fn a_log_of_pkgs_with_rubbish_and_a_torn_end_gives_what_is_whole_in_it() {
    let mut sandbox = probed().with("TZ", "UTC");
    sandbox.set("JULIA_DEPOT_PATH", sandbox.path("depot"));
    for name in ["first", "second", "torn", "cut", "never"] {
        small_project(&sandbox, &format!("code/{name}"));
    }
    let manifest = |name: &str| format!("{}/Manifest.toml", sandbox.path(format!("code/{name}")).display());
    let whole = |name: &str, day: u32| {
        format!("[[\"{}\"]]\ntime = 2025-12-{day}T12:00:00.123Z\n", manifest(name)).into_bytes()
    };
    let log = [
        b"\0\0\xff\xfe]]\n<<<<<<< HEAD\ntime = 2025-12-31T12:00:00Z\n".to_vec(),
        whole("first", 20),
        format!("[[\"{}\"]]\ntime = 2025-12-2", manifest("torn")).into_bytes(),
        whole("cut", 21),
        format!("[[\"{}\"]]\ntime = soon\n\n[\n[[\n", manifest("never")).into_bytes(),
        vec![b'['; 300 << 10],
        b"\n".to_vec(),
        whole("second", 22),
        format!("[[\"{}\"]]\ntime = 2025-12-31T12:0", manifest("first")).into_bytes(),
    ];
    sandbox.write("depot/logs/manifest_usage.toml", log.concat());
    let rows = listed(&sandbox);
    assert_eq!(paths(&sandbox, &rows), ["code/second", "code/first"]);
    // 2025-12-22 and 2025-12-20, at noon.
    let times: Vec<&Value> = rows.iter().map(|row| &row["last_use"]).collect();
    assert_eq!(times, [NOW - 9 * DAY - DAY / 2, NOW - 11 * DAY - DAY / 2]);
    // A log that cannot be read at all is passed over.
    fs::remove_file(sandbox.path("depot/logs/manifest_usage.toml")).expect("log");
    make_pipe(&sandbox, "depot/logs/manifest_usage.toml");
    let (ran, _) = list_within(&sandbox, &[], Duration::from_secs(20));
    ran.code(0).stdout_has("no project is known yet").stderr("");
}

#[test]
fn times_of_a_clock_that_was_wrong_count_as_now_or_not_at_all() {
    let sandbox = probed().in_world();
    let times = [
        ("ahead", NOW + 3600),
        ("tomorrow", NOW + DAY + 1),
        ("years", NOW + 5 * 365 * DAY),
        ("end", i64::MAX),
        ("ancient", -4_000_000_000),
        ("both", NOW + 3 * 365 * DAY),
        ("both", NOW - 5 * DAY),
        ("back", NOW - 2 * DAY),
        ("back", NOW - 9 * DAY),
    ];
    let mut journal = String::new();
    for (name, time) in times {
        small_project(&sandbox, name);
        journal += &line(&sandbox, time, name);
    }
    sandbox.write("store/usage-v1.log", journal);
    let rows = listed(&sandbox);
    assert_eq!(paths(&sandbox, &rows), ["back", "ahead", "both"]);
    for (name, uses, last) in [("ahead", 1, NOW), ("both", 1, NOW - 5 * DAY), ("back", 2, NOW - 2 * DAY)] {
        let row = row(&sandbox, &rows, name);
        assert_eq!((&row["uses"], &row["last_use"]), (&uses.into(), &last.into()), "{name}");
    }
    // The clock goes back by years: what it wrote till now is ahead of it, and nothing is known till it is used.
    let sandbox = sandbox.with("__JLPROJ_NOW", (NOW - 1000 * DAY).to_string());
    sandbox.jlproj(["list"]).code(0).stdout_has("no project is known yet").stderr("");
}

/// A pipe that nobody writes to: who opens it waits.
fn make_pipe(sandbox: &Sandbox, below: &str) {
    let made = Command::new("mkfifo").arg(sandbox.path(below)).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn projects_that_cannot_be_read_hold_nobody_up() {
    let sandbox = probed().in_world();
    let names = ["fine", "gone", "bare", "manifest", "project", "settings", "broken", "closed"];
    let mut journal = String::new();
    for name in names {
        small_project(&sandbox, name);
        journal += &line(&sandbox, NOW, name);
    }
    sandbox.write("store/usage-v1.log", journal);
    fs::remove_dir_all(sandbox.path("gone")).expect("delete");
    fs::remove_file(sandbox.path("bare/Project.toml")).expect("delete");
    for below in ["manifest/Manifest.toml", "project/Project.toml"] {
        fs::remove_file(sandbox.path(below)).expect("delete");
        make_pipe(&sandbox, below);
    }
    make_pipe(&sandbox, "settings/jlproj.toml");
    sandbox.write("broken/Manifest.toml", "[[Alpha\n");
    let closed = sandbox.path("closed");
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).expect("close");
    let is_closed = fs::read_dir(&closed).is_err();

    let begun = Instant::now();
    let (ran, output) = list_within(&sandbox, &["--format=json"], Duration::from_secs(20));
    tell(&format!("`list` with projects that cannot be read: {:?}", begun.elapsed()));
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("open");
    ran.code(0).stderr("");
    let rows: Vec<Value> = serde_json::from_slice(&output).expect("JSON");
    let mut told = paths(&sandbox, &rows);
    told.retain(|path| path != "closed");
    assert_eq!(told, ["fine", "broken", "manifest", "settings"]);
    assert_eq!(row(&sandbox, &rows, "fine")["verdict"], "none");
    let mut troubles = vec![
        ("broken", "cannot read `[SANDBOX]/broken/Manifest.toml`"),
        ("manifest", "`[SANDBOX]/manifest/Project.toml` has no manifest"),
        ("settings", "`[SANDBOX]/settings/jlproj.toml` is not a regular file"),
    ];
    if is_closed {
        troubles.push(("closed", "[SANDBOX]/closed"));
    } else {
        tell("SKIPPED: nothing is closed to root");
    }
    for (name, text) in troubles {
        let row = row(&sandbox, &rows, name);
        assert_eq!((&row["verdict"], &row["saves_per_start"]), (&"trouble".into(), &Value::Null), "{name}");
        let trouble = sandbox.redact(row["trouble"].as_str().expect("a text"));
        assert!(trouble.contains(text), "{name}: {trouble}");
    }
    let (ran, _) = list_within(&sandbox, &[], Duration::from_secs(20));
    ran.code(0).stdout_has("[SANDBOX]/manifest  trouble").stderr("");
}

#[test]
fn three_hundred_projects_fit_on_a_screen_of_eighty_columns() {
    let sandbox = probed().in_world().with("__JLPROJ_WIDTH", "80");
    let mut journal = String::new();
    for number in 0..300_i64 {
        let name = format!("code/université/a rather long name of a folder/project {number}");
        small_project(&sandbox, &name);
        // Two in three of them within a month.
        let age = if number % 3 == 0 { 31 + number } else { number / 11 };
        for _ in 0..=number % 7 {
            journal += &line(&sandbox, NOW - age * DAY, &name);
        }
    }
    sandbox.write("store/usage-v1.log", journal);
    let begun = Instant::now();
    let (table, _) = list_within(&sandbox, &[], Duration::from_secs(60));
    let time = begun.elapsed();
    tell(&format!("`list` with 300 projects: {time:?}"));
    let (all, _) = list_within(&sandbox, &["--all"], Duration::from_secs(60));
    let idle = "100 more without an image, not used for 30 days: `jlproj list --all`";
    for (ran, rows) in [(&table, 200), (&all, 300)] {
        ran.code(0).stderr("");
        // Where names are put in for paths, lines are not as wide as they are shown.
        assert!(!ran.stdout.contains("[SANDBOX]"), "{ran}");
        let wide: Vec<&str> = ran.stdout.lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(wide, [""; 0]);
        let projects = ran.stdout.lines().filter(|line| line.contains("  none  "));
        assert_eq!(projects.count(), rows, "{ran}");
        assert!(ran.stdout.starts_with("project "), "{ran}");
    }
    assert_eq!(table.stdout.lines().count(), 202, "{table}");
    assert_eq!(table.stdout.lines().next_back(), Some(idle));
    assert_eq!(all.stdout.lines().count(), 301, "{all}");
    assert!(table.stdout.lines().skip(1).take(200).all(|line| line.starts_with('…')), "{table}");
    assert!(time < SOON, "{time:?}");
}
