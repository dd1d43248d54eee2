//! `jlproj env` and `jlproj exec`, taken in by real shells and by direnv.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::packages::add_pythoncall;
use crate::support::sandbox::{Sandbox, copy_folder};
use crate::support::{host_programs, world};

const SHOW: &str = "print(unsafe_string(Base.JLOptions().image_file), '\\n', Base.active_project())";
/// A folder's name that every shell reads differently.
const ODD: &str = "pro ject's $HOME \"é\" `x`";

/// A sandbox with an image, and its project in a folder of an odd name too.
fn sandbox() -> (Sandbox, PathBuf) {
    let mut sandbox = Sandbox::new().in_world().with_world_image();
    let odd = sandbox.path(ODD);
    copy_folder(&sandbox.project(), &odd);
    let own = PathBuf::from(env!("CARGO_BIN_EXE_jlproj"));
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        sandbox.path("bin").display(),
        own.parent().expect("folder").display()
    );
    sandbox.set("PATH", path);
    (sandbox, odd)
}

/// A shell that runs this script in the sandbox.
fn shell(sandbox: &Sandbox, program: &std::path::Path, script: &str) -> Command {
    let jlproj = sandbox.command(["--version"]);
    let mut command = Command::new(program);
    command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["-c", script]).current_dir(sandbox.path("home")).stdin(Stdio::null());
    command
}

fn image() -> String {
    world::world().image().display().to_string()
}

/// What [`SHOW`] prints in the odd project.
fn shown(sandbox: &Sandbox) -> String {
    sandbox.redact(&format!("{}\n{}/Project.toml", image(), sandbox.path(ODD).display()))
}

/// Taken in twice, and put back.
fn check_posix(program: Option<PathBuf>, name: &str) {
    let Some(program) = program else { return };
    let (mut sandbox, odd) = sandbox();
    sandbox.set("ODD", odd.as_os_str());
    sandbox.set("CODE", SHOW);
    sandbox.set("JULIA_PROJECT", "@mine");
    let take_in = format!("eval \"$(jlproj env --shell {name} --project \"$ODD\")\"");
    let script = format!(
        "before=$PATH; {take_in}; {take_in}; julia -e \"$CODE\"; echo; echo \"$PATH\" | tr : '\\n' | grep -c shims-v1; \
         cd \"$ODD\"; {take_in}; test \"${{PATH#*:}}\" = \"$before\" && echo once; \
         eval \"$(jlproj env --shell {name} --unset)\"; test \"$PATH\" = \"$before\" && echo back; \
         echo \"$JULIA_PROJECT\"; env | grep -c JLPROJ_OLD_ ; env | grep JLPROJ_SET; :"
    );
    let ran = sandbox.run(&mut shell(&sandbox, &program, &script));
    ran.code(0).stderr("").stdout(&format!("{}\n1\nonce\nback\n@mine\n0\n", shown(&sandbox)));
}

#[test]
fn bash_takes_it_in_and_puts_it_back() {
    check_posix(Some(PathBuf::from("/bin/bash")), "bash");
}

#[test]
fn zsh_takes_it_in_and_puts_it_back() {
    check_posix(host_programs::program("bin/zsh"), "zsh");
}

#[test]
fn a_plain_posix_shell_reads_what_is_for_bash() {
    check_posix(Some(PathBuf::from("/bin/sh")), "bash");
}

#[test]
fn fish_takes_it_in_and_puts_it_back() {
    let Some(program) = host_programs::program("bin/fish") else { return };
    let (mut sandbox, odd) = sandbox();
    sandbox.set("ODD", odd.as_os_str());
    sandbox.set("CODE", SHOW);
    // Without it fish has no letters but those of English.
    sandbox.set("LANG", "C.UTF-8");
    let take_in = "jlproj env --shell fish --project $ODD | source";
    let script = format!(
        "set before (string join : $PATH); {take_in}; {take_in}; julia -e $CODE; echo; count (string match '*shims-v1' $PATH); \
         jlproj env --shell fish --unset | source; test (string join : $PATH) = $before; and echo back; \
         set -q JULIA_PROJECT; or echo gone; set -q JLPROJ_SET; or echo gone"
    );
    let ran = sandbox.run(&mut shell(&sandbox, &program, &script));
    ran.code(0).stderr("").stdout(&format!("{}\n1\nback\ngone\ngone\n", shown(&sandbox)));
}

#[test]
fn the_lines_of_a_start_file_are_read_by_their_shells() {
    for (name, program) in [
        ("bash", Some(PathBuf::from("/bin/bash"))),
        ("zsh", host_programs::program("bin/zsh")),
        ("fish", host_programs::program("bin/fish")),
    ] {
        let Some(program) = program else { continue };
        let mut sandbox = Sandbox::new();
        sandbox.set("JLPROJ_HOME", sandbox.path("home/it's a $store").as_os_str());
        sandbox.jlproj(["setup", "shell", "--shell", name]).code(0);
        let file = match name {
            "fish" => ".config/fish/conf.d/jlproj.fish",
            _ => &format!(".{name}rc"),
        };
        let file = sandbox.path("home").join(file);
        let source = if name == "fish" { "source" } else { "." };
        let script =
            format!("{source} {0}; {source} {0}; command -v julia; julia -e 'print(1)'", file.display());
        let ran = sandbox.run(&mut shell(&sandbox, &program, &script));
        ran.code(0).stderr("").stdout("[HOME]/it's a $store/shims-v1/julia\n1");
    }
}

#[test]
fn direnv_takes_it_in() {
    let Some(direnv) = host_programs::program("bin/direnv") else { return };
    let (mut sandbox, _) = sandbox();
    // direnv itself does not get on with `$`, `"` and backquotes in a path.
    let odd = sandbox.path("pro ject's é");
    copy_folder(&sandbox.project(), &odd);
    let path = sandbox.command(["--version"]);
    let path = path
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, value)| value)
        .expect("PATH")
        .to_owned();
    let direnv_folder = direnv.parent().expect("folder").display().to_string();
    sandbox.set("PATH", format!("{direnv_folder}:{}", path.to_str().expect("UTF-8")));
    // The recipe of docs/hosts.md.
    fs::write(
        odd.join(".envrc"),
        "watch_file Project.toml Manifest.toml jlproj.toml\neval \"$(jlproj env --shell bash)\"\n",
    )
    .expect("file");
    let mut allow = shell(&sandbox, "/bin/bash".as_ref(), "direnv allow .");
    assert_eq!(sandbox.run(allow.current_dir(&odd)).code, 0);
    sandbox.set("CODE", SHOW);
    let mut run = shell(&sandbox, "/bin/bash".as_ref(), "direnv exec . julia -e \"$CODE\"");
    sandbox.run(run.current_dir(&odd)).code(0).stdout(&sandbox.redact(&format!(
        "{}\n{}/Project.toml",
        image(),
        odd.display()
    )));
    let mut export = shell(&sandbox, "/bin/bash".as_ref(), "direnv export json");
    sandbox.run(export.current_dir(&odd)).code(0).stdout_has("\"JULIA_PROJECT\": ");
}

#[test]
fn exec_becomes_the_program() {
    let (mut sandbox, odd) = sandbox();
    let odd = odd.to_str().expect("UTF-8");
    sandbox
        .jlproj(["exec", "--project", odd, "--", "julia", "-e", SHOW])
        .code(0)
        .stdout(&shown(&sandbox))
        .stderr("");
    sandbox
        .jlproj(["exec", "--project", odd, "sh", "-c", "echo $1; exit 7", "-", "--project"])
        .code(7)
        .stdout("--project\n");
    sandbox
        .jlproj(["exec", "--", "no-such-program"])
        .code(127)
        .stderr_has("error: cannot start `no-such-program`");
    sandbox.jlproj(["exec", "--", "/etc/passwd"]).code(126);
    sandbox.jlproj(["exec"]).code(2);
    sandbox
        .jlproj(["exec", "--project", "gone", "--", "true"])
        .code(1)
        .stderr_has("`[PROJECT]/gone/Project.toml` does not exist");
    sandbox.set("JLPROJ_DISABLE", "1");
    let plain =
        sandbox.jlproj(["exec", "--", "sh", "-c", "echo \"$JULIA_PROJECT$JLPROJ_SET\"; command -v julia"]);
    plain.code(0).stdout("\n[JULIA]\n");
    sandbox.jlproj(["env"]).code(0).stdout("");
}

#[test]
fn programs_are_told_in_json() {
    let (mut sandbox, odd) = sandbox();
    let ran = sandbox.jlproj(["env", "--json", "--project", odd.to_str().expect("UTF-8")]);
    let offer: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    assert_eq!(offer["julia"], "[JULIA]");
    assert_eq!(offer["julia_version"], world::version());
    assert_eq!(offer["project"], sandbox.redact(odd.to_str().expect("UTF-8")));
    assert_eq!(offer["sysimage"], sandbox.redact(&image()));
    assert_eq!(offer["reason"], serde_json::Value::Null);
    assert_eq!(offer["pycall"], "absent");
    // No project: nothing is set, and it is told.
    let mut command = sandbox.command(["env", "--json"]);
    let ran = sandbox.run(command.current_dir(sandbox.path("home")));
    let offer: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    assert_eq!((&offer["project"], &offer["sysimage"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(offer["reason"].as_str().expect("text").contains("there is no project here"));
    sandbox.set("JLPROJ_DISABLE", "1");
    let ran = sandbox.jlproj(["env", "--json"]);
    let offer: serde_json::Value = serde_json::from_str(&ran.code(0).stdout).expect("JSON");
    assert_eq!((&offer["disabled"], &offer["sysimage"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn a_store_that_path_cannot_name_leaves_path_alone() {
    let (mut sandbox, odd) = sandbox();
    sandbox.set("JLPROJ_HOME", sandbox.path("a:store").as_os_str());
    let odd = odd.to_str().expect("UTF-8");
    let before = sandbox.jlproj(["exec", "--project", odd, "/bin/sh", "-c", "echo \"$PATH\""]);
    before.code(0).stdout_has("/bin:");
    let lines = sandbox.jlproj(["env", "--shell", "bash", "--project", odd]);
    assert!(!lines.code(0).stdout.contains("PATH="), "{lines}");
}

/// An empty entry of PATH is the current folder.
#[test]
fn without_a_path_there_is_no_entry_but_ours() {
    let (mut sandbox, odd) = sandbox();
    sandbox.unset("PATH");
    sandbox.set("JLPROJ_JULIA", world::julia());
    let odd = odd.to_str().expect("UTF-8");
    let lines = sandbox.jlproj(["env", "--shell", "bash", "--project", odd]);
    let path = lines.code(0).stdout.lines().find(|line| line.starts_with("export PATH=")).expect("PATH");
    assert!(path.ends_with("/shims-v1;") && !path.contains(':'), "{lines}");
}

#[test]
fn variables_for_juliacall_come_together_or_not_at_all() {
    let (mut sandbox, odd) = sandbox();
    let odd = odd.to_str().expect("UTF-8").to_owned();
    let shown = |sandbox: &Sandbox| {
        let ran =
            sandbox.jlproj(["exec", "--project", &odd, "sh", "-c", "env | grep ^PYTHON_JULIACALL | sort; :"]);
        ran.code(0).stdout.clone()
    };
    assert_eq!(shown(&sandbox), "", "the project has no PythonCall");
    add_pythoncall(&sandbox, odd.as_ref(), "0.9.37");
    let all = format!(
        "PYTHON_JULIACALL_EXE=[JULIA]\nPYTHON_JULIACALL_PROJECT={}\nPYTHON_JULIACALL_SYSIMAGE={}\n",
        sandbox.redact(&odd),
        sandbox.redact(&image())
    );
    assert_eq!(shown(&sandbox), all);
    sandbox.set("PYTHON_JULIACALL_EXE", "/mine");
    assert_eq!(shown(&sandbox), "PYTHON_JULIACALL_EXE=/mine\n", "what the user chose stays");
    sandbox.unset("PYTHON_JULIACALL_EXE");
    sandbox.set("JLPROJ_SYSIMAGE", "none");
    assert_eq!(shown(&sandbox), "");
}
