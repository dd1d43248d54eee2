//! The direct builder: Julia and a linker, nothing else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::julia::builder::{BuildError, Job};
use crate::julia::exchange::{self, ExchangeError, PackageRequest};
use crate::julia::log_text::{generator_error, last_error};
use crate::julia::stage::Stage;
use crate::julia::{linker, process};
use crate::platform;
use crate::template::Template;

/// Request to `direct.jl`.
#[derive(Serialize)]
struct Request {
    load_path: Vec<String>,
    depots: Vec<String>,
    statements: Vec<String>,
    packages: Vec<PackageRequest>,
}

/// Answer of `direct.jl`.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    packages: Vec<LoadedFrom>,
}

#[derive(Debug, Deserialize)]
struct LoadedFrom {
    #[expect(dead_code, reason = "read so that an answer without it is refused")]
    name: String,
}

/// Makes the image of the job.
///
/// # Errors
/// Where a step fails or we are interrupted.
pub(crate) fn direct(job: &Job<'_>, depots: &[PathBuf]) -> Result<(), BuildError> {
    job.watcher.stage(Stage::Compile);
    let archive = job.folder.join("sys-o.a");
    generate_code(job, depots, &archive)?;
    job.watcher.stage(Stage::Link);
    link(job, &archive)
}

/// Has Julia load the packages and write native code for everything in its memory.
fn generate_code(job: &Job<'_>, depots: &[PathBuf], archive: &Path) -> Result<(), BuildError> {
    let texts =
        |paths: &[PathBuf]| paths.iter().map(|path| exchange::text_of(path)).collect::<Result<_, _>>();
    let request = Request {
        load_path: vec![load_project(job)?, "@stdlib".to_owned()],
        depots: texts(depots)?,
        statements: texts(job.statements)?,
        packages: job.packages.to_vec(),
    };
    let request = exchange::write_request(job.folder, "direct", &request)?;
    let result = job.folder.join("direct.result.toml");
    let mut invocation = job
        .generating_julia()
        .option("--sysimage", job.julia.default_image.as_os_str())
        .option("--cpu-target", job.cpu_target)
        .option("--output-o", archive);
    if job.julia.has_package_images() {
        invocation = invocation.argument("--pkgimages=no").argument("--threads=1");
    }
    invocation.arguments.extend(job.arguments.iter().map(OsString::from));
    let invocation = invocation
        .argument(job.script(Template::Direct))
        .set("JLPROJ_REQUEST", &request)
        .set("JLPROJ_RESULT", &result);
    let status = process::run(&invocation, job.log, None, job.watcher)?;
    exchange::wait_for_file(&invocation, archive);
    if was_killed(job, status) {
        return Err(BuildError::Killed { stage: Stage::Compile });
    }
    if !status.success()
        && let Some(error) = generator_error(job.log)
    {
        return Err(BuildError::NoCode(error));
    }
    if !status.success() || !archive.is_file() {
        let code = platform::exit_code(status);
        return Err(BuildError::JuliaFailed { stage: Stage::Compile, code, text: last_error(job.log) });
    }
    let answer: Answer = exchange::read_answer(&result, status)?;
    if answer.packages.len() < job.packages.len() {
        return Err(BuildError::Odd("packages are missing in the builder's answer".to_owned()));
    }
    Ok(())
}

/// Whether it was killed; a runner then ends with the exit code that a shell shows.
fn was_killed(job: &Job<'_>, status: std::process::ExitStatus) -> bool {
    const KILLED: i32 = 9;
    let shown = i32::from(crate::exit::SIGNAL_BASE) + KILLED;
    platform::ending_signal(status) == Some(KILLED)
        || (!job.runner.is_empty() && status.code() == Some(shown))
}

/// Returns the project to load packages from. It is ours: it has the preferences of all environments in the load path, as
/// they were when the key was computed, and the packages were compiled in it. Before there were preferences (1.6), they were
/// compiled in the user's own, unless TOML cannot write its path.
fn load_project(job: &Job<'_>) -> Result<String, ExchangeError> {
    let own = || exchange::text_of(job.bake_project);
    if job.julia.has_parallel_precompile() {
        own()
    } else {
        exchange::text_of(job.project_file).or_else(|_| own())
    }
}

/// Links the archive into the image.
fn link(job: &Job<'_>, archive: &Path) -> Result<(), BuildError> {
    let linker = job.linker.ok_or(BuildError::NoLinker)?;
    let invocation = linker::invocation(linker, job.julia, archive, job.image);
    let status = process::run(&invocation, job.log, None, job.watcher)?;
    if status.success() && job.image.is_file() {
        // The archive is as large as the image.
        return Ok(fs_err::remove_file(archive)?);
    }
    let (program, code) = (linker.program().display().to_string(), platform::exit_code(status));
    Err(BuildError::LinkFailed { program, code, text: last_error(job.log) })
}
