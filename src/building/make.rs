//! The making of one image, step by step.

use std::io;
use std::path::Path;

use crate::building::context::BuildContext;
use crate::building::plan::Plan;
use crate::building::steps::{Learned, build_image, precompile_outside};
use crate::building::turn::Turn;
use crate::building::watcher::BuildWatcher;
use crate::building::{Options, bake_project, choice, preflight};
use crate::context;
use crate::error::Error;
use crate::julia::builder::{BuildError, Builder, Job, Work};
use crate::julia::session::Session;
use crate::model::image::key::{Digest, KeyInputs};
use crate::model::image::record::{ImageRecord, Measurements, RECORD_FORMAT, StageTime};
use crate::model::image::target::{Fitness, fitness};
use crate::path_text;
use crate::platform;
use crate::store::layout::name_of;
use crate::store::recording::{self, Recordings};
use crate::store::workspace::Workspace;
use crate::store::{catalog, image_file, load_times, project_record, publish};
use crate::template;
use crate::ui::message;
use crate::ui::progress::Verbosity;

impl BuildContext<'_> {
    /// Makes the image of `plan` and puts it in force.
    ///
    /// # Errors
    /// Where a step fails or we are interrupted; the previous image then stays in force.
    pub(super) fn make(&self, plan: &Plan, options: Options) -> Result<Made, Error> {
        let layout = &self.toolchain.context.layout;
        let seen: Vec<Option<i64>> =
            plan.projects().into_iter().map(|(state, _)| self.last_load(state)).collect();
        let workspace = Workspace::create(layout)?;
        let expected = project_record::read(layout, &plan.state().folder)
            .map(|record| record.measured.stages)
            .unwrap_or_default();
        let expected = expected.into_iter().map(|time| (time.stage, time.seconds)).collect();
        let progress = self.display.progress(&label(plan), expected);
        let watcher = BuildWatcher::new(&progress, &workspace, &self.interruption);
        let made = match self.make_in(plan, options, &workspace, &watcher) {
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
                self.adopt(plan, &key)?;
                let image = catalog::read(layout, &key, &self.toolchain.context.processor())
                    .map_err(io::Error::other)?;
                return Ok(Made {
                    record: image.record,
                    builder: image.inputs.builder.clone(),
                    is_new: false,
                });
            }
        };
        made.record.measured.build = progress.elapsed().as_secs_f64();
        // With a runner, the memory measured here is the runner's, not the build's.
        let is_here = self.toolchain.settings.runner.value.is_empty();
        let peaks = if is_here { watcher.peaks() } else { Vec::new() };
        made.record.measured.peak_memory = peaks.iter().copied().max().unwrap_or_default();
        let peaks = peaks.into_iter().chain(std::iter::repeat(0));
        let stages = progress.finish().into_iter().zip(peaks);
        made.record.measured.stages =
            stages.map(|((stage, seconds), peak_memory)| StageTime { stage, seconds, peak_memory }).collect();
        // The image is in force already; a record without figures would only cost the estimate.
        publish::update(layout, &made.record)?;
        for (place, (state, _)) in plan.projects().into_iter().enumerate() {
            self.remember(plan, state, &made.record)?;
            let seen = seen.get(place).copied().flatten();
            project_record::update(layout, &state.folder, |record| record.seen = record.seen.max(seen))?;
        }
        Ok(Made { record: made.record, builder: made.builder.name(), is_new: true })
    }

    /// Runs all steps until the image is in force.
    fn make_in(
        &self,
        plan: &Plan,
        options: Options,
        workspace: &Workspace,
        watcher: &BuildWatcher<'_>,
    ) -> Result<Ending, Error> {
        let layout = &self.toolchain.context.layout;
        let scripts = template::materialise(&layout.scripts())?;
        platform::create_private_folders(&layout.builders())?;
        platform::close_to_others(&layout.builders())?;
        let prepared = workspace.path().join(publish::PREPARED);
        platform::create_private_folders(&prepared)?;
        let log = prepared.join("build.log");
        let work = Work { folder: workspace.path(), scripts: &scripts, log: &log, watcher };
        let quiet = options.verbosity == Verbosity::Quiet;
        let builder = choice::choose(self, work, quiet)?;
        let outcome = self.make_with(builder, plan, options, work, watcher);
        if let Err(Error::Build { source, .. }) = &outcome
            && let Some(text) = source.of_packagecompiler()
            && choice::may_build_directly(self)
        {
            choice::remember_failure(self, text, quiet);
            return self.make_with(Builder::Direct, plan, options, work, watcher);
        }
        outcome
    }

    /// Waits for its turn at this image, then builds it with `builder`.
    fn make_with(
        &self,
        builder: Builder,
        plan: &Plan,
        options: Options,
        work: Work<'_>,
        watcher: &BuildWatcher<'_>,
    ) -> Result<Ending, Error> {
        let inputs = with_builder(&plan.inputs, &builder);
        let key = inputs.key();
        let Some(turn) = Turn::wait(self.toolchain.context, key.as_str(), watcher)? else {
            return Err(interrupted(watcher));
        };
        let outcome = match turn.failure_before() {
            Some(source) => Err(Error::Build { source, log: None }),
            None => self.make_in_turn(Recipe { builder, inputs, key }, plan, options, work, watcher),
        };
        turn.end(&outcome);
        outcome
    }

    /// Builds the image while nobody else does, unless another process has just made it.
    fn make_in_turn(
        &self,
        recipe: Recipe,
        plan: &Plan,
        options: Options,
        work: Work<'_>,
        watcher: &BuildWatcher<'_>,
    ) -> Result<Ending, Error> {
        let Recipe { builder, inputs, key } = recipe;
        let layout = &self.toolchain.context.layout;
        recording::merge(layout, &plan.folders());
        let recordings = plan.recordings(self);
        if !options.force && self.is_there(&key, plan, &recordings) {
            return Ok(Ending::MadeByAnother(key));
        }
        let project_lock = format!("project-{}", name_of(&plan.state().folder));
        let Some(_project_lock) = Turn::wait(self.toolchain.context, &project_lock, watcher)? else {
            return Err(interrupted(watcher));
        };
        let Some(prepared) = work.log.parent() else { return Err(io::Error::other("no folder").into()) };
        let bake_folder =
            layout.bake_project(&self.toolchain.installation.identity.version, &plan.state().folder);
        let bake_file =
            bake_project::write(&bake_folder, plan.state(), plan.packages(), &self.toolchain.installation)?;
        let image = prepared.join(layout.image_file(&key).file_name().unwrap_or_default());
        let requests = plan.requests();
        let launched = plan.state().launched_project();
        // Only our own project holds the packages of several environments together.
        let project_file = if plan.state().is_joined() { &bake_file } else { &launched };
        let session = Session {
            julia: &self.toolchain.installation,
            julia_arguments: &self.toolchain.located.arguments,
            runner: &self.toolchain.settings.runner.value,
            project_file,
            folder: work.folder,
            scripts: work.scripts,
            log: work.log,
            limits: self.limits(options.jobs, &plan.state().folder),
            watcher,
        };
        let base = Job {
            session,
            bake_project: &bake_folder,
            image: &image,
            packages: &requests,
            statements: &[],
            cpu_target: &inputs.cpu_target,
            arguments: &inputs.arguments,
            linker: self.linker.as_ref(),
        };
        let failed = |source| Error::Build { source, log: Some(work.log.to_owned()) };
        let startup = layout.startup_statements(&self.toolchain.installation.identity);
        let mut learned = build_image(&base, &builder, plan, &startup, &recordings).map_err(failed)?;
        let load_times = std::mem::take(&mut learned.load_times);
        let mut record = self.record(plan, &key, &image, recordings.digest(), learned)?;
        if let Ok(before) = catalog::read(layout, &key, &self.toolchain.context.processor()) {
            let Measurements { load_without, load_with, .. } = before.record.measured;
            record.measured = Measurements { load_without, load_with, ..record.measured };
        }
        record.measured.image_threads = self.image_threads(session.limits).unwrap_or_default();
        // The runner may have used machines with different processors.
        if fitness(&record.targets, &self.toolchain.context.processor()) == Fitness::Unfit {
            return Err(failed(BuildError::OtherProcessor));
        }
        publish::publish(layout, prepared, &record, &inputs)?;
        let published = layout.image_file(&key);
        let session = Session { log: &published.with_file_name("build.log"), ..session };
        let job = Job { session, image: &published, ..base };
        precompile_outside(&job, plan, &mut record);
        load_times::keep(layout, &key, &load_times);
        Ok(Ending::Made(Box::new(JustMade { record, builder })))
    }

    /// Whether the image is there, can be used, and holds all that was recorded.
    fn is_there(&self, key: &Digest, plan: &Plan, recordings: &Recordings) -> bool {
        let layout = &self.toolchain.context.layout;
        let image = catalog::read(layout, key, &self.toolchain.context.processor());
        image.is_ok_and(|image| {
            let is_whole = !recordings.lacking(layout, &image.record).is_worth_a_build();
            image.can_be_used() && is_whole && plan.is_unhindered(self, &image)
        })
    }

    fn record(
        &self,
        plan: &Plan,
        key: &Digest,
        image: &Path,
        recorded: Option<Digest>,
        learned: Learned,
    ) -> Result<ImageRecord, Error> {
        let Learned { loaded, tracked, artifacts, direct_only, .. } = learned;
        let others = plan.members.iter().map(|member| path_text::encode(&member.state.folder));
        platform::protect_file(image)?;
        Ok(ImageRecord {
            format: RECORD_FORMAT,
            key: key.clone(),
            built: context::now(),
            project: path_text::encode(&plan.state().folder),
            julia: path_text::encode(&self.toolchain.installation.binary),
            file: catalog::record_of(&self.toolchain.context.layout, key, image)?,
            measured: Measurements::default(),
            precompiled_for: Vec::new(),
            shared_with: others.collect(),
            recorded,
            tried_on: Some(self.toolchain.context.processor_fingerprint.clone()),
            targets: image_file::targets(image),
            loaded,
            removes_marks: true,
            tracked,
            artifacts,
            direct_only,
        })
    }

    /// Keeps the log of a build that failed, where `jlproj log` finds it.
    fn keep_log(&self, error: Error, plan: &Plan, workspace: &Workspace) -> Error {
        let Error::Build { source, .. } = error else { return error };
        if matches!(source, BuildError::FailedElsewhere { .. }) {
            // The other build kept its own.
            return Error::Build { source, log: None };
        }
        let kept = self.toolchain.context.layout.failed_log(&plan.state().folder);
        let log = workspace.path().join(publish::PREPARED).join("build.log");
        let copied = fs_err::read(&log).and_then(|text| crate::fs::replace(&kept, &text));
        Error::Build { source, log: copied.is_ok().then_some(kept) }
    }
}

/// Builder, inputs and key of an image.
#[derive(Debug)]
struct Recipe {
    builder: Builder,
    inputs: KeyInputs,
    key: Digest,
}

/// How a build ended.
#[derive(Debug)]
enum Ending {
    Made(Box<JustMade>),
    /// Another process had the lock, and made the image of this key.
    MadeByAnother(Digest),
}

/// A new image, and what made it.
#[derive(Debug)]
struct JustMade {
    record: ImageRecord,
    builder: Builder,
}

/// The image at the end of a build.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) record: ImageRecord,
    /// The name of the builder.
    pub(crate) builder: String,
    /// Whether this build made it, and not another one that it waited for.
    pub(crate) is_new: bool,
}

/// Name of the project's folder, which distinguishes builds that run side by side.
fn label(plan: &Plan) -> String {
    let folder = &plan.state().folder;
    path_text::encode(Path::new(folder.file_name().unwrap_or(folder.as_os_str())))
}

fn interrupted(watcher: &BuildWatcher<'_>) -> Error {
    let signal = watcher.interruption.signal().unwrap_or_default();
    Error::Build { source: BuildError::Interrupted(signal), log: None }
}

/// The inputs with the builder that was chosen.
fn with_builder(inputs: &KeyInputs, builder: &Builder) -> KeyInputs {
    KeyInputs { builder: builder.name(), template: builder.template().digest(), ..inputs.clone() }
}
