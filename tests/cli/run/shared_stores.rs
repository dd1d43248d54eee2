//! Stores of others: their images are used, nothing in them is ever written, and whatever is wrong with them costs nothing.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::starts::{WHICH, assert_starts, prepared};

/// How long ago a change must be for a verdict to be kept.
const NO_LONGER_RACY: Duration = Duration::from_millis(2100);

const RUN: [&str; 5] = ["run", "-v", "--startup-file=no", "-e", WHICH];

/// A second home whose settings name `store` and further ones; `store` has the image of the project.
fn second_home() -> Sandbox {
    let mut sandbox = prepared();
    sandbox.jlproj(["build", "--quiet"]).code(0);
    name_stores(&mut sandbox, &["store"]);
    copy_folder(&sandbox.path("store/julias-v1"), &sandbox.path("home/own/julias-v1"));
    sandbox.set("JLPROJ_HOME", "home/own");
    sandbox
}

fn name_stores(sandbox: &mut Sandbox, stores: &[&str]) {
    let stores: Vec<PathBuf> = stores.iter().map(|store| sandbox.path(store)).collect();
    let config = sandbox.write("config.toml", format!("stores = {stores:?}\n"));
    sandbox.set("JLPROJ_CONFIG", config);
}

/// All that is below a folder, with what would show a write, or an open lock.
fn state(folder: &Path) -> Vec<(PathBuf, u64, i64, i64, u32)> {
    let mut list = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let metadata = fs::symlink_metadata(&path).expect("metadata");
        let times = (metadata.mtime_nsec() + metadata.mtime() * 1_000_000_000, metadata.ctime_nsec());
        list.push((path.clone(), metadata.len(), times.0, times.1, metadata.mode()));
        if metadata.is_dir() {
            list.extend(state(&path));
        }
    }
    list.sort();
    list
}

/// A start is plain, and says why only where it is asked to.
#[track_caller]
fn assert_plain(sandbox: &Sandbox, note: &str) -> Ran {
    let ran = sandbox.jlproj(RUN);
    ran.code(0).stdout("plain").stderr_has(note);
    let quiet =
        sandbox.command(["run", "--startup-file=no", "-e", WHICH]).env_remove("__JLPROJ_READ").output();
    let quiet = sandbox.ran("run", &quiet.expect("jlproj"));
    quiet.code(0).stdout("plain").stderr("");
    ran
}

#[test]
fn a_store_of_others_serves_and_is_never_written() {
    let sandbox = second_home();
    let before = state(&sandbox.path("store"));
    std::thread::sleep(NO_LONGER_RACY);
    for _ in 0..3 {
        assert_starts(&sandbox, "image", 0);
    }
    sandbox.jlproj(RUN).code(0).stderr_has("image [STORE]/images-v1/[KEY]/sys.so (exact)");
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("exact").stdout_has("[STORE]/images-v1/");
    sandbox.jlproj(["which"]).code(0).stdout("[STORE]/images-v1/[KEY]/sys.so\n");
    sandbox.jlproj(["env", "--json"]).code(0).stdout_has("\"sysimage\": \"[STORE]/images-v1/[KEY]/sys.so\"");
    sandbox.jlproj(["list"]).code(0).stdout_has("exact");
    sandbox.jlproj(["doctor"]).stdout_has("1 image of others can be used on this machine");
    sandbox.jlproj(["build"]).code(0).stderr_has("nothing to build");
    sandbox.jlproj(["gc", "--yes", "--older-than", "0d", "--keep-size", "1B"]).code(0);
    sandbox.jlproj(["cache"]).code(0);
    assert_eq!(state(&sandbox.path("store")), before);
    assert_eq!(sandbox.names("home/own/images-v1"), [""; 0]);
    // One of ours counts before it.
    sandbox.jlproj(["build", "--force", "--quiet"]).code(0);
    sandbox.jlproj(["which"]).code(0).stdout("[HOME]/own/images-v1/[KEY]/sys.so\n");
    assert_eq!(state(&sandbox.path("store")), before);
}

/// A copy has other inodes, and may have other times; contents are compared once, and again where the file changed.
#[test]
fn contents_count_and_not_inode_and_time() {
    let sandbox = second_home();
    fs::rename(sandbox.path("store"), sandbox.path("aside")).expect("rename");
    copy_folder(&sandbox.path("aside"), &sandbox.path("store"));
    assert_starts(&sandbox, "image", 0);
    let compared = || sandbox.names("home/own/compared-v1");
    assert_eq!(compared().len(), 1);
    // The owner of a store is told of nothing of it.
    let mut owner = sandbox.command(["status", "--check"]);
    sandbox.run(owner.env("JLPROJ_HOME", sandbox.path("store"))).code(3).stdout_has("replaced or written to");

    let image =
        fs::read_dir(sandbox.path("store/images-v1")).expect("images").next().expect("one").expect("one");
    let image = image.path().join("sys.so");
    let file = fs::File::options().write(true).open(&image).expect("image");
    let modified = file.metadata().expect("metadata").modified().expect("time");
    let middle = file.metadata().expect("metadata").len() / 2;
    std::os::unix::fs::FileExt::write_all_at(&file, b"not what was there", middle).expect("write");
    file.set_modified(modified).expect("time");
    drop(file);
    assert_plain(&sandbox, "its contents are not what was recorded");
    sandbox
        .jlproj(["status", "-v"])
        .code(0)
        .stdout_has("none: no image for this project yet")
        .stdout_has("its contents are not what was recorded");
}

#[test]
fn a_store_at_another_path_is_not_used() {
    let mut sandbox = second_home();
    fs::rename(sandbox.path("store"), sandbox.path("tmp/moved")).expect("rename");
    name_stores(&mut sandbox, &["tmp/moved"]);
    assert_plain(&sandbox, "it was moved: the store must be at the same path everywhere");
}

#[test]
fn a_store_that_is_missing_or_garbage_costs_nothing() {
    let mut sandbox = second_home();
    name_stores(&mut sandbox, &["nowhere", "project/Project.toml", "tmp"]);
    assert_plain(&sandbox, "nowhere`: it is not there, or cannot be read");
    // The good one among them serves all the same.
    name_stores(&mut sandbox, &["nowhere", "project/Project.toml", "store", "tmp"]);
    assert_starts(&sandbox, "image", 0);
    name_stores(&mut sandbox, &["store"]);
    let folder =
        fs::read_dir(sandbox.path("store/images-v1")).expect("images").next().expect("one").expect("one");
    let record = folder.path().join("image.toml");
    let text = fs::read(&record).expect("record");
    for garbage in [&b""[..], b"\0\xff\0", &text[..text.len() / 2]] {
        fs::write(&record, garbage).expect("damage");
        assert_plain(&sandbox, "`image.toml` is damaged");
    }
    let text = String::from_utf8(text).expect("text");
    let time = text.lines().find(|line| line.starts_with("build = ")).expect("a time");
    fs::write(&record, text.replace(time, "build = nan")).expect("damage");
    assert_plain(&sandbox, "`image.toml` is damaged");
    fs::remove_file(&record).expect("remove");
    assert_plain(&sandbox, "its `image.toml` is missing");
    fs::create_dir(&record).expect("folder");
    assert_plain(&sandbox, "not a regular file");
    // Folders that are no images, and names that are none.
    fs::create_dir(sandbox.path("store/images-v1").join("f".repeat(64))).expect("folder");
    fs::write(sandbox.path("store/images-v1/\u{fc}"), "x").expect("file");
    assert_plain(&sandbox, "not a regular file");
    sandbox.jlproj(["doctor"]).stdout_has("note  stores");
}

#[test]
fn what_somebody_else_could_have_changed_is_not_used() {
    const STRANGER: u32 = 12345;
    let sandbox = second_home();
    let store = sandbox.path("store");
    let folder =
        fs::read_dir(store.join("images-v1")).expect("images").next().expect("one").expect("one").path();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
    for path in [
        store.clone(),
        store.join("images-v1"),
        folder.clone(),
        folder.join("sys.so"),
        folder.join("image.toml"),
    ] {
        let old = fs::metadata(&path).expect("path").permissions().mode();
        mode(&path, old | 0o020);
        assert_plain(&sandbox, "can be written by others");
        mode(&path, old);
        assert_starts(&sandbox, "image", 0);
    }
    // Whoever can write the folder above can put another store there.
    let above = sandbox.path("");
    let old = fs::metadata(&above).expect("path").permissions().mode();
    mode(&above, 0o777);
    assert_plain(&sandbox, "can be written by others");
    mode(&above, old);
    // A link inside leads to what was not looked at.
    let image = folder.join("sys.so");
    fs::rename(&image, sandbox.path("aside.so")).expect("aside");
    std::os::unix::fs::symlink(sandbox.path("aside.so"), &image).expect("link");
    assert_plain(&sandbox, "a symbolic link leads to it");
    fs::remove_file(&image).expect("link");
    fs::rename(sandbox.path("aside.so"), &image).expect("back");
    if fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() != 0) {
        eprintln!("SKIPPED: files of another user need root");
        return;
    }
    chown(&image, Some(STRANGER), None).expect("chown");
    assert_plain(&sandbox, "`sys.so` is owned by user 12345");
    chown(&image, Some(0), None).expect("chown");
    // In /tmp whoever comes first has the place.
    chown(&store, Some(STRANGER), None).expect("chown");
    assert_plain(&sandbox, "store `[STORE]`: `/tmp` can be written by others (mode 1777)");
    chown(&store, Some(0), None).expect("chown");
    assert_starts(&sandbox, "image", 0);
}

#[test]
fn only_the_user_names_stores() {
    let sandbox = second_home();
    sandbox.write("project/jlproj.toml", format!("stores = [{:?}]\n", sandbox.path("store")));
    let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
    ran.code(0).stdout("plain").stderr_has("unknown field `stores`");
    fs::remove_file(sandbox.path("project/jlproj.toml")).expect("remove");
    sandbox.write("config.toml", "stores = [\"store\"]\n");
    sandbox.jlproj(["status"]).code(1).stderr_has("`store` in `stores` is not an absolute path");
}

/// A file system in user space whose program reads each request and never answers: whoever asks waits in the kernel,
/// and no signal ends that.
struct DeadMount {
    server: Child,
    folder: PathBuf,
}

impl DeadMount {
    fn new(folder: &Path) -> Option<Self> {
        // Ends by itself: a start that hangs on it fails the test then, by its time.
        const SERVER: &str = r#"
import ctypes, os, signal, struct, sys
signal.alarm(60)
device = os.open("/dev/fuse", os.O_RDWR)
library = ctypes.CDLL(None, use_errno=True)
options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
if library.mount(b"dead", os.fsencode(sys.argv[1]), b"fuse", 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
INIT = 26
while True:
    _, operation, number = struct.unpack_from("IIQ", os.read(device, 1 << 20))
    if operation == INIT:
        version, rest = struct.pack("II", 7, 31), struct.pack("IIHHIIHH8I", 0, 0, 12, 9, 4096, 1, *[0] * 10)
        os.write(device, struct.pack("IiQ", 16 + len(version + rest), 0, number) + version + rest)
"#;
        let mut server = Command::new("python3");
        server.args(["-c", SERVER]).arg(folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().ok()?;
        let mut line = String::new();
        BufReader::new(server.stdout.take()?).read_line(&mut line).ok()?;
        let mount = Self { server, folder: folder.to_owned() };
        (line.trim() == "mounted").then_some(mount)
    }
}

impl Drop for DeadMount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).stderr(Stdio::null()).status();
        // Whoever still waits for it gets an error now.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_store_that_does_not_answer_costs_a_second_a_minute() {
    let mut sandbox = second_home();
    fs::create_dir(sandbox.path("dead")).expect("folder");
    let Some(mount) = DeadMount::new(&sandbox.path("dead")) else {
        eprintln!("SKIPPED: a mount that does not answer needs root, /dev/fuse and python3");
        return;
    };
    name_stores(&mut sandbox, &["dead/store", "store"]);
    let time = |sandbox: &Sandbox| {
        let begun = Instant::now();
        let ran = sandbox.jlproj(RUN);
        // The other store serves meanwhile.
        ran.code(0).stdout("image").stderr_has("dead/store`: it does not answer");
        begun.elapsed()
    };
    let first = time(&sandbox);
    assert!(first < Duration::from_secs(6), "{first:?}");
    std::thread::sleep(NO_LONGER_RACY);
    time(&sandbox);
    // Without Julia, whose start is longer on a busy machine.
    let begun = Instant::now();
    let ran = sandbox.jlproj(["run", "-v", "--dry-run", "-e", "0"]);
    ran.code(0).stderr_has("dead/store`: it does not answer");
    let next = begun.elapsed();
    assert!(next < Duration::from_millis(900), "{next:?}");
    assert_starts(&sandbox, "image", 0);
    sandbox.jlproj(["status", "-v"]).code(0).stdout_has("it does not answer");
    drop(mount);
    // A minute later it is asked again.
    fs::rename(sandbox.path("store"), sandbox.path("aside")).expect("aside");
    sandbox.set("__JLPROJ_NOW", (crate::support::sandbox::NOW + 61).to_string());
    name_stores(&mut sandbox, &["dead/store"]);
    assert_plain(&sandbox, "dead/store`: it is not there, or cannot be read");
}

/// The store fills up with the verdict already kept.
#[test]
fn an_image_that_appears_is_seen_and_one_that_goes_too() {
    let sandbox = second_home();
    fs::rename(sandbox.path("store/images-v1"), sandbox.path("store/aside")).expect("aside");
    std::thread::sleep(NO_LONGER_RACY);
    for _ in 0..2 {
        let ran = sandbox.jlproj(RUN);
        ran.code(0).stdout("plain").stderr_has("no image for this project yet");
    }
    fs::rename(sandbox.path("store/aside"), sandbox.path("store/images-v1")).expect("back");
    assert_starts(&sandbox, "image", 0);
    std::thread::sleep(NO_LONGER_RACY);
    assert_starts(&sandbox, "image", 0);
    assert_starts(&sandbox, "image", 0);
    fs::rename(sandbox.path("store/images-v1"), sandbox.path("store/aside")).expect("aside");
    assert_plain(&sandbox, "no image for this project yet");
}
