//! Damage to the store: Julia always starts, says why it is plain, and a build repairs it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::starts::{WHICH, assert_nothing_left, assert_starts, prepared};
use crate::support::world::world;

/// A user who is not us.
const STRANGER: u32 = 12345;

/// How long ago a change must be for a verdict to be kept.
const NO_LONGER_RACY: Duration = Duration::from_millis(2100);

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Says that a part of a test could not be run here.
#[expect(clippy::print_stderr, reason = "nobody should take it for a success")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// A store with one image, and the means to damage it and to undo that.
struct Damaged {
    sandbox: Sandbox,
    image: PathBuf,
}

impl Damaged {
    fn new() -> Self {
        let sandbox = prepared();
        sandbox.jlproj(["build"]).code(0);
        let image = sandbox.only_image();
        Self { sandbox, image }
    }

    /// A file beside the image.
    fn beside(&self, name: &str) -> PathBuf {
        self.image.with_file_name(name)
    }

    /// Every command tells of the damage that `damage` does; then `undo` makes all as it was.
    #[track_caller]
    fn shows(&self, reason: &str, damage: impl FnOnce(), undo: impl FnOnce()) {
        // The verdict is kept before the damage: it must not outlive it.
        std::thread::sleep(NO_LONGER_RACY);
        assert_starts(&self.sandbox, "image", 0);
        damage();
        self.tells(reason);
        // A build would make it anew.
        let ran = self.sandbox.jlproj(["build", "--dry-run"]);
        ran.code(0).stderr_has("would bake");
        undo();
        assert_starts(&self.sandbox, "image", 0);
    }

    #[track_caller]
    fn tells(&self, reason: &str) {
        let ran = assert_starts(&self.sandbox, "plain", 1);
        ran.stderr_has(reason).stderr_has("; run `jlproj build`");
        self.sandbox.jlproj(["status", "--check"]).code(3).stdout_has(reason);
        let ran = self.sandbox.jlproj(["doctor"]);
        ran.code(1).stdout_has("wrong").stdout_has(reason).stdout_has("→");
    }

    /// As [`Self::shows`], for a file whose contents are replaced.
    #[track_caller]
    fn shows_for_contents(&self, reason: &str, file: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) {
        let path = self.beside(file);
        let contents = fs::read(&path).expect("file");
        self.shows(
            reason,
            || fs::write(&path, change(&contents)).expect("damage"),
            || fs::write(&path, &contents).expect("undo"),
        );
    }

    /// As [`Self::shows`], for a change of mode.
    #[track_caller]
    fn shows_for_mode(&self, path: &Path, mode: u32) {
        let old = fs::metadata(path).expect("path").permissions();
        self.shows(
            &format!("can be written by others (mode {mode:o})"),
            || fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod"),
            || fs::set_permissions(path, old).expect("chmod"),
        );
    }
}

#[test]
fn a_damaged_image_file_is_not_used() {
    let store = Damaged::new();
    let image = &store.image;
    let aside = store.sandbox.path("aside.so");
    let modified = fs::metadata(image).expect("image").modified().expect("time");
    let size = fs::metadata(image).expect("image").len();
    let back = || fs::rename(&aside, image).expect("back");
    let away = || fs::rename(image, &aside).expect("away");
    let write = |path: &Path| File::options().write(true).open(path).expect("image");

    store.shows("its file is missing", away, back);
    store.shows(
        &format!("its file has {} bytes, not the recorded {size}", size / 2),
        || write(image).set_len(size / 2).expect("truncate"),
        || {
            fs::copy(world().image(), image).expect("copy");
            write(image).set_modified(modified).expect("time");
        },
    );
    store.shows(
        "its file was replaced or written to",
        || {
            away();
            let file = File::create(image).expect("file");
            file.set_len(size).expect("size");
            file.set_modified(modified).expect("time");
        },
        back,
    );
    store.shows(
        "its file was replaced or written to",
        || write(image).set_modified(modified + Duration::from_secs(1)).expect("time"),
        || write(image).set_modified(modified).expect("time"),
    );
    store.shows_for_mode(image, 0o664);
    store.shows_for_mode(image.parent().expect("folder"), 0o757);
    store.shows_for_mode(&store.sandbox.path("store/images-v1"), 0o1777);
    store.shows_for_mode(&store.sandbox.path("store"), 0o775);
    if is_root() {
        strangers(&store);
    } else {
        skipped("files of another user can be made by root alone");
    }

    // The longer of the two ways back: the image is made anew, in a store that others could write to.
    fs::set_permissions(store.sandbox.path("store"), Permissions::from_mode(0o775)).expect("chmod");
    fs::remove_file(image).expect("remove");
    store.tells("its file is missing");
    repair(&store.sandbox);
    read_only(&store.sandbox);
}

/// Files of another user.
fn strangers(store: &Damaged) {
    let reason = format!("is owned by user {STRANGER}, not by you");
    let give = |path: &Path, owner: u32| chown(path, Some(owner), None).expect("chown");
    store.shows(&reason, || give(&store.image, STRANGER), || give(&store.image, 0));
    // What is not ours is not repaired but refused, before the build.
    for folder in ["store", "store/images-v1"] {
        let folder = store.sandbox.path(folder);
        give(&folder, STRANGER);
        store.tells(&reason);
        let ran = store.sandbox.jlproj(["build"]);
        ran.code(1).stderr_has(&reason).stderr_has("hint: ").stderr_has("chown");
        assert!(!ran.stderr.contains("loading packages"), "{ran}");
        give(&folder, 0);
        assert_starts(&store.sandbox, "image", 0);
    }
}

/// A build makes the store right, and the next start has an image.
#[track_caller]
fn repair(sandbox: &Sandbox) {
    let ran = sandbox.jlproj(["build"]);
    ran.code(0);
    let started = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
    assert_eq!((started.stdout.as_str(), started.stderr.as_str()), ("image", ""), "{ran}{started}");
    sandbox.jlproj(["status", "--check"]).code(0);
    sandbox.jlproj(["doctor"]).code(0);
    assert_eq!(sandbox.names("store/images-v1").len(), 1);
    assert_nothing_left(sandbox);
}

#[test]
fn a_damaged_record_is_not_believed() {
    let store = Damaged::new();
    let half = |contents: &[u8]| contents[..contents.len() / 2].to_vec();
    store.shows_for_contents("its record `image.toml` is damaged", "image.toml", half);
    store.shows_for_contents("its record `image.toml` is damaged", "image.toml", |_| Vec::new());
    store.shows_for_contents("its `image.toml` is damaged", "image.toml", |_| vec![0xff; 100]);
    store.shows_for_contents("it was made by a newer jlproj", "image.toml", |contents| {
        String::from_utf8_lossy(contents).replace("format = 1", "format = 2").into_bytes()
    });
    store.shows_for_contents("its record does not belong to its key", "inputs.json", half);
    store.shows_for_contents("its record does not belong to its key", "inputs.json", |contents| {
        String::from_utf8_lossy(contents).replace("1.0.0", "1.0.9").into_bytes()
    });
    for name in ["image.toml", "inputs.json"] {
        let (path, aside) = (store.beside(name), store.sandbox.path("aside"));
        store.shows(
            &format!("its `{name}` is missing"),
            || fs::rename(&path, &aside).expect("away"),
            || fs::rename(&aside, &path).expect("back"),
        );
    }
    let text = fs::read(store.beside("image.toml")).expect("record");
    fs::write(store.beside("image.toml"), half(&text)).expect("damage");
    store.tells("its record `image.toml` is damaged");
    repair(&store.sandbox);
}

/// Runs a shell script in name spaces of its own, where it can mount; `$1` and on are the words of a jlproj
/// command. `None`, loudly, where that is not possible.
fn in_own_mounts(sandbox: &Sandbox, script: &str, arguments: &[&str]) -> Option<Ran> {
    let flags = if is_root() { "-m" } else { "-rm" };
    let tried = Command::new("unshare")
        .args([flags, "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        skipped("this machine does not let us mount");
        return None;
    }
    let mut command = Command::new("unshare");
    let jlproj = sandbox.command(arguments);
    command.args([flags, "sh", "-c", script, "sh"]).arg(jlproj.get_program()).args(jlproj.get_args());
    command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(sandbox.project()).stdin(Stdio::null());
    Some(sandbox.run(&mut command))
}

/// An image in a store that cannot be written to is used all the same.
fn read_only(sandbox: &Sandbox) {
    let script = r#"mount --bind "$JLPROJ_HOME" "$JLPROJ_HOME" &&
        mount -o remount,bind,ro "$JLPROJ_HOME" && exec "$@""#;
    let Some(ran) = in_own_mounts(sandbox, script, &["run", "--startup-file=no", "-e", WHICH]) else {
        return;
    };
    ran.code(0).stdout("image").stderr("");
    let doctor = in_own_mounts(sandbox, script, &["doctor"]).expect("mounts");
    doctor.code(0).stdout_has("cannot be written").stdout_has("Read-only file system");
    let build = in_own_mounts(sandbox, script, &["build", "--force"]).expect("mounts");
    build.code(1).stderr_has("cannot be written").stderr_has("Read-only file system");
    assert!(!build.stderr.contains("loading packages"), "{build}");
    assert_starts(sandbox, "image", 0);
}

#[test]
fn a_store_that_cannot_be_made_stops_builds_and_no_start() {
    let mut sandbox = prepared();
    let file = sandbox.write("file", "not a folder\n");
    for store in [PathBuf::from("/dev/null/store"), file] {
        sandbox.set("JLPROJ_HOME", store.clone());
        let ran = sandbox.jlproj(["run", "-q", "--startup-file=no", "-e", WHICH]);
        ran.code(0).stdout("plain");
        // What cannot be told once a day is not told at every start.
        assert!(ran.stderr.lines().count() <= 1, "{ran}");
        let ran = sandbox.jlproj(["build"]);
        ran.code(1).stderr_has("cannot be written").stderr_has("hint: set JLPROJ_HOME to another folder");
        assert!(!ran.stderr.contains("not enough room"), "{ran}");
    }
    let ran = sandbox.jlproj(["doctor"]);
    ran.stdout_has("cannot be written").stdout_has("set JLPROJ_HOME to another folder");
    assert_eq!(fs::read(sandbox.path("file")).expect("file"), b"not a folder\n");
}

#[test]
fn a_full_disk_stops_builds_and_no_start() {
    let sandbox = prepared();
    let little = r#"cp -r "$JLPROJ_HOME/julias-v1" "$TMPDIR" &&
        mount -t tmpfs -o size=4m tmpfs "$JLPROJ_HOME" && cp -r "$TMPDIR/julias-v1" "$JLPROJ_HOME" &&
        { [ "$2" = build ] || cat /dev/zero >"$JLPROJ_HOME/zeros" 2>/dev/null; "$@"; }"#;
    if let Some(ran) = in_own_mounts(&sandbox, little, &["build"]) {
        ran.code(1).stderr_has("error: not enough room in `[STORE]`").stderr_has("hint: free some space");
        let ran = in_own_mounts(&sandbox, little, &["run", "--startup-file=no", "-e", WHICH]);
        let ran = ran.expect("mounts");
        ran.code(0).stdout("plain");
        assert!(ran.stderr.lines().count() <= 1, "{ran}");
        disk_that_fills_up(&sandbox);
        let script = r#"mount -t tmpfs -o size=4m tmpfs "$TMPDIR" && exec "$@""#;
        let ran = in_own_mounts(&sandbox, script, &["build", "--builder=packagecompiler"]).expect("mounts");
        ran.code(1)
            .stderr_has("error: not enough room in `")
            .stderr_has("set TMPDIR to a folder on another disk");
    }
}

/// There is enough room when the build begins; then somebody else takes it.
fn disk_that_fills_up(sandbox: &Sandbox) {
    let script = r#"mount -t tmpfs -o size=1g tmpfs "$JLPROJ_HOME" && cp -r "$TMPDIR/julias-v1" "$JLPROJ_HOME"
        export JLPROJ_STANDIN_SLEEP=5.4322
        "$@" & build=$!
        while kill -0 $build 2>/dev/null && ! ls "$JLPROJ_HOME"/tmp/*/packagecompiler.request.toml >/dev/null 2>&1
        do sleep 0.1; done
        cat /dev/zero >"$JLPROJ_HOME/zeros" 2>/dev/null
        wait $build; code=$?
        ls "$JLPROJ_HOME/tmp" "$JLPROJ_HOME"/images-v1 2>/dev/null | grep -v : | grep .
        unset JLPROJ_STANDIN_SLEEP
        "$1" run --startup-file=no -e 'print(1)'
        exit $code"#;
    let ran = in_own_mounts(sandbox, script, &["build"]).expect("mounts");
    ran.code(1).stdout("1").stderr_has("not enough room in `[STORE]`").stderr_has("hint: free some space");
}

/// A limit of the size of files is a full disk that comes with a signal.
#[test]
fn a_limit_of_file_size_stops_builds_and_no_start() {
    let sandbox = prepared();
    let limited = |limit: &str, arguments: &[&str]| {
        let jlproj = sandbox.command(arguments);
        let mut command = Command::new("prlimit");
        command.arg(format!("--fsize={limit}")).arg(jlproj.get_program()).args(jlproj.get_args());
        command.env_clear().envs(jlproj.get_envs().filter_map(|(name, value)| Some((name, value?))));
        sandbox.run(command.current_dir(sandbox.project()).stdin(Stdio::null()))
    };
    // Enough for caches and records, too little for an image.
    let ran = limited("50000000", &["build"]);
    ran.code(1).stderr_has("error: the image was not built");
    assert_eq!(sandbox.names("store/images-v1"), Vec::<String>::new());
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "plain", 1);
    let ran = limited("0", &["run", "--startup-file=no", "-e", WHICH]);
    ran.code(0).stdout("plain");
    let ran = limited("0", &["build"]);
    ran.code(1).stderr_has("error: ");
    assert_nothing_left(&sandbox);
}

/// A backup, or a move of the home folder to another disk, changes times and inodes, and nothing else.
#[test]
fn an_image_that_came_back_unchanged_is_in_force_after_a_build_that_builds_nothing() {
    let mut sandbox = prepared();
    sandbox.set("JLPROJ_STANDIN_LOG", sandbox.path("calls"));
    sandbox.jlproj(["build"]).code(0);
    let image = sandbox.only_image();
    let bring_back = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut contents = fs::read(&image).expect("image");
        change(&mut contents);
        fs::remove_file(&image).expect("remove");
        fs::write(&image, contents).expect("write");
    };
    let builds = || {
        let calls = fs::read_to_string(sandbox.path("calls")).expect("calls");
        calls.lines().filter(|line| line.starts_with("packages ")).count()
    };
    bring_back(&|_| {});
    assert_starts(&sandbox, "plain", 1).stderr_has("its file was replaced or written to; run `jlproj build`");
    let build = sandbox.jlproj(["build"]);
    build.code(0).stderr_has("1 image file came back with the recorded contents\n");
    build.stderr_has("the image is up to date, nothing to build");
    assert_eq!(builds(), 1, "{build}");
    assert_starts(&sandbox, "image", 0);
    // What is not the same is built again; so is what a link leads to.
    bring_back(&|contents| *contents.last_mut().expect("a byte") ^= 1);
    let build = sandbox.jlproj(["build"]);
    assert!(!build.code(0).stderr.contains("came back"), "{build}");
    assert_eq!(builds(), 2, "{build}");
    fs::copy(&image, sandbox.path("elsewhere.so")).expect("away");
    fs::remove_file(&image).expect("remove");
    std::os::unix::fs::symlink(sandbox.path("elsewhere.so"), &image).expect("link");
    let build = sandbox.jlproj(["build"]);
    assert!(!build.code(0).stderr.contains("came back"), "{build}");
    assert_eq!(builds(), 3, "{build}");
    assert_starts(&sandbox, "image", 0);
}
