//! `jlproj setup` where several are at work, and on files that are not as they mostly are.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::support::sandbox::{Sandbox, copy_program};

const MARK: &str = "# >>> jlproj >>>\n";

/// Starts a set-up of the shell beside others.
fn beside(sandbox: &Sandbox, shell: &str) -> Child {
    let mut command = sandbox.command(["setup", "shell", "--shell", shell]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("jlproj")
}

/// Each of them would edit another file, and all of them keep one record.
#[test]
fn set_ups_at_once_are_all_on_record() {
    for _ in 0..10 {
        let sandbox = Sandbox::new();
        sandbox.write("home/.bashrc", "one\n");
        sandbox.write("home/.zshrc", "two\n");
        let children = ["bash", "zsh", "fish", "bash", "zsh", "fish"].map(|shell| beside(&sandbox, shell));
        for child in children {
            let output = child.wait_with_output().expect("jlproj");
            sandbox.ran("setup shell", &output).code(0);
        }
        for file in ["home/.bashrc", "home/.zshrc"] {
            let text = fs::read_to_string(sandbox.path(file)).expect("file");
            assert_eq!(text.matches(MARK).count(), 1, "{text}");
        }
        sandbox.jlproj(["setup", "shell", "--check"]).code(0);
        sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
        assert_eq!(fs::read_to_string(sandbox.path("home/.bashrc")).expect("file"), "one\n");
        assert_eq!(fs::read_to_string(sandbox.path("home/.zshrc")).expect("file"), "two\n");
        assert!(!sandbox.path("home/.config/fish/conf.d/jlproj.fish").exists());
        assert_eq!(sandbox.names("store/hosts-v1"), [""; 0]);
    }
}

#[test]
fn a_file_stays_its_owners() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("home/.bashrc", "mine\n");
    if chown(&file, Some(1234), Some(1235)).is_err() {
        eprintln!("SKIPPED: only root can give a file to somebody");
        return;
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("mode");
    let state = || {
        let metadata = fs::metadata(&file).expect("file");
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
    };
    sandbox.jlproj(["setup", "shell", "--shell=bash"]).code(0);
    assert_eq!(state(), (1234, 1235, 0o640));
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    assert_eq!(state(), (1234, 1235, 0o640));
}

#[test]
fn a_link_that_leads_nowhere_stays() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("home")).expect("folder");
    let link = sandbox.path("home/.bashrc");
    symlink("dotfiles/bashrc", &link).expect("link");
    sandbox
        .jlproj(["setup", "shell", "--shell=bash"])
        .code(1)
        .stderr_has("`[HOME]/.bashrc` is not edited: it is a link that leads nowhere");
    assert_eq!(fs::read_link(&link).expect("link"), std::path::Path::new("dotfiles/bashrc"));
    assert!(!sandbox.path("store/shims-v1/julia").exists());
}

/// The file was made by us, and moved to where the user keeps such files since.
#[test]
fn a_link_that_was_made_later_stays_too() {
    let sandbox = Sandbox::new();
    sandbox.jlproj(["setup", "shell", "--shell=bash"]).code(0);
    let (link, real) = (sandbox.path("home/.bashrc"), sandbox.path("home/real"));
    fs::rename(&link, &real).expect("rename");
    symlink("real", &link).expect("link");
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    assert_eq!(fs::read_link(&link).expect("link"), std::path::Path::new("real"));
    assert_eq!(fs::read_to_string(&real).expect("file"), "");
}

#[test]
fn no_file_of_the_users_is_taken_for_a_leftover() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.bashrc", "mine\n");
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    for name in ["home/.jlproj-aliases", "home/.jlproj-backup"] {
        let file = fs::File::options().write(true).open(sandbox.write(name, "mine\n")).expect("file");
        file.set_modified(long_ago).expect("time");
    }
    sandbox.jlproj(["setup", "shell", "--shell=bash"]).code(0);
    sandbox.jlproj(["setup", "shell", "--undo"]).code(0);
    for name in ["home/.jlproj-aliases", "home/.jlproj-backup"] {
        assert!(sandbox.path(name).exists(), "{name}");
    }
}

/// VS Code may start it at any moment.
#[test]
fn a_wrapper_can_be_started_while_it_is_rewritten() {
    let sandbox = Sandbox::new().in_world();
    sandbox.jlproj(["setup", "vscode"]).code(0);
    let folder = fs::read_dir(sandbox.path("store/launchers-v1")).expect("folder").next().expect("one");
    let wrapper = folder.expect("entry").path().join("julia");
    let is_over = AtomicBool::new(false);
    let unusable = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut unusable = 0;
            while !is_over.load(Ordering::Relaxed) {
                let is_usable = fs::metadata(&wrapper).is_ok_and(|data| data.mode() & 0o111 != 0);
                unusable += u32::from(!is_usable);
            }
            unusable
        });
        for program in ["/bin/true", "/bin/false", "/bin/true"] {
            // Another jlproj, at another path.
            let other = sandbox.path("bin").join(program.replace('/', "_"));
            copy_program(env!("CARGO_BIN_EXE_jlproj"), &other);
            let mut command = std::process::Command::new(&other);
            let own = sandbox.command(["--version"]);
            command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command.args(["setup", "vscode"]).current_dir(sandbox.project());
            sandbox.run(&mut command).code(0).stderr_has("write ");
        }
        is_over.store(true, Ordering::Relaxed);
        watcher.join().expect("watcher")
    });
    assert_eq!(unusable, 0);
}

/// What cannot be read is what takes it all back: it is not written anew.
#[test]
fn a_record_that_cannot_be_read_is_not_overwritten() {
    let sandbox = Sandbox::new().in_world();
    let settings = sandbox.write("project/.vscode/settings.json", "{\"julia.executablePath\": \"/mine\"}\n");
    sandbox.jlproj(["setup", "vscode"]).code(0);
    let folder = fs::read_dir(sandbox.path("store/hosts-v1")).expect("folder").next().expect("one");
    let record = folder.expect("entry").path();
    let good = fs::read_to_string(&record).expect("record");
    let newer = good.replace("\"format\": 1", "\"format\": 2");
    assert_ne!(newer, good);
    for text in [newer.as_str(), &good[..good.len() / 2]] {
        fs::write(&record, text).expect("record");
        for arguments in [&["setup", "vscode"][..], &["setup", "vscode", "--undo"]] {
            sandbox.jlproj(arguments).code(1).stderr_has("error: ");
        }
        assert_eq!(fs::read_to_string(&record).expect("record"), text);
        let told = sandbox.jlproj(["doctor"]);
        told.code(1)
            .stdout_has("wrong setup     `[STORE]/hosts-v1/")
            .stdout_has("→ move it elsewhere, and set up anew");
    }
    fs::write(&record, good).expect("record");
    sandbox.jlproj(["setup", "vscode", "--undo"]).code(0);
    let text = fs::read_to_string(settings).expect("file");
    assert_eq!(text, "{\"julia.executablePath\": \"/mine\"}\n");
}

#[test]
fn a_set_up_that_takes_long_is_waited_for_and_a_start_is_not_in_its_way() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.bashrc", "one\n");
    let path = sandbox.path("store/locks/setup.lock");
    fs::create_dir_all(path.parent().expect("folder")).expect("folder");
    let lock = fs::File::create(&path).expect("lock");
    lock.lock().expect("lock");
    let mut child = beside(&sandbox, "bash");
    // Neither a start nor what only looks waits.
    sandbox.jlproj(["run", "-e", "print(1)"]).code(0).stdout("1");
    sandbox.jlproj(["setup", "shell", "--shell=bash", "--dry-run"]).code(0).stdout_has("edit ");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().expect("child").is_none());
    assert_eq!(fs::read_to_string(sandbox.path("home/.bashrc")).expect("file"), "one\n");
    drop(lock);
    let ran = sandbox.ran("setup shell", &child.wait_with_output().expect("jlproj"));
    ran.code(0).stderr_has("jlproj: waiting for another `jlproj setup`\n").stderr_has("shell is set up");
}
