//! Measures what the image of a project saves at each start.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::building::context::BuildContext;
use crate::building::plan::{Plan, direct_dependencies};
use crate::context;
use crate::error::Error;
use crate::julia::builder::BuildError;
use crate::julia::import::{self, Purpose};
use crate::julia::session::{Limits, Session};
use crate::model::image::key::Digest;
use crate::model::image::record::{KnownImage, Measurements};
use crate::path_text;
use crate::store::lock::{Attempt, Lock};
use crate::store::workspace::Workspace;
use crate::store::{catalog, load_times, project_record, publish};
use crate::template;

/// Rounds of starts, without the image and with it in turns.
const ROUNDS: usize = 3;

impl BuildContext<'_> {
    /// Measures starts of the plan's project without its image and with it, and records them. `false` if there is no image
    /// of it.
    ///
    /// # Errors
    /// Where a package does not load, or the store cannot be written.
    pub(crate) fn measure(&self, plan: &Plan) -> Result<bool, Error> {
        let Some(key) = plan.done(self) else { return Ok(false) };
        let layout = &self.toolchain.context.layout;
        let state = plan.state();
        let seen = self.last_load(state);
        let image = catalog::read(layout, key, &self.toolchain.context.processor());
        let Ok(image) = image else { return Ok(false) };
        let workspace = Workspace::create(layout)?;
        let log = workspace.path().join("measure.log");
        let session = Session {
            julia: &self.toolchain.installation,
            julia_arguments: &self.toolchain.located.arguments,
            runner: &self.toolchain.settings.runner.value,
            project_file: &state.launched_project(),
            folder: workspace.path(),
            scripts: &template::materialise(&layout.scripts())?,
            log: &log,
            limits: Limits::default(),
            watcher: &self.interruption,
        };
        let failed = |source: BuildError| Error::Build { source, log: None };
        let direct = direct_dependencies(state);
        let (without, with) = import::measure(&session, &direct, &image.path, ROUNDS).map_err(failed)?;
        let packages = import::import(&session, &plan.requests(), None, Purpose::Load).map_err(failed)?;
        let packages = packages.packages.into_iter().map(|outcome| (outcome.uuid, outcome.seconds));
        // It may have been built again, or removed, while Julias were started.
        let Attempt::Taken(_lock) = Lock::attempt(&layout.lock(key.as_str()))? else { return Ok(false) };
        let now = catalog::read(layout, key, &self.toolchain.context.processor());
        let is_same =
            |now: &KnownImage| now.record.built == image.record.built && now.record.file == image.record.file;
        let Some(mut image) = now.ok().filter(is_same) else { return Ok(false) };
        let measured =
            Measurements { load_without: without, load_with: with, ..image.record.measured.clone() };
        if image.record.is_for(&path_text::encode(&state.folder)) {
            load_times::keep(layout, key, &packages.collect::<BTreeMap<Uuid, f64>>());
            image.record.measured = measured.clone();
            publish::update(layout, &image.record)?;
        }
        self.keep_measured(plan, key, &measured, seen)?;
        Ok(true)
    }

    fn keep_measured(
        &self,
        plan: &Plan,
        key: &Digest,
        measured: &Measurements,
        seen: Option<i64>,
    ) -> Result<(), Error> {
        project_record::update(&self.toolchain.context.layout, &plan.state().folder, |record| {
            record.worked = Some(context::now());
            record.seen = record.seen.max(seen);
            if record.image.as_ref() == Some(key) {
                record.measured = measured.clone();
            }
        })?;
        Ok(())
    }
}
