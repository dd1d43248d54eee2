//! Tries starts under a new image as users will make them: in another project, in those that share it, with worker
//! processes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use toml::{Table, Value};
use uuid::{Uuid, uuid};

use crate::fs;
use crate::julia::builder::{BuildError, Job};
use crate::julia::log_text::{failed_initialisation, last_error};
use crate::julia::process::{self, ProcessError};
use crate::julia::verify;
use crate::model::image::key::BakedPackage;
use crate::model::loading::manifest::Manifest;

/// Time limit of a start.
const LIMIT: Duration = Duration::from_secs(120);

/// The standard library Distributed.
const DISTRIBUTED: Uuid = uuid!("8ba89e20-285c-5b6f-9357-94700520ee1b");

/// Code that does nothing.
const NOTHING: &str = "0";

/// Code that asks a worker process for its number.
const ASK_WORKER: &str = "exit(Main.Distributed.remotecall_fetch(Main.Distributed.myid, 2) == 2 ? 0 : 1)";

/// Finds the packages (names by UUID) that a project must depend on directly for Julia to start in it under the image.
/// Starts Julia in a project with no dependencies, and adds the package whose `__init__` failed until a start succeeds.
/// If Julia does not say whose `__init__` failed, adds the baked packages among `direct`, the direct dependencies.
///
/// # Errors
/// Only where we are interrupted, or files cannot be written.
pub(crate) fn direct_only(
    job: &Job<'_>,
    baked: &[BakedPackage],
    direct: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, BuildError> {
    let folder = job.folder.join("another-project");
    fs_err::create_dir_all(&folder)?;
    fs_err::copy(job.bake_project.join("Manifest.toml"), folder.join("Manifest.toml"))?;
    let mut needed: BTreeMap<Uuid, String> = BTreeMap::new();
    loop {
        let dependencies: Table =
            needed.iter().map(|(uuid, name)| (name.clone(), Value::String(uuid.to_string()))).collect();
        let project = Table::from_iter([("deps".to_owned(), Value::Table(dependencies))]);
        fs::replace(&folder.join("Project.toml"), project.to_string().as_bytes())?;
        if starts(job, Some(job.image), &folder, &[], NOTHING)? {
            return Ok(needed);
        }
        let name = failed_initialisation(&last_error(job.log));
        let culprit = baked.iter().find(|package| name.as_ref() == Some(&package.name));
        let is_new =
            culprit.is_some_and(|package| needed.insert(package.uuid, package.name.clone()).is_none());
        if !is_new {
            let direct = baked.iter().filter(|package| direct.contains(&package.uuid));
            needed.extend(direct.map(|package| (package.uuid, package.name.clone())));
            return Ok(needed);
        }
    }
}

/// Tries a start in another project that the image is for.
///
/// # Errors
/// Where Julia does not start there.
pub(crate) fn member(job: &Job<'_>, project: &Path) -> Result<(), BuildError> {
    if starts(job, Some(job.image), project, &[], NOTHING)? {
        Ok(())
    } else {
        Err(verify::no_start(1, job.log))
    }
}

/// Tries a start with a worker process, where a baked package depends on Distributed.
///
/// # Errors
/// Where that works only without the image.
pub(crate) fn workers(job: &Job<'_>, baked: &[BakedPackage], manifest: &Manifest) -> Result<(), BuildError> {
    let uses_workers = |package: &&BakedPackage| {
        let package = manifest.packages.get(&package.uuid);
        package.is_some_and(|package| package.dependencies.values().any(|uuid| *uuid == DISTRIBUTED))
    };
    let names: Vec<String> = baked.iter().filter(uses_workers).map(|package| package.name.clone()).collect();
    let one_worker = ["--procs=1"];
    let works = |image| starts(job, image, job.project_file, &one_worker, ASK_WORKER);
    if names.is_empty() || works(Some(job.image))? {
        return Ok(());
    }
    let text = last_error(job.log);
    if works(None)? { Err(BuildError::WorkersDie { names, text }) } else { Ok(()) }
}

/// Whether Julia runs `code` to its end in a project.
fn starts(
    job: &Job<'_>,
    image: Option<&Path>,
    project: &Path,
    options: &[&str],
    code: &str,
) -> Result<bool, BuildError> {
    let mut invocation = job.julia_invocation();
    if let Some(image) = image {
        invocation = invocation.option("--sysimage", image);
    }
    for option in options {
        invocation = invocation.argument(*option);
    }
    let invocation = invocation.option("--project", project).argument("-e").argument(code);
    match process::run(&invocation, job.log, Some(LIMIT), job.watcher) {
        Ok(status) => Ok(status.success()),
        Err(ProcessError::TimedOut { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
