//! Other people on the machine, and what they can put into a store: an image is code that Julia runs without asking.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::sandbox::Sandbox;
use crate::support::starts::{assert_starts, prepared};

/// A user who is not us.
const STRANGER: u32 = 12345;

fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    if !is_root {
        eprintln!("SKIPPED: what another user puts into a store can be tried by root alone");
    }
    is_root
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
}

/// All that is in a folder, links not followed.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries
        .flat_map(|entry| {
            let is_folder = entry.file_type().expect("type").is_dir();
            let below = if is_folder { all_in(&entry.path()) } else { Vec::new() };
            below.into_iter().chain([entry.path()])
        })
        .collect()
}

/// The command that `run` would become.
fn intended(sandbox: &Sandbox) -> String {
    let ran = sandbox.jlproj(["run", "--dry-run", "-e", "0"]);
    ran.code(0);
    ran.stdout
}

/// A kept verdict names the image. One that somebody else could have written is not read.
#[test]
fn a_verdict_that_a_stranger_planted_is_not_followed() {
    let sandbox = prepared();
    sandbox.jlproj(["build"]).code(0);
    intended(&sandbox);
    let folder = sandbox.path("store/verdicts-v1");
    let verdict = folder.join(&sandbox.names("store/verdicts-v1")[0]);
    let plant = || {
        let mut text: serde_json::Value =
            serde_json::from_slice(&fs::read(&verdict).expect("verdict")).expect("JSON");
        text["files"] = serde_json::json!([]);
        text["listings"] = serde_json::json!([]);
        text["outcome"]["image"] = serde_json::json!(sandbox.path("evil.so"));
        let _ = fs::remove_file(&verdict);
        fs::write(&verdict, text.to_string()).expect("verdict");
        set_mode(&verdict, 0o644);
    };
    fs::write(sandbox.path("evil.so"), "code").expect("image");
    plant();
    // As the user's own it would be: there is no defence against somebody who can write as the user.
    assert!(intended(&sandbox).contains("evil.so"));
    for (place, mode) in
        [(&verdict, 0o646), (&folder, 0o777), (&folder, 0o1777), (&sandbox.path("store"), 0o775)]
    {
        plant();
        let old = fs::metadata(place).expect("place").permissions();
        set_mode(place, mode);
        assert!(!intended(&sandbox).contains("evil.so"), "{} with mode {mode:o}", place.display());
        fs::set_permissions(place, old).expect("chmod");
    }
    if is_root() {
        for place in [&verdict, &folder] {
            plant();
            chown(place, Some(STRANGER), None).expect("chown");
            assert!(!intended(&sandbox).contains("evil.so"), "{}", place.display());
            if place.exists() {
                chown(place, Some(0), None).expect("chown");
            }
        }
    }
}

/// `JLPROJ_HOME` in a folder that everybody writes to, where somebody was faster.
#[test]
fn a_store_that_a_stranger_made_is_not_used() {
    if !is_root() {
        return;
    }
    let mut sandbox = prepared();
    sandbox.jlproj(["build"]).code(0);
    assert_starts(&sandbox, "image", 0);
    fs::create_dir(sandbox.path("tmp/shared")).expect("folder");
    set_mode(&sandbox.path("tmp/shared"), 0o1777);
    let store = sandbox.path("tmp/shared/store");
    fs::rename(sandbox.path("store"), &store).expect("move");
    sandbox.set("JLPROJ_HOME", "tmp/shared/store");
    for mode in [0o755, 0o1777] {
        for path in all_in(&store) {
            chown(path, Some(STRANGER), None).expect("chown");
        }
        chown(&store, Some(STRANGER), None).expect("chown");
        set_mode(&store, mode);
        let ran = assert_starts(&sandbox, "plain", 1);
        let refused = sandbox.jlproj(["build"]);
        refused.code(1).stderr_has("is owned by user 12345, not by you").stderr_has("hint: ");
        refused.stderr_has("JLPROJ_HOME");
        assert!(!refused.stderr.contains("loading packages"), "{refused}{ran}");
        let refused = sandbox.jlproj(["warm"]);
        assert!(refused.code != 0 || refused.stderr.contains("nothing had to be compiled"), "{refused}");
        sandbox.jlproj(["doctor"]).code(1).stdout_has("is owned by user 12345, not by you");
    }
}

/// Whatever the umask is, nobody else can write into the store, or reach what can be written in it.
#[test]
fn a_store_is_closed_to_others_whatever_the_umask() {
    let sandbox = prepared();
    fs::remove_dir_all(sandbox.path("store")).expect("remove");
    let jlproj = sandbox.command(["build"]);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(jlproj.get_program()).args(jlproj.get_args());
    command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    sandbox.run(command.current_dir(sandbox.project())).code(0);
    set_mode(&sandbox.path(""), 0o755);
    let closed = sandbox.path("store/builders-v1");
    assert_eq!(fs::metadata(&closed).expect("folder").mode() & 0o7777, 0o700);
    for path in all_in(&sandbox.path("store")).iter().filter(|path| !path.starts_with(&closed)) {
        let mode = fs::symlink_metadata(path).expect("metadata").mode();
        // A lock that others take makes a build wait, and no more.
        let is_lock = path.starts_with(sandbox.path("store/locks")) && path.is_file();
        assert!(mode & 0o022 == 0 || is_lock, "{} has mode {mode:o}", path.display());
    }
    if is_root() {
        let folders = all_in(&sandbox.path("store")).into_iter().filter(|path| path.is_dir());
        for folder in folders.chain([sandbox.path("store")]) {
            let mut attempt = Command::new("setpriv");
            attempt.args(["--reuid=12345", "--regid=12345", "--clear-groups", "touch"]);
            let attempt = attempt.arg(folder.join("planted")).output().expect("setpriv");
            assert!(!attempt.status.success(), "{} takes files of others", folder.display());
        }
    }
}

/// What is checked at each start is what a stranger could not bring about; what the user's own programs can is found
/// by `doctor --thorough` alone.
#[test]
fn an_image_that_was_swapped_is_found_as_far_as_others_could_do_it() {
    let sandbox = prepared();
    sandbox.jlproj(["build"]).code(0);
    let image = sandbox.only_image();
    let aside = sandbox.path("aside.so");
    let metadata = fs::metadata(&image).expect("image");
    let (modified, size) = (metadata.modified().expect("time"), metadata.len());

    // Another file with the size and the time of the first.
    fs::rename(&image, &aside).expect("away");
    fs::copy(&aside, &image).expect("copy");
    File::options().write(true).open(&image).expect("image").set_modified(modified).expect("time");
    assert_starts(&sandbox, "plain", 1).stderr_has("its file was replaced or written to");
    // A link to one.
    fs::remove_file(&image).expect("remove");
    fs::copy(&aside, sandbox.path("other.so")).expect("copy");
    symlink(sandbox.path("other.so"), &image).expect("link");
    assert_starts(&sandbox, "plain", 1).stderr_has("its file");
    fs::remove_file(&image).expect("remove");
    fs::rename(&aside, &image).expect("back");
    assert_starts(&sandbox, "image", 0);

    // Its folder is a link to a copy.
    let folder = image.parent().expect("folder");
    crate::support::sandbox::copy_folder(folder, &sandbox.path("copy"));
    fs::rename(folder, sandbox.path("kept")).expect("away");
    symlink(sandbox.path("copy"), folder).expect("link");
    assert_starts(&sandbox, "plain", 1).stderr_has("its file was replaced or written to");
    fs::remove_file(folder).expect("link");
    fs::rename(sandbox.path("kept"), folder).expect("back");

    // Written to in place, by the user, who set the time back: the contents alone tell.
    std::thread::sleep(Duration::from_millis(20));
    let file = File::options().write(true).open(&image).expect("image");
    file.set_len(size - 1).expect("size");
    file.set_len(size).expect("size");
    std::os::unix::fs::FileExt::write_all_at(&file, b"?", size - 1).expect("write");
    file.set_modified(modified).expect("time");
    sandbox.jlproj(["status", "--check"]).code(0);
    sandbox.jlproj(["doctor"]).code(0);
    sandbox.jlproj(["doctor", "--thorough"]).code(1).stdout_has("its contents are not what was recorded");
}

/// A sweep removes what builds left, not what a link leads to.
#[test]
fn a_sweep_follows_no_link() {
    let sandbox = prepared();
    let precious = sandbox.write("home/precious/build-abcdef/thesis.txt", "years\n");
    let elsewhere = sandbox.path("home/precious");
    fs::create_dir_all(sandbox.path("store")).expect("store");
    let grow_old = || {
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
        for path in [&elsewhere, &elsewhere.join("build-abcdef"), &precious] {
            File::open(path).expect("file").set_modified(long_ago).expect("time");
        }
    };
    symlink(&elsewhere, sandbox.path("store/tmp")).expect("link");
    grow_old();
    sandbox.jlproj(["gc", "--yes", "--images"]).code(0).stdout("nothing to collect\n");
    sandbox.jlproj(["build"]).code(0);
    assert!(precious.exists());
    fs::remove_file(sandbox.path("store/tmp")).expect("link");

    fs::create_dir(sandbox.path("store/tmp")).expect("folder");
    symlink(elsewhere.join("build-abcdef"), sandbox.path("store/tmp/build-uvwxyz")).expect("link");
    symlink("../home/precious", sandbox.path("store/locks/more")).expect("link");
    let link = sandbox.path("store/tmp/build-uvwxyz");
    let touched = Command::new("touch").args(["-h", "-d", "yesterday"]).arg(link).status().expect("touch");
    assert!(touched.success());
    grow_old();
    sandbox.jlproj(["build", "--force"]).code(0);
    assert!(precious.exists());
    assert_eq!(sandbox.names("store/tmp"), Vec::<String>::new());
}
