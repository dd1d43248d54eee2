//! The PackageCompiler builder: a private environment, and a driver that calls it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::julia::builder::{BuildError, Job};
use crate::julia::command::Invocation;
use crate::julia::exchange::{self, PackageRequest};
use crate::julia::linker::Linker;
use crate::julia::log_text::{generator_error, last_error};
use crate::julia::process::Watcher;
use crate::julia::stage::Stage;
use crate::template::Template;

/// Source of PackageCompiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A registry that Pkg knows.
    Registry,
    /// A folder that the user names.
    Folder(PathBuf),
}

#[derive(Serialize)]
struct InstallRequest {
    folder: String,
    version: String,
    path: String,
}

#[derive(Debug, Deserialize)]
struct InstallAnswer {
    ok: bool,
    #[serde(default)]
    version: String,
    #[serde(default)]
    error: String,
}

/// Returns the version for a Julia: the last 1.x for Julia before 1.6, the last 2.1 before 1.10, else the newest.
fn fitting_version(julia: &Version) -> &'static str {
    match (julia.major, julia.minor) {
        (1, ..6) => "1.4.1",
        (1, 6..10) => "2.1.24",
        _ => "2",
    }
}

/// Makes the private environment in `environment` and returns the version in it.
///
/// # Errors
/// Where PackageCompiler cannot be installed, or we are interrupted.
pub(crate) fn install(
    julia: &Invocation,
    version: &Version,
    source: &Source,
    environment: &Path,
    work: Work<'_>,
) -> Result<String, BuildError> {
    const LIMIT: Duration = Duration::from_secs(600);
    let request = InstallRequest {
        folder: exchange::text_of(environment)?,
        version: fitting_version(version).to_owned(),
        path: match source {
            Source::Registry => String::new(),
            Source::Folder(path) => exchange::text_of(path)?,
        },
    };
    let request = exchange::write_request(work.folder, "install", &request)?;
    let result = work.folder.join("install.result.toml");
    let invocation = julia
        .clone()
        .argument(Template::InstallPackageCompiler.path_in(work.scripts))
        .argument(&request)
        .argument(&result);
    let answer: InstallAnswer = exchange::ask(&invocation, &result, work.log, Some(LIMIT), work.watcher)
        .map_err(|error| match error {
            exchange::ExchangeError::NoAnswer { .. } => {
                BuildError::NoPackageCompiler { text: last_error(work.log) }
            }
            other => other.into(),
        })?;
    if answer.ok { Ok(answer.version) } else { Err(BuildError::NoPackageCompiler { text: answer.error }) }
}

/// Folders, log and watcher for a script of ours.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) scripts: &'a Path,
    pub(crate) log: &'a Path,
    pub(crate) watcher: &'a dyn Watcher,
}

#[derive(Serialize)]
struct DriverRequest {
    project: String,
    sysimage_path: String,
    statements: Vec<String>,
    cpu_target: String,
    script: String,
    packages: Vec<PackageRequest>,
}

#[derive(Debug, Deserialize)]
struct DriverAnswer {
    ok: bool,
    #[serde(default)]
    error: String,
}

/// Makes the image of the job with the PackageCompiler of `environment`.
///
/// # Errors
/// Where it fails or we are interrupted.
pub(crate) fn packagecompiler(job: &Job<'_>, environment: &Path) -> Result<(), BuildError> {
    job.watcher.stage(Stage::Compile);
    let statements: Result<_, _> = job.statements.iter().map(|path| exchange::text_of(path)).collect();
    let request = DriverRequest {
        project: exchange::text_of(job.bake_project)?,
        sysimage_path: exchange::text_of(job.image)?,
        statements: statements?,
        cpu_target: job.cpu_target.to_owned(),
        script: exchange::text_of(&job.script(Template::Unpin))?,
        packages: job.packages.to_vec(),
    };
    let request = exchange::write_request(job.folder, "packagecompiler", &request)?;
    let result = job.folder.join("packagecompiler.result.toml");
    let invocation = job
        .generating_julia()
        .option("--project", environment)
        .set("JLPROJ_REQUEST", &request)
        .argument(job.script(Template::PackageCompiler))
        .argument(&request)
        .argument(&result);
    let invocation = with_compiler(invocation, job.linker);
    let answer: DriverAnswer =
        exchange::ask(&invocation, &result, job.log, None, job.watcher).map_err(|error| match error {
            exchange::ExchangeError::NoAnswer { signal: Some(9), .. } => {
                BuildError::Killed { stage: Stage::Compile }
            }
            exchange::ExchangeError::NoAnswer { .. } => {
                BuildError::PackageCompilerFailed { text: last_error(job.log) }
            }
            other => other.into(),
        })?;
    if answer.ok && job.image.is_file() {
        return Ok(());
    }
    Err(generator_error(job.log).map_or_else(|| explain(&answer.error), BuildError::NoCode))
}

/// Passes on the C compiler that we found, since PackageCompiler 1.x looks only for `gcc` and `clang`. A compiler of
/// several words is left to PackageCompiler: 1.x does not understand it.
fn with_compiler(invocation: Invocation, linker: Option<&Linker>) -> Invocation {
    match linker {
        Some(Linker::Compiler(words)) if words.len() == 1 => invocation.set("JULIA_CC", &words[0]),
        _ => invocation,
    }
}

/// Explains a failure of PackageCompiler.
fn explain(text: &str) -> BuildError {
    if text.contains("ProcessSignaled(9)") || text.contains("out of memory") {
        return BuildError::Killed { stage: Stage::Compile };
    }
    if text.contains("could not find a compiler") {
        return BuildError::NoLinker;
    }
    BuildError::PackageCompilerFailed { text: text.trim().to_owned() }
}
