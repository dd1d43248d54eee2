//! Builds through a runner, under a real Slurm of one node that each test starts and stops.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Ran, Sandbox};
use crate::support::starts::{WHICH, assert_nothing_left, assert_starts, prepared};
use crate::support::world;

/// One cluster at a time: each says that it has all the processors.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The folder of the programs, and that of the plugins where they are not in their usual place.
fn programs() -> Option<(PathBuf, Option<PathBuf>)> {
    let cache = |name: &str, below: &str| std::env::var_os(name).map(|folder| Path::new(&folder).join(below));
    let folder = std::env::var_os("JLPROJ_TEST_SLURM").map(PathBuf::from).or_else(|| {
        let cache = cache("JLPROJ_TEST_CACHE", "slurm")
            .or_else(|| cache("XDG_CACHE_HOME", "jlproj-tests/slurm"))
            .or_else(|| cache("HOME", ".cache/jlproj-tests/slurm"));
        cache.filter(|folder| folder.join("bin/slurmd").exists())
    });
    if let Some(folder) = folder {
        return Some((folder.join("bin"), Some(folder.join("plugins"))));
    }
    Path::new("/usr/sbin/slurmctld").exists().then(|| (PathBuf::from("/usr/bin"), None))
}

/// A cluster of one node, which is this machine.
struct Cluster {
    folder: tempfile::TempDir,
    bin: PathBuf,
    daemons: Vec<Child>,
    _alone: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Starts one; says so and returns nothing where there is no Slurm.
    fn start() -> Option<Self> {
        let Some((bin, plugins)) = programs() else {
            eprintln!("SKIPPED: no Slurm here; `tests/get-slurm.sh` gets it");
            return None;
        };
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::Builder::new().prefix("jlproj-slurm-").tempdir().expect("temporary folder");
        let output = |program: &str, argument: &[&str]| {
            let output = Command::new(program).args(argument).output().expect("it starts");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let (host, user) = (output("hostname", &[]), output("id", &["-un"]));
        // Both are free now; nobody else is likely to take them meanwhile.
        let ports = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"));
        let ports = ports.map(|listener| listener.local_addr().expect("address").port());
        for name in ["state", "spool"] {
            fs::create_dir(folder.path().join(name)).expect("folder");
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut settings = vec![
            "ClusterName=jlproj".to_owned(),
            format!("SlurmctldHost={host}(127.0.0.1)"),
            format!("SlurmUser={user}"),
            format!("SlurmdUser={user}"),
            "AuthType=auth/none".to_owned(),
            "CredType=cred/none".to_owned(),
            format!("StateSaveLocation={}", at("state")),
            format!("SlurmdSpoolDir={}", at("spool")),
            format!("SlurmctldPidFile={}", at("slurmctld.pid")),
            format!("SlurmdPidFile={}", at("slurmd.pid")),
            format!("SlurmctldLogFile={}", at("slurmctld.log")),
            format!("SlurmdLogFile={}", at("slurmd.log")),
            format!("SlurmctldPort={}", ports[0]),
            format!("SlurmdPort={}", ports[1]),
            "ProctrackType=proctrack/linuxproc".to_owned(),
            "TaskPlugin=task/none".to_owned(),
            "SwitchType=switch/none".to_owned(),
            "MpiDefault=none".to_owned(),
            "SelectType=select/cons_tres".to_owned(),
            "SelectTypeParameters=CR_Core".to_owned(),
            "JobAcctGatherType=jobacct_gather/none".to_owned(),
            "AccountingStorageType=accounting_storage/none".to_owned(),
            "ReturnToService=2".to_owned(),
            "KillWait=5".to_owned(),
            "MailProg=/bin/true".to_owned(),
            format!("NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000 State=UNKNOWN"),
            format!("PartitionName=debug Nodes={host} Default=YES MaxTime=INFINITE State=UP"),
        ];
        settings.extend(plugins.map(|folder| format!("PluginDir={}", folder.display())));
        fs::write(folder.path().join("slurm.conf"), settings.join("\n") + "\n").expect("slurm.conf");
        let mut cluster = Self { folder, bin, daemons: Vec::new(), _alone: alone };
        cluster.daemon("slurmctld", &["-D"]);
        let stepd = cluster.program("slurmstepd").display().to_string();
        cluster.daemon("slurmd", &["-D", "-N", &host, "-d", &stepd]);
        let begun = Instant::now();
        while !cluster.ask("sinfo", &["--noheader", "--format=%T"]).contains("idle") {
            assert!(begun.elapsed() < Duration::from_secs(60), "Slurm does not start: {}", cluster.logs());
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(cluster)
    }

    fn program(&self, name: &str) -> PathBuf {
        let path = self.bin.join(name);
        if path.exists() { path } else { Path::new("/usr/sbin").join(name) }
    }

    fn daemon(&mut self, name: &str, arguments: &[&str]) {
        let mut command = Command::new(self.program(name));
        command.args(arguments).env("SLURM_CONF", self.configuration());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.daemons.push(command.spawn().expect("a daemon"));
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("slurm.conf")
    }

    fn ask(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.program(name));
        let output = command.args(arguments).env("SLURM_CONF", self.configuration()).output().expect(name);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn logs(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{}\n{}", read("slurmctld.log"), read("slurmd.log"))
    }

    /// A project with the stand-in builder, in the reach of the cluster.
    fn sandbox(&self) -> Sandbox {
        let sandbox = prepared();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jlproj"), sandbox.path("bin/jlproj")).expect("link");
        let path = format!("{}:{}:/usr/bin:/bin", sandbox.path("bin").display(), self.bin.display());
        let log = sandbox.path("calls");
        sandbox.with("PATH", path).with("SLURM_CONF", self.configuration()).with("JLPROJ_STANDIN_LOG", log)
    }

    /// Waits until no job is left.
    #[track_caller]
    fn wait_until_idle(&self) {
        let begun = Instant::now();
        while !self.ask("squeue", &["--noheader"]).trim().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "a job is left: {}", self.logs());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10) && matches!(daemon.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// The numbers of the jobs in which the builder was called.
fn jobs(sandbox: &Sandbox) -> Vec<String> {
    let calls = fs::read_to_string(sandbox.path("calls")).unwrap_or_default();
    calls.lines().filter_map(|line| line.strip_prefix("slurm job ")).map(str::to_owned).collect()
}

#[test]
fn code_is_generated_and_tried_on_a_compute_node() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = cluster.sandbox();
    let ran = sandbox.jlproj(["build", "--verbose", "--runner", "srun --mem=1G --comment='a b'"]);
    ran.code(0).stderr_has("srun --mem=1G '--comment=a b' env ");
    let jobs = jobs(&sandbox);
    assert!(jobs.len() == 1 && jobs[0].parse::<u32>().is_ok(), "{jobs:?}");
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "image", 0);
    sandbox.jlproj(["status", "--check"]).code(0).stdout_has("exact");
    let log = sandbox.jlproj(["log"]);
    let launched =
        |script: &str| log.stdout.lines().any(|line| line.starts_with("$ srun ") && line.contains(script));
    for script in ["/import.jl", "/packagecompiler.jl", "/verify.jl"] {
        assert!(launched(script), "{script}: {log}");
    }
    sandbox.jlproj(["build", "--runner", "srun --mem=1G"]).code(0).stderr_has("nothing to build");
    cluster.wait_until_idle();
}

/// `native` is the processor of the node, whatever the one here is.
#[test]
fn a_native_image_is_for_the_node_that_built_it() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = cluster.sandbox();
    let other =
        "GenuineIntel family 6 model 42 00000001 00000000 00000000 00000000 00000000 00000000 00000000";
    let here = |arguments: &[&str]| sandbox.run(sandbox.command(arguments).env("__JLPROJ_PROCESSOR", other));
    let runner = ["build", "--quiet", "--runner", "srun env -u __JLPROJ_PROCESSOR"];
    here(&runner).code(0).stderr("");
    let run = ["run", "--startup-file=no", "-e", WHICH];
    here(&run).code(0).stdout("plain").stderr_has("→ native GenuineIntel family 6 model 42");
    assert_starts(&sandbox, "image", 0);
    // It is there already, for that node.
    here(&["build", "--runner", "srun env -u __JLPROJ_PROCESSOR"]).code(0).stderr_has("nothing to build");
    // What is for every processor needs no question, and no node to answer it.
    here(&["build", "--dry-run", "--runner", "/nowhere", "--cpu-target", "portable"]).code(0);
}

#[test]
fn failures_are_told_as_without_a_runner() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = cluster.sandbox();
    let ran = sandbox.jlproj(["build", "--runner", "srun --mem=100G"]);
    ran.code(1).stderr_has("error: `srun --mem=100G` did not start jlproj where it is to build");
    ran.stderr_has("srun: error: ").stderr_has("hint: see whether `srun --mem=100G jlproj --version` works");
    let ran = sandbox.jlproj(["build", "--runner", "/no/such/runner"]);
    ran.code(1).stderr_has("`/no/such/runner` did not start jlproj").stderr_has("No such file");
    sandbox.jlproj(["build", "--runner", "srun '"]).code(1).stderr_has("a quote in `runner` is not closed");
    sandbox.write("config.toml", "runner = \"srun --mem=1G\"\ncpu_target = \"portable\"\n");
    let mut build = sandbox.command(["build"]);
    build.env("JLPROJ_CONFIG", sandbox.path("config.toml")).env("JLPROJ_STANDIN_FAIL", "the moon is full");
    let ran = sandbox.run(&mut build);
    ran.code(1).stderr_has("PackageCompiler failed").stderr_has("the moon is full");
    assert_eq!(jobs(&sandbox).len(), 1);
    sandbox.jlproj(["log"]).code(0).stdout_has("[ Info: PackageCompiler: creating system image");
    // A repository that is cloned starts nothing.
    sandbox.write("project/jlproj.toml", "runner = \"touch x\"\n");
    sandbox.jlproj(["build"]).code(1).stderr_has("unknown field `runner`");
    assert_nothing_left(&sandbox);
    cluster.wait_until_idle();
}

/// The processes that sleep so long.
fn sleepers(seconds: &str) -> usize {
    let command_line = format!("sleep\0{seconds}\0");
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let is_one = |text: Vec<u8>| text == command_line.as_bytes();
    processes.filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(is_one)).count()
}

#[track_caller]
fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_interrupted_build_ends_on_the_node_too() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = cluster.sandbox();
    for (signal, seconds, code) in [("-INT", "641.4321", 130), ("-KILL", "642.4321", 137)] {
        let mut command = sandbox.command(["build", "--runner", "srun --mem=1G"]);
        command.env("JLPROJ_STANDIN_SLEEP", seconds).stdout(Stdio::piped()).stderr(Stdio::piped());
        let build = command.spawn().expect("jlproj");
        wait_for("the builder", || sleepers(seconds) > 0);
        Command::new("kill").args([signal, &build.id().to_string()]).status().expect("kill");
        let ran: Ran = sandbox.ran(signal, &build.wait_with_output().expect("jlproj"));
        ran.code(code);
        wait_for("the builder's end", || sleepers(seconds) == 0);
        cluster.wait_until_idle();
        assert_eq!(sandbox.names("store/images-v1"), [""; 0]);
    }
    // What the one that was killed left is swept by the next.
    let ran = sandbox.jlproj(["build", "--runner", "srun --mem=1G"]);
    ran.code(0).stderr_has("removed what 1 earlier build had left");
    assert_nothing_left(&sandbox);
    assert_starts(&sandbox, "image", 0);
}

/// The batch script of the example: both tasks start at once.
#[test]
fn of_the_tasks_of_an_array_one_builds() {
    let Some(cluster) = Cluster::start() else { return };
    let sandbox = cluster.sandbox();
    let script = world::repository().join("examples/slurm/array.sh");
    sandbox.write("project/script.jl", format!("println(ARGS)\n{WHICH}\n"));
    let mut submit = sandbox.command([""; 0]);
    let environment: Vec<_> =
        submit.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    submit = Command::new(cluster.program("sbatch"));
    submit.env_clear().envs(environment.into_iter().filter_map(|(name, value)| Some((name, value?))));
    submit.env("JLPROJ_STANDIN_SLEEP", "8").current_dir(sandbox.project()).stdin(Stdio::null());
    submit.args(["--wait", "--array=1-2", "--mem=1G", "--output=%a.out"]).arg(script).arg("script.jl");
    sandbox.run(&mut submit).code(0).stdout_has("Submitted batch job");
    let outputs = ["1.out", "2.out"]
        .map(|name| fs::read_to_string(sandbox.project().join(name)).expect("output of a task"));
    for (output, task) in outputs.iter().zip(["1", "2"]) {
        assert!(
            output.contains(&format!("[\"{task}\"]")) && output.ends_with("image"),
            "{output}\n{}",
            cluster.logs()
        );
    }
    let waited = outputs.iter().filter(|output| output.contains("another process has just built this image"));
    assert_eq!(waited.count(), 1, "{outputs:?}");
    assert_eq!(jobs(&sandbox).len(), 1, "{outputs:?}");
    assert_nothing_left(&sandbox);
}
