//! Julia processes of one build: they load, record, generate code, try the image and measure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use uuid::Uuid;

use crate::assessment;
use crate::building::plan::{Plan, direct_dependencies};
use crate::julia::builder::{self, BuildError, Builder, Job};
use crate::julia::import::{self, Purpose};
use crate::julia::loaded_modules::compare;
use crate::julia::log_text::with_cause;
use crate::julia::session::Session;
use crate::julia::stage::Stage;
use crate::julia::{process, starts, startup_statements, verify};
use crate::model::image::record::ImageRecord;
use crate::model::image::tracked::{Artifact, TrackedFile};
use crate::platform;
use crate::store::recording::Recordings;

/// Facts about an image, collected while it is made.
#[derive(Debug)]
pub(super) struct Learned {
    /// UUIDs of all packages that are loaded when Julia starts with it.
    pub(super) loaded: Vec<Uuid>,
    pub(super) tracked: Vec<TrackedFile>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) direct_only: BTreeMap<Uuid, String>,
}

/// Makes the image file and verifies it.
pub(super) fn build_image(
    job: &Job<'_>,
    builder: &Builder,
    plan: &Plan,
    recordings: &Recordings,
) -> Result<Learned, BuildError> {
    job.watcher.stage(Stage::Import);
    let loading = job.folder.join("loading-statements.jl");
    let imported = import::import(job, job.packages, None, Purpose::Trace(&loading))?;
    if let Some(failure) = imported.packages.into_iter().find(|outcome| !outcome.ok) {
        let text = with_cause(failure.error, job.log);
        return Err(BuildError::PackageFailed { name: failure.name, text });
    }
    if !imported.never_compiled.is_empty() {
        return Err(BuildError::NeverCompiled { names: imported.never_compiled });
    }
    // The packages loaded now are those to be baked: checked before code is generated, which takes most of the time.
    let faults = compare(imported.modules, plan.packages(), &plan.state().manifest, job.julia);
    if !faults.is_empty() {
        return Err(BuildError::LoadsOthers(faults));
    }
    // Recorded before the image is made: a file that changes meanwhile counts as changed later.
    let tracked = assessment::track(&imported.files, plan.state(), plan.packages())?;
    let artifacts = assessment::installed_artifacts(plan.state(), plan.packages());
    job.watcher.stage(Stage::Trace);
    let mut statements = startup_statements::record(job)?;
    statements.extend(Some(loading).filter(|path| path.is_file()));
    statements.extend(trace_workload(job, plan)?);
    statements.extend(plan.statements());
    statements.extend(recordings.write(&job.folder.join("recorded-statements.jl"))?);
    let job = Job { statements: &statements, ..*job };
    match builder {
        Builder::Direct => builder::direct(&job, &plan.state().depots)?,
        Builder::PackageCompiler { environment, .. } => builder::packagecompiler(&job, environment)?,
    }
    job.watcher.stage(Stage::Verify);
    let loaded = verify::verify(&job, plan.packages(), &plan.state().manifest)?;
    starts::workers(&job, plan.packages(), &plan.state().manifest)?;
    for member in &plan.members {
        starts::member(&job, &member.state.launched_project())?;
    }
    let direct: Vec<Uuid> = plan.state().direct().into_values().collect();
    let direct_only = starts::direct_only(&job, plan.packages(), &direct)?;
    Ok(Learned { loaded, tracked, artifacts, direct_only })
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

/// Precompiles, under the image, the packages outside of it, and measures the saving, in each project. Nothing here can
/// take the image back: a package that fails outside of it would fail without it as well.
pub(super) fn finish(job: &Job<'_>, plan: &Plan, record: &mut ImageRecord) -> Vec<(f64, f64)> {
    /// Rounds of measuring in the first project, and in each other one.
    const ROUNDS: [usize; 2] = [3, 1];
    let mut times = Vec::new();
    for (place, (state, wanted)) in plan.projects().into_iter().enumerate() {
        let project_file = &state.launched_project();
        let session = Session { project_file, ..job.session };
        let outside = plan.outside(state);
        if !outside.is_empty() {
            job.watcher.stage(Stage::Precompile);
            let outcomes = import::import(&session, &outside, Some(job.image), Purpose::Precompile);
            if outcomes.is_ok_and(|imported| imported.packages.iter().all(|outcome| outcome.ok)) {
                record.precompiled_for.push(wanted.packages_digest());
            }
        }
        job.watcher.stage(Stage::Measure);
        let rounds = ROUNDS[place.min(1)];
        let measured = import::measure(&session, &direct_dependencies(state), job.image, rounds);
        times.push(measured.unwrap_or_default());
    }
    (record.measured.load_without, record.measured.load_with) = times.first().copied().unwrap_or_default();
    times
}

/// Seconds that each package takes to load without the image, after its dependencies.
pub(super) fn package_times(job: &Job<'_>) -> BTreeMap<Uuid, f64> {
    let imported = import::import(job, job.packages, None, Purpose::Load);
    let outcomes = imported.map(|imported| imported.packages).unwrap_or_default();
    outcomes.into_iter().map(|outcome| (outcome.uuid, outcome.seconds)).collect()
}
