//! Tries a new image before it is published.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fs;
use crate::julia::builder::{BuildError, Job};
use crate::julia::exchange::{self, ExchangeError, PackageRequest};
use crate::julia::loaded_modules::{ModuleAnswer, compare};
use crate::julia::log_text::{failed_initialisation, is_failed_initialisation, last_error};
use crate::model::image::key::BakedPackage;
use crate::model::loading::manifest::Manifest;
use crate::template::Template;

#[derive(Serialize)]
struct Request<'a> {
    packages: &'a [PackageRequest],
}

#[derive(Debug, Deserialize)]
struct Answer {
    image_file: String,
    #[serde(default)]
    modules: Vec<ModuleAnswer>,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    ok: bool,
    #[serde(default)]
    error: String,
}

/// Starts Julia under the image of the job and compares the loaded modules with the packages to bake. Returns the UUIDs
/// of all loaded modules.
///
/// # Errors
/// Where it does not start, or holds something else.
pub(crate) fn verify(
    job: &Job<'_>,
    wanted: &[BakedPackage],
    manifest: &Manifest,
) -> Result<Vec<Uuid>, BuildError> {
    const LIMIT: Duration = Duration::from_secs(300);
    let request = exchange::write_request(job.folder, "verify", &Request { packages: job.packages })?;
    let result = job.folder.join("verify.result.toml");
    let invocation = job
        .julia_invocation()
        .option("--sysimage", job.image)
        .option("--project", job.project_file)
        .argument(job.script(Template::Verify))
        .argument(&request)
        .argument(&result);
    let answer: Answer = exchange::ask(&invocation, &result, job.log, Some(LIMIT), job.watcher)
        .map_err(|error| explain(error, job))?;
    let image = fs::canonicalize(job.image)?;
    if fs::canonicalize(&answer.image_file)? != image {
        return Err(BuildError::Odd(format!("Julia used `{}`", answer.image_file)));
    }
    let loaded = answer.modules.iter().filter_map(ModuleAnswer::uuid).collect();
    let list = compare(answer.modules, wanted, manifest, job.julia);
    // Packages that are missing in the image are reported first: loading them from elsewhere may have failed as well.
    if !list.is_empty() {
        return Err(BuildError::Wrong(list));
    }
    match answer.packages.into_iter().find(|package| !package.ok) {
        Some(Package { name, error: text, .. }) => Err(BuildError::PackageFailed { name, text }),
        None => Ok(loaded),
    }
}

/// Explains why Julia did not start under the image.
fn explain(error: ExchangeError, job: &Job<'_>) -> BuildError {
    let ExchangeError::NoAnswer { code, .. } = error else { return error.into() };
    no_start(code, job.log)
}

/// Explains from the end of the log why Julia did not start.
pub(super) fn no_start(code: u8, log: &Path) -> BuildError {
    let text = last_error(log);
    match failed_initialisation(&text) {
        Some(name) => BuildError::InitFailed { name, text },
        None if is_failed_initialisation(&text) => BuildError::SomeInitFailed { text },
        None => BuildError::DoesNotStart { code, text },
    }
}
