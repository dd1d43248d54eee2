//! VS Code: one key of a settings file with comments.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::hosts::{IMAGE, jlproj, printed, sandbox, there_and_back, with_image, wrapper};
use crate::support::juliaup;
use crate::support::sandbox::Sandbox;
use crate::support::world;

const SETTINGS: &str = ".vscode/settings.json";

/// What becomes of a text with the lines for the wrapper and for the language server.
type Edited = fn(&str, &str) -> String;

fn settings(project: &Path) -> String {
    fs::read_to_string(project.join(SETTINGS)).expect("settings")
}

fn write(project: &Path, text: &[u8]) {
    fs::create_dir_all(project.join(".vscode")).expect("folder");
    fs::write(project.join(SETTINGS), text).expect("settings");
}

/// The lines that are added.
fn lines(sandbox: &Sandbox) -> (String, String) {
    let path = serde_json::Value::from(wrapper(sandbox).display().to_string());
    let server = serde_json::Value::from(sandbox.path("bin/julia").display().to_string());
    (format!("\"julia.executablePath\": {path}"), format!("\"julia.languageServerExecutablePath\": {server}"))
}

#[test]
fn the_folder_gets_the_image_and_comes_back_to_the_byte() {
    let (sandbox, project) = with_image();
    there_and_back(&sandbox, &project, &["vscode"], || {
        let (program, server) = lines(&sandbox);
        assert_eq!(settings(&project), format!("{{\n    {program},\n    {server}\n}}\n"));
        // As the extension does: it looks for the version, asks for the folder, starts the REPL.
        let julia = wrapper(&sandbox);
        assert_eq!(
            printed(&sandbox, &julia, &project, &["--version"]),
            format!("julia version {}\n", world::version())
        );
        let folder = printed(&sandbox, &julia, &project, &["--startup-file=no", "-e", "print(Sys.BINDIR)"]);
        assert_eq!(folder, crate::support::world::julia().parent().expect("folder").display().to_string());
        let option = format!("--project={}", project.display());
        let repl = ["--banner=no", option.as_str(), "-e", IMAGE];
        let image = sandbox.redact(&sandbox.only_image().display().to_string());
        assert_eq!(printed(&sandbox, &julia, &project, &repl), image);
        fs::remove_dir_all(sandbox.path("store/images-v1")).expect("remove");
        assert_ne!(printed(&sandbox, &julia, &project, &repl), image);
    });
}

#[test]
fn settings_of_any_form_are_edited_at_two_keys() {
    let (sandbox, project) = sandbox();
    let cases: [(&str, Edited); 9] = [
        ("", |p, s| format!("{{\n    {p},\n    {s}\n}}\n")),
        ("{}", |p, s| format!("{{\n    {p},\n    {s}\n}}")),
        ("// only a comment\n", |p, s| format!("// only a comment\n{{\n    {p},\n    {s}\n}}\n")),
        ("{ // about all\n  // about a\n  \"a\": 1, /* b */ \"b\": [1, 2,],\n}\n", |p, s| {
            format!(
                "{{ // about all\n  {p},\n  {s},\n  // about a\n  \"a\": 1, /* b */ \"b\": [1, 2,],\n}}\n"
            )
        }),
        ("\u{feff}{\r\n\t\"a\": \"é\",\r\n}\r\n", |p, s| {
            format!("\u{feff}{{\r\n\t{p},\r\n\t{s},\r\n\t\"a\": \"é\",\r\n}}\r\n")
        }),
        ("{\"a\": 1}", |p, s| format!("{{{p}, {s}, \"a\": 1}}")),
        ("{\n    \"julia.executablePath\": [\"odd\"], // mine\n    \"b\": 2\n}", |p, s| {
            format!("{{\n    {s},\n    {p}, // mine\n    \"b\": 2\n}}")
        }),
        // What the user has for the language server stays.
        ("{\n    \"julia.languageServerExecutablePath\": \"/my/julia\"\n}", |p, _| {
            format!("{{\n    {p},\n    \"julia.languageServerExecutablePath\": \"/my/julia\"\n}}")
        }),
        // Of two that are not ours it does not matter.
        ("{\n    \"a\": 1,\n    \"a\": 2\n}", |p, s| {
            format!("{{\n    {p},\n    {s},\n    \"a\": 1,\n    \"a\": 2\n}}")
        }),
    ];
    for (text, expected) in cases {
        write(&project, text.as_bytes());
        there_and_back(&sandbox, &project, &["vscode"], || {
            let (program, server) = lines(&sandbox);
            assert_eq!(settings(&project), expected(&program, &server), "from {text:?}");
        });
        assert_eq!(settings(&project), text);
    }
}

#[test]
fn what_cannot_be_edited_is_left_and_the_lines_are_shown() {
    let (sandbox, project) = sandbox();
    let cases: [(&[u8], &str); 5] = [
        (b"{ \"a\": 1", "Unterminated object"),
        (b"{ \"a\" 1 }", "Expected colon"),
        (b"[]", "what it holds has no keys"),
        (
            b"{\"julia.executablePath\": 1, \"julia.executablePath\": 2}",
            "it has `julia.executablePath` twice",
        ),
        (b"{\"a\": \"\xff\"}", "it is not valid UTF-8"),
    ];
    for (text, reason) in cases {
        write(&project, text);
        jlproj(&sandbox, &project, &["setup", "vscode"])
            .code(1)
            .stdout("")
            .stderr_has(".vscode/settings.json` is not edited: ")
            .stderr_has(reason)
            .stderr_has("\n      \"julia.executablePath\": \"[STORE]/launchers-v1/vscode-")
            .stderr_has("\n\nhint: put the lines above there by hand\n");
        assert_eq!(fs::read(project.join(SETTINGS)).expect("settings"), text);
        assert_eq!(sandbox.names("store/launchers-v1"), [""; 0]);
    }
}

#[test]
fn what_the_user_does_meanwhile_stays() {
    let (sandbox, project) = sandbox();
    write(&project, b"{\n    \"a\": 1\n}\n");
    jlproj(&sandbox, &project, &["setup", "vscode"]).code(0);
    // Another Julia by hand, more after it: his, from now on.
    let (program, server) = lines(&sandbox);
    let own = settings(&project).replace(&program, "\"julia.executablePath\": \"/mine\"");
    let own = own.replace("\"a\": 1", "\"a\": 2");
    write(&project, own.as_bytes());
    jlproj(&sandbox, &project, &["setup", "vscode", "--check"]).code(1).stdout_has("would edit");
    jlproj(&sandbox, &project, &["setup", "vscode", "--undo"]).code(0);
    assert_eq!(settings(&project), "{\n    \"julia.executablePath\": \"/mine\",\n    \"a\": 2\n}\n");
    // Set up over it: it comes back.
    jlproj(&sandbox, &project, &["setup", "vscode"]).code(0);
    assert!(settings(&project).contains(&server));
    jlproj(&sandbox, &project, &["setup", "vscode", "--undo"]).code(0);
    assert_eq!(settings(&project), "{\n    \"julia.executablePath\": \"/mine\",\n    \"a\": 2\n}\n");
}

#[test]
fn what_git_tracks_is_edited_only_where_that_is_said() {
    let (sandbox, project) = sandbox();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
        let output = command.current_dir(&project).output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q"]);
    write(&project, b"{}\n");
    jlproj(&sandbox, &project, &["setup", "vscode"]).code(0);
    jlproj(&sandbox, &project, &["setup", "vscode", "--undo"]).code(0);
    git(&["add", "."]);
    // A repository's settings name no program to run.
    git(&["config", "core.fsmonitor", "touch ran; false"]);
    jlproj(&sandbox, &project, &["setup", "vscode"])
        .code(1)
        .stderr_has("is not edited: git tracks it, and these paths are this machine's (`--shared`")
        .stderr_has("\n      \"julia.executablePath\": ");
    assert_eq!(settings(&project), "{}\n");
    assert!(!project.join("ran").exists());
    there_and_back(&sandbox, &project, &["vscode", "--shared"], || ());
}

/// As the extension reads its settings (`src/executables.ts`, 1.232.0): a channel is named in two ways, and where there is a
/// juliaup the language server has a channel of its own.
#[test]
fn the_channel_that_the_settings_named_is_what_starts() {
    let (mut sandbox, project) = sandbox();
    sandbox.unset("JLPROJ_JULIA");
    juliaup::juliaup(&sandbox);
    std::os::unix::fs::symlink("/bin/true", sandbox.path("bin/juliaup")).expect("link");
    let path = world::julia().display().to_string();
    let cases =
        [("julia +two", "--optimize=2 "), ("+one", "--optimize=1 "), (path.as_str(), ""), ("+nosuch", "")];
    for (named, option) in cases {
        let text = format!("{{\n    \"julia.executablePath\": {named:?} // mine\n}}\n");
        write(&project, text.as_bytes());
        there_and_back(&sandbox, &project, &["vscode"], || {
            let (program, _) = lines(&sandbox);
            assert_eq!(settings(&project), format!("{{\n    {program} // mine\n}}\n"), "{named}");
            let script = fs::read_to_string(wrapper(&sandbox)).expect("wrapper");
            assert!(script.contains(&format!("exec \"$julia\" {option}\"$@\"\n")), "{named}: {script}");
        });
        assert_eq!(settings(&project), text);
    }
    // What is said is what counts.
    write(&project, b"{\"julia.executablePath\": \"+one\"}");
    jlproj(&sandbox, &project, &["setup", "vscode", "--julia", "+two"]).code(0);
    let script = fs::read_to_string(wrapper(&sandbox)).expect("wrapper");
    assert!(script.contains("exec \"$julia\" --optimize=2 \"$@\"\n"), "{script}");
}
