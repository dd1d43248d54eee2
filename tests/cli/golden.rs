//! What every command prints, compared with what it printed before.
//!
//! After a change that is meant: `SNAPSHOTS=overwrite cargo test --test cli golden`, and read the difference.

use snapbox::{assert_data_eq, file};

use crate::support::sandbox::{MUCH_MEMORY, Ran, Sandbox};
use crate::support::world;

/// Everything that a run left, with what differs from one run to the next replaced.
fn shown(ran: &Ran) -> String {
    let text = format!("exit code {}\n--- stdout\n{}--- stderr\n{}", ran.code, ran.stdout, ran.stderr);
    let lines = text.lines().map(without_figures);
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Fields whose whole value is a figure of this machine.
const FIGURES: [&str; 14] = [
    "image_threads",
    "estimated_saving",
    "code_for",
    "size",
    "seconds",
    "build",
    "load_without",
    "load_with",
    "processor",
    "peak_memory",
    "saves_per_week",
    "spent",
    "saved",
    "per_week",
];

/// The stages of a build.
const STAGES: [&str; 7] = [
    "precompiling for the image",
    "loading packages",
    "recording what is compiled",
    "generating code",
    "linking",
    "verifying the image",
    "precompiling what is not in the image",
];

fn without_figures(line: &str) -> String {
    let name = line.trim().trim_start_matches("- ").split(':').next().unwrap_or_default().trim_matches('"');
    if FIGURES.contains(&name) && line.contains(':') {
        let comma = if line.ends_with(',') { "," } else { "" };
        let head = line.split(':').next().unwrap_or_default();
        return format!("{head}: [FIGURE]{comma}");
    }
    for label in ["load time", "built in"] {
        if line.starts_with(label) {
            return format!("{label}  [FIGURE]");
        }
    }
    // Columns are as wide as their figures: what separates them is shown as two spaces.
    let indent = line.len() - line.trim_start().len();
    let cells = line.trim_start().split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let mut cells: Vec<String> = cells.map(without_amounts).collect();
    if cells.first().is_some_and(|cell| STAGES.contains(&cell.as_str())) {
        // Minutes, and the memory of what is over before it is looked at, may be there or not.
        cells.truncate(1);
    }
    format!("{}{}", &line[..indent], cells.join("  "))
}

/// Numbers before a unit become `[N]`.
fn without_amounts(cell: &str) -> String {
    let words: Vec<&str> = cell.split(' ').collect();
    let shown = words.iter().enumerate().map(|(index, word)| {
        let unit = words.get(index + 1).copied().unwrap_or_default();
        let is_amount =
            word.trim_start_matches('~').parse::<f64>().is_ok() && ["s", "MB", "MB,"].contains(&unit);
        if is_amount { "[N]" } else { word }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn help_of_the_hosts_that_get_a_wrapper() {
    let sandbox = Sandbox::new();
    let help = |host: &str| shown(&sandbox.jlproj(["setup", host, "--help"]));
    assert_data_eq!(help("jupyter"), file!["snapshots/help-setup-jupyter.txt"]);
    assert_data_eq!(help("vscode"), file!["snapshots/help-setup-vscode.txt"]);
    assert_data_eq!(help("quarto"), file!["snapshots/help-setup-quarto.txt"]);
    assert_data_eq!(help("juliaup"), file!["snapshots/help-setup-juliaup.txt"]);
    assert_data_eq!(help("apps"), file!["snapshots/help-setup-apps.txt"]);
}

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    assert_data_eq!(shown(&sandbox.jlproj(["--help"])), file!["snapshots/help.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["run", "--help"])), file!["snapshots/help-run.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "build"])), file!["snapshots/help-build.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "status"])), file!["snapshots/help-status.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "list"])), file!["snapshots/help-list.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "pkg"])), file!["snapshots/help-pkg.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "plan"])), file!["snapshots/help-plan.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "report"])), file!["snapshots/help-report.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "warm"])), file!["snapshots/help-warm.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "scan"])), file!["snapshots/help-scan.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "forget"])), file!["snapshots/help-forget.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "test"])), file!["snapshots/help-test.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "setup"])), file!["snapshots/help-setup.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "env"])), file!["snapshots/help-env.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "exec"])), file!["snapshots/help-exec.txt"]);
    let pyjulia = ["setup", "pyjulia", "--help"];
    assert_data_eq!(shown(&sandbox.jlproj(pyjulia)), file!["snapshots/help-setup-pyjulia.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "which"])), file!["snapshots/help-which.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "key"])), file!["snapshots/help-key.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "log"])), file!["snapshots/help-log.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["help", "doctor"])), file!["snapshots/help-doctor.txt"]);
}

#[test]
fn usage_errors() {
    let sandbox = Sandbox::new();
    assert_data_eq!(shown(&sandbox.jlproj(["biuld"])), file!["snapshots/usage-command.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["status", "--format=xml"])), file!["snapshots/usage-format.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["pkg"])), file!["snapshots/usage-pkg.txt"]);
}

#[test]
fn completions_and_the_manual_are_there() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        sandbox.jlproj(["completions", shell]).code(0).stdout_has("jlproj");
    }
    sandbox.jlproj(["man"]).code(0).stdout_has(".TH jlproj 1");
}

/// Whether what is printed of a project can be compared: the files have what it is with the Julia that the tests bring.
fn is_comparable() -> bool {
    let is_older = !world::is_at_least(6);
    if !is_older {
        world::left_out("what is printed, letter by letter", "it is kept as it is with Julia 1.5");
    }
    is_older
}

#[test]
fn before_there_is_an_image() {
    if !is_comparable() {
        return;
    }
    let sandbox = Sandbox::new().in_world();
    assert_data_eq!(shown(&sandbox.jlproj(["status"])), file!["snapshots/none-status.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["status", "--check"])), file!["snapshots/none-check.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["list"])), file!["snapshots/none-list.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["which"])), file!["snapshots/none-which.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["log"])), file!["snapshots/none-log.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["build", "--dry-run"])), file!["snapshots/none-dry-run.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["run", "-e", "print(1)"])), file!["snapshots/none-run.txt"]);
}

#[test]
fn with_an_image() {
    if !is_comparable() {
        return;
    }
    let sandbox = Sandbox::new().in_world().with_standin_builder();
    // Where there is less `build` says so.
    let sandbox = sandbox.with("__JLPROJ_FREE_MEMORY", MUCH_MEMORY);
    assert_data_eq!(shown(&sandbox.jlproj(["build"])), file!["snapshots/image-build.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["build"])), file!["snapshots/image-build-again.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["status", "-v"])), file!["snapshots/image-status.txt"]);
    assert_data_eq!(
        shown(&sandbox.jlproj(["status", "--format=json"])),
        file!["snapshots/image-status.json"]
    );
    assert_data_eq!(
        shown(&sandbox.jlproj(["status", "--format=yaml"])),
        file!["snapshots/image-status.yaml"]
    );
    assert_data_eq!(shown(&sandbox.jlproj(["which"])), file!["snapshots/image-which.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["which", "--format=json"])), file!["snapshots/image-which.json"]);
    assert_data_eq!(shown(&sandbox.jlproj(["key"])), file!["snapshots/image-key.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["doctor"])), file!["snapshots/image-doctor.txt"]);
    assert_data_eq!(
        shown(&sandbox.jlproj(["run", "-v", "-e", "print(1)"])),
        file!["snapshots/image-run.txt"]
    );
    assert_data_eq!(shown(&sandbox.jlproj(["list"])), file!["snapshots/image-list.txt"]);
    assert_data_eq!(shown(&sandbox.jlproj(["list", "--format=json"])), file!["snapshots/image-list.json"]);
    sandbox.jlproj(["log"]).code(0).stdout_has("creating system image object file");
}
