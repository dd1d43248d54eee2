//! Julia processes of one build: they load, record, generate code and try the image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::assessment::{self, ProjectState};
use crate::building::plan::Plan;
use crate::julia::builder::{self, BuildError, Builder, Job};
use crate::julia::exchange::PackageRequest;
use crate::julia::import::{self, ImportResult, Imported, Purpose};
use crate::julia::loaded_modules::compare;
use crate::julia::log_text::with_cause;
use crate::julia::session::Session;
use crate::julia::stage::Stage;
use crate::julia::{process, starts, startup_statements, verify};
use crate::model::image::key::BakedPackage;
use crate::model::image::record::ImageRecord;
use crate::model::image::tracked::{Artifact, TrackedFile};
use crate::platform;
use crate::store::layout::REPLAYED;
use crate::store::recording::Recordings;

/// Facts about an image, collected while it is made.
#[derive(Debug)]
pub(super) struct Learned {
    /// Seconds that each package took to load without the image, after its dependencies. From Julia 1.9 on it had no
    /// native code then.
    pub(super) load_times: BTreeMap<Uuid, f64>,
    /// UUIDs of all packages that are loaded when Julia starts with it.
    pub(super) loaded: Vec<Uuid>,
    pub(super) tracked: Vec<TrackedFile>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) direct_only: BTreeMap<Uuid, String>,
}

/// Makes the image file and verifies it. `startup` is the file that keeps what Julia compiles at a plain start.
pub(super) fn build_image(
    job: &Job<'_>,
    builder: &Builder,
    plan: &Plan,
    startup: &Path,
    recordings: &Recordings,
) -> Result<Learned, BuildError> {
    job.watcher.stage(Stage::Prepare);
    // Where Julia compiles whole projects, in ours: it has nothing that is not to be baked.
    let bake_file = job.bake_project.join("Project.toml");
    let project_file = if job.julia.has_parallel_precompile() { &bake_file } else { job.project_file };
    let session = Session { project_file, ..job.session };
    match import::import(&session, job.packages, None, Purpose::Prepare) {
        // What does not compile fails below, in the user's own project.
        Ok(_) | Err(BuildError::Exchange(_)) => {}
        Err(error) => return Err(error),
    }
    job.watcher.stage(Stage::Import);
    let loading = job.folder.join("loading-statements.jl");
    let imported = import::import(job, job.packages, None, Purpose::Trace(&loading))?;
    let load_times = imported.packages.iter().map(|outcome| (outcome.uuid, outcome.seconds)).collect();
    let failures: Vec<&ImportResult> = imported.packages.iter().filter(|outcome| !outcome.ok).collect();
    if let Some(first) =
        failures.first().filter(|_| failures.iter().any(|failure| is_needed(failure, &imported, plan)))
    {
        let text = with_cause(first.error.clone(), job.log);
        return Err(BuildError::PackageFailed { name: first.name.clone(), text });
    }
    let loads = |uuid: Uuid| failures.iter().all(|failure| failure.uuid != uuid);
    let packages: Vec<BakedPackage> =
        plan.packages().iter().filter(|package| loads(package.uuid)).cloned().collect();
    let requests: Vec<PackageRequest> = job
        .packages
        .iter()
        .filter(|request| failures.iter().all(|failure| failure.uuid.to_string() != request.uuid))
        .cloned()
        .collect();
    if !imported.never_compiled.is_empty() {
        return Err(BuildError::NeverCompiled { names: imported.never_compiled });
    }
    // The packages loaded now are those to be baked: checked before code is generated, which takes most of the time.
    let faults = compare(imported.modules, &packages, &plan.state().manifest, job.julia);
    if !faults.is_empty() {
        return Err(BuildError::LoadsOthers(faults));
    }
    // Recorded before the image is made: a file that changes meanwhile counts as changed later.
    let tracked = assessment::track(&imported.files, plan.state(), &packages)?;
    let artifacts = assessment::installed_artifacts(plan.state(), &packages);
    job.watcher.stage(Stage::Trace);
    let mut statements = startup_statements::of_julia(job, startup)?;
    statements.extend(Some(loading).filter(|path| path.is_file()));
    statements.extend(trace_workload(job, plan)?);
    statements.extend(plan.statements());
    // It stays beside the image, and tells later what that lacks.
    statements.extend(recordings.write(&job.image.with_file_name(REPLAYED))?);
    let job = Job { packages: &requests, statements: &statements, ..*job };
    match builder {
        Builder::Direct => builder::direct(&job, &plan.state().depots)?,
        Builder::PackageCompiler { environment, .. } => builder::packagecompiler(&job, environment)?,
    }
    job.watcher.stage(Stage::Verify);
    let loaded = verify::verify(&job, &packages, &plan.state().manifest)?;
    starts::workers(&job, &packages, &plan.state().manifest)?;
    for member in &plan.members {
        starts::member(&job, &member.state.launched_project())?;
    }
    let direct: Vec<Uuid> = plan.state().direct().into_values().collect();
    let direct_only = starts::direct_only(&job, &packages, &direct)?;
    Ok(Learned { load_times, loaded, tracked, artifacts, direct_only })
}

/// Whether the image cannot do without a package that does not load. If no project loads it by name, and what does load by
/// name came without it, then it is for another system or Julia, say, and its users do without it here. Who includes it
/// by name wants it.
fn is_needed(failure: &ImportResult, imported: &Imported, plan: &Plan) -> bool {
    let names_it = |state: &ProjectState| {
        let included = state.settings.include.as_ref();
        state.direct().values().any(|uuid| *uuid == failure.uuid)
            || included.is_some_and(|names| names.contains(&failure.name))
    };
    let is_named = plan.projects().iter().any(|(state, _)| names_it(state));
    // One whose `__init__` fails comes with others all the same; Julia 1.12 does not list it among the loaded modules.
    let is_loaded = imported.modules.iter().any(|module| module.uuid() == Some(failure.uuid));
    is_named || is_loaded || failure.in_init
}

/// Runs the project's workload files and returns the trace files of what they compiled.
fn trace_workload(job: &Job<'_>, plan: &Plan) -> Result<Vec<PathBuf>, BuildError> {
    let mut traces = Vec::new();
    for (index, path) in plan.workload().iter().enumerate() {
        let trace = job.folder.join(format!("workload-{index}.jl"));
        let mut invocation = job
            .julia_invocation()
            .option("--project", plan.state().launched_project())
            .option("--trace-compile", &trace)
            .argument(path);
        invocation.directory = Some(plan.state().folder.clone());
        let status = process::run(&invocation, job.log, None, job.watcher)?;
        if !status.success() {
            let code = platform::exit_code(status);
            return Err(BuildError::WorkloadFailed { path: path.display().to_string(), code });
        }
        if trace.is_file() {
            traces.push(trace);
        }
    }
    Ok(traces)
}

/// Precompiles, under the image, the packages outside of it, in each project. Nothing here can take the image back: a
/// package that fails outside of it would fail without it as well.
pub(super) fn precompile_outside(job: &Job<'_>, plan: &Plan, record: &mut ImageRecord) {
    for (state, wanted) in plan.projects() {
        let outside = plan.outside(state);
        if outside.is_empty() {
            continue;
        }
        job.watcher.stage(Stage::Precompile);
        let session = Session { project_file: &state.launched_project(), ..job.session };
        let outcomes = import::import(&session, &outside, Some(job.image), Purpose::Precompile);
        if outcomes.is_ok_and(|imported| imported.packages.iter().all(|outcome| outcome.ok)) {
            record.precompiled_for.push(wanted.packages_digest());
        }
    }
}
