//! Has a Julia load packages: to fill the caches before a build and after it, and to measure.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::julia::builder::BuildError;
use crate::julia::command::Invocation;
use crate::julia::exchange::{self, PackageRequest};
use crate::julia::loaded_modules::ModuleAnswer;
use crate::julia::session::Session;
use crate::template::Template;

#[derive(Serialize)]
struct Request<'a> {
    precompile_only: bool,
    /// Whether the answer lists the modules that are loaded in the end, and how they were compiled.
    modules: bool,
    packages: &'a [PackageRequest],
}

/// Results of loading packages.
#[derive(Debug, Deserialize)]
pub(crate) struct Imported {
    #[serde(default)]
    pub(crate) packages: Vec<ImportResult>,
    /// Modules that are loaded in the end; only with [`Purpose::Trace`].
    #[serde(default)]
    pub(crate) modules: Vec<ModuleAnswer>,
    /// Files that were read while these modules were compiled; only with them.
    #[serde(default)]
    pub(crate) files: Vec<FileRead>,
    /// Names of packages that say `__precompile__(false)`; only with the modules.
    #[serde(default)]
    pub(crate) never_compiled: Vec<String>,
}

/// A file that was read while a package was compiled, as Julia tracks it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FileRead {
    /// The name of the package.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Result of loading one package.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct ImportResult {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    pub(crate) ok: bool,
    /// Whether it, or a package that it loads, failed in `__init__`: it may be loaded all the same.
    #[serde(default)]
    pub(crate) in_init: bool,
    /// Seconds of loading, on top of the packages loaded before it.
    pub(crate) seconds: f64,
    #[serde(default)]
    pub(crate) error: String,
}

/// What to do with the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    Load,
    /// Load them, and record into this file what is compiled meanwhile.
    Trace(&'a Path),
    /// Only make sure that the caches exist.
    Precompile,
    /// The same for the builder: from Julia 1.9 on caches without native code.
    Prepare,
}

/// Loads `packages` in the user's project, under `image` or the default one.
///
/// # Errors
/// Where Julia itself fails; a package that fails is in the answer.
pub(crate) fn import(
    session: &Session<'_>,
    packages: &[PackageRequest],
    image: Option<&Path>,
    purpose: Purpose<'_>,
) -> Result<Imported, BuildError> {
    let modules = matches!(purpose, Purpose::Trace(_));
    let precompile_only = matches!(purpose, Purpose::Precompile | Purpose::Prepare);
    let request = Request { precompile_only, modules, packages };
    let request = exchange::write_request(session.folder, "import", &request)?;
    let result = session.folder.join("import.result.toml");
    // An earlier run's answer must not be taken for this one's.
    let _ = fs_err::remove_file(&result);
    let mut invocation = session.julia_invocation();
    if let Some(image) = image {
        invocation = invocation.option("--sysimage", image);
    }
    if let Purpose::Trace(statements) = purpose {
        invocation = invocation.option("--trace-compile", statements);
    }
    if precompile_only {
        invocation = with_tasks(invocation, session.limits.precompile_tasks);
    }
    if matches!(purpose, Purpose::Prepare | Purpose::Trace(_)) && session.julia.has_package_images() {
        // As in the builder: caches with native code are different files, and hide what is compiled.
        invocation = invocation.argument("--pkgimages=no");
    }
    let invocation = invocation
        .option("--project", session.project_file)
        .argument(session.script(Template::Import))
        .argument(&request)
        .argument(&result);
    Ok(exchange::ask(&invocation, &result, session.log, None, session.watcher)?)
}

/// The same, limited to so many processes that precompile at once. By itself Julia takes one more than the machine has
/// cores, however little memory there is (`_precompilepkgs`, base/precompilation.jl 1.12.5:532).
fn with_tasks(invocation: Invocation, tasks: Option<usize>) -> Invocation {
    match tasks {
        Some(tasks) => invocation.set("JULIA_NUM_PRECOMPILE_TASKS", tasks.to_string()),
        None => invocation,
    }
}

/// Measures the seconds that a start takes to load `packages`: without the image, and with it. Medians of `rounds`,
/// taken in turns after a round that fills the caches; of fewer rounds if a start takes more than ten seconds.
///
/// # Errors
/// Where Julia fails.
pub(crate) fn measure(
    session: &Session<'_>,
    packages: &[PackageRequest],
    image: &Path,
    rounds: usize,
) -> Result<(f64, f64), BuildError> {
    const LONG: f64 = 10.0;
    let time = |image: Option<&Path>| -> Result<f64, BuildError> {
        let begun = Instant::now();
        import(session, packages, image, Purpose::Load)?;
        Ok(begun.elapsed().as_secs_f64())
    };
    time(None)?;
    time(Some(image))?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        without.push(time(None)?);
        with.push(time(Some(image))?);
        if without.iter().any(|seconds| *seconds > LONG) {
            break;
        }
    }
    Ok((median(without), median(with)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
