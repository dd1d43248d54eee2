//! Sandboxes in which Julia can be started, and what is looked at then.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::world::{self, world};

/// Says under which image Julia runs.
pub const WHICH: &str =
    r#"print(occursin("images-v1", unsafe_string(Base.JLOptions().image_file)) ? "image" : "plain")"#;

/// A sandbox whose Julia has been asked already what it is, and is named by `JLPROJ_JULIA`.
pub fn probed() -> Sandbox {
    static ANSWER: OnceLock<(String, Vec<u8>)> = OnceLock::new();
    let fresh = || Sandbox::new().with("JLPROJ_JULIA", world::julia());
    let (name, contents) = ANSWER.get_or_init(|| {
        let sandbox = fresh();
        sandbox.jlproj(["status"]).code(1);
        let names = sandbox.names("store/julias-v1");
        assert_eq!(names.len(), 1, "{names:?}");
        let path = sandbox.path("store/julias-v1").join(&names[0]);
        (names[0].clone(), fs::read(path).expect("the answer"))
    });
    let sandbox = fresh();
    sandbox.write(Path::new("store/julias-v1").join(name), contents);
    sandbox
}

/// The world's project and the stand-in builder; what Julia said of itself is known already, since hashing
/// its image takes long in a debug build.
pub fn prepared() -> Sandbox {
    let sandbox = Sandbox::new().in_world().with_standin_builder().with("JLPROJ_JULIA", world::julia());
    copy_folder(&world().store().join("julias-v1"), &sandbox.path("store/julias-v1"));
    sandbox
}

/// Runs jlproj with more variables.
pub fn jlproj_with(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    sandbox.run(sandbox.command(arguments).envs(variables.iter().copied()))
}

/// The command that runs another program where jlproj would be run, with the same variables.
pub fn instead<Argument: AsRef<OsStr>>(
    sandbox: &Sandbox,
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = Argument>,
) -> Command {
    let model = sandbox.command([""; 0]);
    let mut command = Command::new(program);
    command.args(arguments).current_dir(sandbox.project()).stdin(Stdio::null()).env_clear();
    command.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Asserts that a start uses an image, or none, and how many lines stderr has.
#[track_caller]
pub fn assert_starts(sandbox: &Sandbox, how: &str, lines: usize) -> Ran {
    let ran = sandbox.jlproj(["run", "--startup-file=no", "-e", WHICH]);
    ran.code(0).stdout(how);
    assert_eq!(ran.stderr.lines().count(), lines, "{ran}");
    ran
}

/// Asserts that nothing of a build is left but its log.
#[track_caller]
pub fn assert_nothing_left(sandbox: &Sandbox) {
    assert_eq!(sandbox.names("store/tmp"), Vec::<String>::new());
    for name in sandbox.names("store/locks") {
        let file = fs::File::open(sandbox.path("store/locks").join(&name)).expect("lock");
        assert!(file.try_lock().is_ok(), "`{name}` is still held");
    }
}

/// The processes that have the sandbox's home.
pub fn processes(sandbox: &Sandbox) -> Vec<String> {
    let home = [b"HOME=", sandbox.path("home").as_os_str().as_bytes(), b"\0"].concat();
    let has_home = |text: Vec<u8>| text.windows(home.len()).any(|part| part == home);
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let own = processes.filter(|entry| fs::read(entry.path().join("environ")).is_ok_and(has_home));
    own.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Waits until nothing of the sandbox runs any more.
#[track_caller]
pub fn wait_for_the_end(sandbox: &Sandbox) {
    let begun = Instant::now();
    while !processes(sandbox).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(180), "still there: {:?}", processes(sandbox));
        std::thread::sleep(Duration::from_millis(100));
    }
}
