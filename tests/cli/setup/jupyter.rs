//! Jupyter: a kernel that a real `jupyter_client` finds, starts, interrupts and stops.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::host_programs;
use crate::support::hosts::{jlproj, program, sandbox, there_and_back, with_image};
use crate::support::sandbox::{Ran, Sandbox};
use crate::support::world;

/// A package of the name and UUID of IJulia that writes down what it got, instead of answering on sockets.
const STANDIN: &str = r#"
module IJulia
function run_kernel()
    Base.exit_on_sigint(false)
    image = unsafe_string(Base.JLOptions().image_file)
    connection = read(ARGS[1], String)
    isinteractive() && occursin("shell_port", connection) && length(ARGS) == 1 || error("not started as a kernel")
    report(join([image, Base.active_project(), get(ENV, "JULIA_DEPOT_PATH", ""), getpid()], "\n"))
    # At work: while this Julia waits for something, an interrupt ends it.
    stop = time() + 60
    try
        while time() < stop
            GC.safepoint()
        end
    catch error
        error isa InterruptException || rethrow()
        open(io -> print(io, "\ninterrupted"), ENV["REPORT"], "a")
    end
    sleep(60)
end
function report(text)
    part = ENV["REPORT"] * ".part"
    write(part, text)
    mv(part, ENV["REPORT"])
end
end
"#;

/// Starts the kernel, waits for what it writes, interrupts it, waits again, stops it; prints its process and the report.
const DRIVE: &str = r#"
import os, sys, time
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
assert KernelSpecManager().get_kernel_spec(sys.argv[1]).language == "julia"
manager = KernelManager(kernel_name=sys.argv[1])
manager.start_kernel()
report = os.environ["REPORT"]
def wait(done):
    end = time.time() + 50
    while not done():
        assert time.time() < end and manager.is_alive(), "the kernel did not report"
        time.sleep(0.05)
try:
    wait(lambda: os.path.exists(report))
    manager.interrupt_kernel()
    wait(lambda: "interrupted" in open(report).read())
    print(manager.provisioner.pid)
    print(open(report).read())
finally:
    manager.shutdown_kernel(now=True)
"#;

fn add_standin(sandbox: &Sandbox, project: &Path) {
    let folder = sandbox.path("IJulia");
    sandbox.write("IJulia/src/IJulia.jl", STANDIN);
    let uuid = "7073ff75-c697-5162-941a-fcdaad2a7d2a";
    sandbox.write(
        "IJulia/Project.toml",
        format!("name = \"IJulia\"\nuuid = \"{uuid}\"\nversion = \"1.99.0\"\n"),
    );
    let mut text = fs::read_to_string(project.join("Project.toml")).expect("project");
    text = text.replace("[deps]\n", &format!("[deps]\nIJulia = \"{uuid}\"\n"));
    fs::write(project.join("Project.toml"), text).expect("project");
    let entry = format!(
        "\n{}\npath = \"{}\"\nuuid = \"{uuid}\"\nversion = \"1.99.0\"\n",
        world::manifest_entry("IJulia"),
        folder.display()
    );
    let mut text = fs::read_to_string(project.join("Manifest.toml")).expect("manifest");
    text.push_str(&entry);
    fs::write(project.join("Manifest.toml"), text).expect("manifest");
}

/// What the kernel reports: its process twice, image, project, depots.
fn drive(sandbox: &Sandbox, python: &Path, folder: &Path, kernel: &str) -> Ran {
    let report = sandbox.path("tmp/report");
    let _ = fs::remove_file(&report);
    let mut command = program(sandbox, python, folder);
    sandbox.run(command.args(["-c", DRIVE, kernel]).env("REPORT", &report))
}

fn tools() -> Option<(PathBuf, PathBuf)> {
    Some((
        host_programs::program("python-jupyter/bin/python")?,
        host_programs::program("python-jupyter/bin/jupyter-kernelspec")?,
    ))
}

#[test]
fn a_kernel_is_found_started_interrupted_and_taken_back() {
    let Some((python, kernelspec)) = tools() else { return };
    let (mut sandbox, project) = with_image();
    add_standin(&sandbox, &project);
    sandbox.set("JUPYTER_DATA_DIR", sandbox.path("home/jupyter"));
    sandbox.set("JUPYTER_RUNTIME_DIR", sandbox.path("tmp/runtime"));
    let kernel = &format!("jlproj-it-s-a-home-zo-{}", &world::release()[1..]);
    let elsewhere = sandbox.path("home");
    let image = sandbox.redact(&sandbox.only_image().display().to_string());
    let file = sandbox.redact(&project.join("Project.toml").display().to_string());
    let depots = sandbox.redact(&crate::support::world::world().depot().display().to_string());
    there_and_back(&sandbox, &project, &["jupyter"], || {
        let list = sandbox.run(program(&sandbox, &kernelspec, &elsewhere).args(["list", "--json"]));
        let list: serde_json::Value = serde_json::from_str(&list.code(0).stdout).expect("JSON");
        let spec = &list["kernelspecs"][kernel]["spec"];
        assert_eq!(
            spec["display_name"],
            format!("Julia {} (it's a \"$HOME\" zoë, jlproj)", &world::release()[1..]),
            "{list}"
        );
        assert_eq!(spec["metadata"]["jlproj"]["managed"], true);
        let told = |ran: &Ran| {
            let text = ran.code(0).stdout.clone();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            assert_eq!(lines.len(), 6, "{ran}");
            // The process that Jupyter started is Julia itself.
            assert_eq!((&lines[0], lines[5].as_str()), (&lines[4], "interrupted"), "{ran}");
            lines
        };
        let lines = told(&drive(&sandbox, &python, &elsewhere, kernel));
        assert_eq!(lines[1..4], [image.clone(), file.clone(), depots.clone()]);
        fs::remove_dir_all(sandbox.path("store/images-v1")).expect("remove");
        let lines = told(&drive(&sandbox, &python, &elsewhere, kernel));
        assert_ne!(lines[1], image);
        assert_eq!(lines[2], file);
    });
}

#[test]
fn a_kernel_goes_where_it_is_told_and_hits_no_other() {
    let Some((_, kernelspec)) = tools() else { return };
    let (mut sandbox, project) = sandbox();
    sandbox.set("JUPYTER_DATA_DIR", sandbox.path("home/jupyter"));
    let other = sandbox.project();
    let named = ["setup", "jupyter", "--name", "mine"];
    jlproj(&sandbox, &other, &named).code(0).stderr_has(&format!("the kernel is `mine`: Julia {} (project, jlproj)\n", &world::release()[1..])).stderr_has(
        "IJulia is not in the project: it has to be in the default environment, or the kernel does not start\n",
    );
    jlproj(&sandbox, &project, &named)
        .code(1)
        .stderr_has("the kernel `mine` is that of `[PROJECT]`")
        .stderr_has("hint: give this one another name: `--name NAME`");
    jlproj(&sandbox, &project, &["setup", "jupyter", "--name", "A b"]).code(2);
    // Somebody else's.
    sandbox.write("home/jupyter/kernels/theirs/kernel.json", "{}");
    jlproj(&sandbox, &project, &["setup", "jupyter", "--name", "theirs"])
        .code(1)
        .stderr_has("kernel.json` is there already, and not jlproj's");
    assert_eq!(sandbox.names("home/jupyter/kernels/theirs"), ["kernel.json"]);
    // Removed by Jupyter: told, and made again.
    let removed = sandbox.run(program(&sandbox, &kernelspec, &other).args(["remove", "-f", "mine"]));
    removed.code(0);
    assert_eq!(sandbox.names("home/jupyter/kernels"), ["theirs"]);
    jlproj(&sandbox, &other, &["setup", "jupyter", "--check"]).code(1).stdout_has("would write");
    jlproj(&sandbox, &other, &named).code(0);
    assert_eq!(sandbox.names("home/jupyter/kernels"), ["mine", "theirs"]);
    jlproj(&sandbox, &other, &["setup", "jupyter", "--undo"]).code(0);
    assert_eq!(sandbox.names("home/jupyter/kernels"), ["theirs"]);
    // Into an environment.
    fs::create_dir(sandbox.path("venv")).expect("folder");
    let venv = sandbox.path("venv").display().to_string();
    there_and_back(&sandbox, &project, &["jupyter", "--prefix", &venv], || {
        assert_eq!(
            sandbox.names("venv/share/jupyter/kernels"),
            [format!("jlproj-it-s-a-home-zo-{}", &world::release()[1..])]
        );
    });
    // The project is gone: it is still taken back.
    jlproj(&sandbox, &other, &named).code(0);
    let place = other.display().to_string();
    fs::remove_dir_all(&other).expect("remove");
    jlproj(&sandbox, &project, &["setup", "jupyter", "--undo", "--project", &place]).code(0);
    assert_eq!(sandbox.names("home/jupyter/kernels"), ["theirs"]);
}
