//! `setup` and `setup --undo`: whatever goes wrong, a file of the user's is as it was or as it was to be, and both ways
//! can still be gone to the end.

use std::collections::HashSet;
use std::fs;

use crate::scene::points;
use crate::state;
use crate::stepper::{self, Fault};
use crate::support::sandbox::Sandbox;

const SETTINGS: &str = "project/.vscode/settings.json";

/// What the user has there: a comment, a trailing comma and no end of the last line.
const ORIGINAL: &str = "{\n    // mine\n    \"editor.fontSize\": 12,\n}";

const SETUP: [&str; 2] = ["setup", "vscode"];
const UNDO: [&str; 3] = ["setup", "vscode", "--undo"];

fn settings(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path(SETTINGS)).expect("the user's file is there")
}

/// Names in the project and in the folder of its settings: nothing of a fault is left there either.
fn names(sandbox: &Sandbox) -> Vec<String> {
    [sandbox.names("project"), sandbox.names("project/.vscode")].concat()
}

#[test]
fn setups() {
    if !stepper::is_permitted() {
        eprintln!("SKIPPED: this system does not let a process trace its children (ptrace)");
        return;
    }
    let sandbox = Sandbox::new().in_world();
    sandbox.write(SETTINGS, ORIGINAL);
    let before = names(&sandbox);
    sandbox.jlproj(SETUP).code(0);
    let edited = settings(&sandbox);
    assert_ne!(edited, ORIGINAL);
    play(&sandbox, "setup --undo", &UNDO, &edited, &before);
    sandbox.jlproj(UNDO).code(0);
    assert_eq!(settings(&sandbox), ORIGINAL);
    play(&sandbox, "setup", &SETUP, &edited, &before);
}

/// Tries the faults of a command in the store and with the settings as they are now.
fn play(sandbox: &Sandbox, name: &str, command: &[&str], edited: &str, before: &[String]) {
    let (store, template) = (sandbox.path("store"), sandbox.path("template"));
    let start = settings(sandbox);
    state::copy_store(&store, &template);
    let calls = stepper::run(&sandbox.command(command), None);
    assert_eq!(calls.code, 0, "{}", calls.stderr);
    let (mut tried, mut shapes) = (0, HashSet::new());
    for (place, fault) in points(&calls, 1) {
        state::copy_store(&template, &store);
        sandbox.write(SETTINGS, &start);
        let traced = stepper::run(&sandbox.command(command), Some((place, fault)));
        if !traced.is_hit {
            continue;
        }
        tried += 1;
        let what = format!("{name}: {fault:?} at {place}, {}\n{}", traced.calls[place], traced.stderr);
        let code = if fault == Fault::Kill { 137 } else { traced.code };
        assert!(traced.code == code && matches!(code, 0 | 1 | 137), "{what}: exit code {}", traced.code);
        assert!(!traced.stderr.contains("panicked"), "{what}");
        let now = settings(sandbox);
        assert!(now == ORIGINAL || now == edited, "{what}: half of an edit: {now}");
        if !shapes.insert((state::shape(&state::contents(&store)), now)) {
            continue;
        }
        state::grow_old(&sandbox.path("project/.vscode"));
        let again = sandbox.jlproj(SETUP);
        assert!(again.code == 0 && settings(sandbox) == edited, "{what}{again}");
        let undone = sandbox.jlproj(UNDO);
        assert!(undone.code == 0 && settings(sandbox) == ORIGINAL, "{what}{undone}");
        assert_eq!(names(sandbox), before, "{what}");
    }
    eprintln!("faults: {name}: {tried} points at {} calls, {} states", calls.calls.len(), shapes.len());
    state::copy_store(&template, &store);
    sandbox.write(SETTINGS, &start);
}
