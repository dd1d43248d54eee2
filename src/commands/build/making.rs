//! The making of one image, step by step.

use std::path::{Path, PathBuf};

use crate::assessment::{self, Overrides};
use crate::commands::build::plan::{JuliaInUse, Plan};
use crate::commands::build::{Options, bake_project, choice, preflight, summary};
use crate::context::Context;
use crate::error::Error;
use crate::julia::builder::{self, BuildError, Builder, Job, Stage, Work};
use crate::julia::command::Invocation;
use crate::julia::exchange::PackageRequest;
use crate::julia::import::{self, Purpose};
use crate::julia::linker::{self, Linker};
use crate::julia::log_text::with_cause;
use crate::julia::process::{self, Watcher};
use crate::julia::{startup_statements, verify};
use crate::model::image::{ImageRecord, Measurements, RECORD_FORMAT, StageTime};
use crate::model::key::{Digest, KeyInputs};
use crate::model::settings::Settings;
use crate::path_text;
use crate::platform::Interruption;
use crate::store::layout::name_of;
use crate::store::lock::Lock;
use crate::store::project_record::{self, ProjectRecord};
use crate::store::workspace::{self, Workspace};
use crate::store::{catalog, publish};
use crate::template;
use crate::ui::message;
use crate::ui::progress::{Progress, Verbosity};

/// What all builds of a command share.
#[derive(Debug)]
pub(super) struct Making<'a> {
    pub(super) context: &'a Context,
    pub(super) settings: Settings,
    pub(super) julia: JuliaInUse,
    pub(super) linker: Option<Linker>,
    interruption: Interruption,
}

/// Connects a running build with what watches it.
struct BuildWatcher<'a> {
    progress: &'a Progress,
    workspace: &'a Workspace,
    interruption: &'a Interruption,
}

impl Watcher for BuildWatcher<'_> {
    fn stage(&self, stage: Stage) {
        self.progress.stage(stage.name());
    }

    fn command(&self, line: &str) {
        self.progress.detail(line);
    }

    fn started(&self, process: u32) {
        self.workspace.note_child(process);
    }

    fn waiting(&self) {
        self.progress.tick();
    }

    fn interruption(&self) -> Option<u8> {
        self.interruption.signal()
    }

    fn mark(&self) -> Option<(&'static str, &Path)> {
        Some((workspace::MARK, self.workspace.path()))
    }
}

impl<'a> Making<'a> {
    /// Finds what every build needs.
    ///
    /// # Errors
    /// Where there is no Julia, or a setting cannot be followed.
    pub(super) fn new(
        context: &'a Context,
        overrides: Overrides,
        interruption: Interruption,
    ) -> Result<Self, Error> {
        let settings = assessment::settings(context, overrides)?;
        let (located, installation) = super::julia(context, &settings)?;
        let compiler = Context::compiler();
        let linker = linker::find(compiler.as_deref(), context.search_path.as_deref(), &installation);
        Ok(Self { context, settings, julia: JuliaInUse { located, installation }, linker, interruption })
    }

    /// A Julia of ours.
    pub(super) fn julia_invocation(&self) -> Invocation {
        let mut invocation = Invocation::julia(&self.julia.located.binary);
        invocation.arguments.splice(0..0, self.julia.located.arguments.iter().map(Into::into));
        invocation
    }

    /// Makes the image of `plan` and puts it in force.
    ///
    /// # Errors
    /// Where a step fails or we are interrupted; what was in force before stays so.
    pub(super) fn make(&self, plan: &Plan, options: Options) -> Result<(), Error> {
        let layout = &self.context.layout;
        let workspace = Workspace::create(layout)?;
        let expected = project_record::read(layout, &plan.state().folder)
            .map(|record| record.measured.stages)
            .unwrap_or_default();
        let expected = expected.into_iter().map(|time| (time.stage, time.seconds)).collect();
        let progress = Progress::start(options.verbosity, self.context.stderr_is_terminal, expected);
        let watcher =
            BuildWatcher { progress: &progress, workspace: &workspace, interruption: &self.interruption };
        let made = self.make_in(plan, options, &workspace, &watcher);
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                let error = preflight::explain_full_disk(error, self);
                return Err(self.keep_log(error, plan, &workspace));
            }
        };
        let mut made = match made {
            Ending::Made(made) => *made,
            Ending::MadeByAnother(key) => {
                progress.finish();
                message::note("another process has just built this image");
                return self.adopt(plan, &key);
            }
        };
        let elapsed = progress.elapsed().as_secs_f64();
        let stages = progress.finish();
        made.record.measured.build = elapsed;
        made.record.measured.stages =
            stages.into_iter().map(|(stage, seconds)| StageTime { stage, seconds }).collect();
        // The image is in force; a record without figures would only cost the estimate.
        publish::update(layout, &made.record)?;
        self.remember(plan, &made.record)?;
        summary::built(&self.julia, plan, &made, options.verbosity);
        Ok(())
    }

    /// Records that an image that is there already, made for whatever project, is this one's.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) fn adopt(&self, plan: &Plan, key: &Digest) -> Result<(), Error> {
        let known = project_record::read(&self.context.layout, &plan.state().folder);
        match catalog::read(&self.context.layout, key) {
            Ok(image) if known.is_none_or(|record| record.image != *key) => {
                self.remember(plan, &image.record)
            }
            _ => Ok(()),
        }
    }

    /// Records that this is the project's image. What is told of an earlier build that failed is over.
    fn remember(&self, plan: &Plan, image: &ImageRecord) -> Result<(), Error> {
        let folder = &plan.state().folder;
        let record = ProjectRecord::new(folder, image.key.clone(), image.measured.clone());
        project_record::write(&self.context.layout, &record)?;
        let _ = fs_err::remove_file(self.context.layout.failed_log(folder));
        Ok(())
    }

    /// The steps up to the image in force.
    fn make_in(
        &self,
        plan: &Plan,
        options: Options,
        workspace: &Workspace,
        watcher: &BuildWatcher<'_>,
    ) -> Result<Ending, Error> {
        let scripts = template::materialise(&self.context.layout.scripts())?;
        let prepared = workspace.path().join("image");
        crate::platform::create_private_folders(&prepared)?;
        let log = prepared.join("build.log");
        let work = Work { folder: workspace.path(), scripts: &scripts, log: &log, watcher };
        let builder = choice::choose(self, work, options.verbosity == Verbosity::Quiet)?;
        let inputs = with_builder(&plan.assessment.wanted.inputs, &builder);
        let key = inputs.key();
        let Some(_lock) = self.lock(&key.to_string(), watcher)? else {
            return Err(interrupted(watcher));
        };
        if !options.force && self.is_there(&key) {
            return Ok(Ending::MadeByAnother(key));
        }
        let project_lock = format!("project-{}", name_of(&plan.state().folder));
        let Some(_project_lock) = self.lock(&project_lock, watcher)? else {
            return Err(interrupted(watcher));
        };
        let bake_folder = self
            .context
            .layout
            .builder(&self.julia.installation.identity.version)
            .join("projects")
            .join(name_of(&plan.state().folder));
        bake_project::write(&bake_folder, plan.state(), plan.packages(), &self.julia.installation)?;
        let image = prepared.join(self.context.layout.image_file(&key).file_name().unwrap_or_default());
        let requests = plan.requests();
        let workload = plan.workload();
        let base = Job {
            julia: &self.julia.installation,
            julia_arguments: &self.julia.located.arguments,
            project_file: &plan.state().project_file,
            folder: workspace.path(),
            bake_project: &bake_folder,
            scripts: &scripts,
            log: &log,
            image: &image,
            packages: &requests,
            workload: &workload,
            statements: &[],
            cpu_target: &inputs.cpu_target,
            arguments: &inputs.arguments,
            linker: self.linker.as_ref(),
            watcher,
        };
        let failed = |source| Error::Build { source, log: Some(log.clone()) };
        build_image(&base, &builder, plan).map_err(failed)?;
        let mut record = self.record(plan, &key, &image)?;
        publish::publish(&self.context.layout, &prepared, &record, &inputs)?;
        let published = self.context.layout.image_file(&key);
        let published_log = published.with_file_name("build.log");
        let job = Job { image: &published, log: &published_log, ..base };
        finish(&job, plan, &mut record);
        Ok(Ending::Made(Box::new(Made { record, builder })))
    }

    /// Takes a lock, saying after a second whom we wait for. `None` where we were interrupted.
    fn lock(&self, name: &str, watcher: &BuildWatcher<'_>) -> Result<Option<Lock>, Error> {
        const PATIENCE: u32 = 10;
        let mut waited = 0;
        let lock = Lock::take(&self.context.layout.lock(name), |holder| {
            waited += 1;
            if waited == PATIENCE {
                let holder = holder.map_or_else(String::new, |number| format!(" (process {number})"));
                watcher.progress.stage(&format!("waiting for another build{holder}"));
            }
            watcher.progress.tick();
            watcher.interruption.signal().is_none()
        })?;
        Ok(lock)
    }

    fn is_there(&self, key: &Digest) -> bool {
        catalog::read(&self.context.layout, key).is_ok_and(|image| image.flaw.is_none())
    }

    fn record(&self, plan: &Plan, key: &Digest, image: &Path) -> Result<ImageRecord, Error> {
        crate::platform::protect_file(image)?;
        Ok(ImageRecord {
            format: RECORD_FORMAT,
            key: key.clone(),
            built: self.context.now,
            project: path_text::encode(&plan.state().folder),
            julia: path_text::encode(&self.julia.installation.binary),
            file: catalog::record_of(&self.context.layout, key, image)?,
            measured: Measurements::default(),
            precompiled_for: Vec::new(),
        })
    }

    /// Keeps the log of a build that failed, where `jlproj log` finds it.
    fn keep_log(&self, error: Error, plan: &Plan, workspace: &Workspace) -> Error {
        let Error::Build { source, .. } = error else { return error };
        let kept = self.context.layout.failed_log(&plan.state().folder);
        let log = workspace.path().join("image/build.log");
        let copied = fs_err::read(&log).and_then(|text| crate::fs::replace(&kept, &text));
        Error::Build { source, log: copied.is_ok().then_some(kept) }
    }
}

/// How the making ended.
#[derive(Debug)]
enum Ending {
    Made(Box<Made>),
    /// Another process had the lock, and made the image of this key.
    MadeByAnother(Digest),
}

/// An image that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) record: ImageRecord,
    pub(super) builder: Builder,
}

fn interrupted(watcher: &BuildWatcher<'_>) -> Error {
    let signal = watcher.interruption.signal().unwrap_or_default();
    Error::Build { source: BuildError::Interrupted(signal), log: None }
}

/// The inputs as they are with the builder that was chosen.
fn with_builder(inputs: &KeyInputs, builder: &Builder) -> KeyInputs {
    KeyInputs { builder: builder.name(), template: builder.template().digest(), ..inputs.clone() }
}

/// Makes the image file and verifies it.
fn build_image(job: &Job<'_>, builder: &Builder, plan: &Plan) -> Result<(), BuildError> {
    job.watcher.stage(Stage::Import);
    let loading = job.folder.join("loading-statements.jl");
    let outcomes = import::import(job, job.packages, None, Purpose::Trace(&loading))?;
    if let Some(failure) = outcomes.into_iter().find(|outcome| !outcome.ok) {
        let text = with_cause(failure.error, job.log);
        return Err(BuildError::PackageFailed { name: failure.name, text });
    }
    job.watcher.stage(Stage::Trace);
    let mut statements = startup_statements::record(job)?;
    statements.extend(Some(loading).filter(|path| path.is_file()));
    statements.extend(trace_workload(job)?);
    statements.extend(plan.statements());
    let job = Job { statements: &statements, ..*job };
    match builder {
        Builder::Direct => builder::direct(&job, &plan.state().depots)?,
        Builder::PackageCompiler { environment, .. } => builder::packagecompiler(&job, environment)?,
    }
    job.watcher.stage(Stage::Verify);
    verify::verify(&job, plan.packages(), &plan.state().manifest)
}

/// Runs the project's workload files and returns the files of what was compiled meanwhile.
fn trace_workload(job: &Job<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let mut traces = Vec::new();
    for (index, path) in job.workload.iter().enumerate() {
        let trace = job.folder.join(format!("workload-{index}.jl"));
        let mut invocation = job
            .julia_invocation()
            .option("--project", job.project_file)
            .option("--trace-compile", &trace)
            .argument(path);
        invocation.directory = job.project_file.parent().map(Path::to_owned);
        let status = process::run(&invocation, job.log, None, job.watcher)?;
        if !status.success() {
            let code = crate::platform::exit_code(status);
            return Err(BuildError::WorkloadFailed { path: path.display().to_string(), code });
        }
        if trace.is_file() {
            traces.push(trace);
        }
    }
    Ok(traces)
}

/// Precompiles what is not in the image, under it, and measures what it saves. Nothing here can take the image
/// back: a package that fails outside of it would fail without it as well.
fn finish(job: &Job<'_>, plan: &Plan, record: &mut ImageRecord) {
    let outside: Vec<PackageRequest> = plan.outside();
    if !outside.is_empty() {
        job.watcher.stage(Stage::Precompile);
        let outcomes = import::import(job, &outside, Some(job.image), Purpose::Precompile);
        if outcomes.is_ok_and(|outcomes| outcomes.iter().all(|outcome| outcome.ok)) {
            record.precompiled_for.push(plan.assessment.wanted.packages_digest());
        }
    }
    job.watcher.stage(Stage::Measure);
    if let Ok((without, with)) = import::measure(job, &plan.direct_dependencies()) {
        (record.measured.load_without, record.measured.load_with) = (without, with);
    }
}
