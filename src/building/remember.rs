//! Records of projects after a build: their image, and what it cost them.

use std::collections::BTreeSet;

use crate::assessment::{ProjectState, Surroundings};
use crate::building::context::BuildContext;
use crate::building::plan::Plan;
use crate::context;
use crate::error::Error;
use crate::model::image::key::Digest;
use crate::model::image::record::{ImageRecord, Measurements};
use crate::path_text;
use crate::store::{catalog, project_record};

impl BuildContext<'_> {
    /// Time at which somebody else last loaded the project's packages, from Julia's caches: a build overwrites it.
    pub(super) fn last_load(&self, state: &ProjectState) -> Option<i64> {
        let record = project_record::read(&self.toolchain.context.layout, &state.folder);
        let worked = record.as_ref().and_then(|record| record.worked).unwrap_or(i64::MIN);
        let image =
            record.and_then(|record| record.image).map(|key| self.toolchain.context.layout.image_file(&key));
        let baked = BTreeSet::new();
        let images = std::iter::once(None).chain(image.as_deref().map(Some));
        let loads = images.flat_map(|image| {
            let (installation, cpu_target) =
                (&self.toolchain.installation, self.toolchain.context.cpu_target());
            Surroundings { installation, state, image, baked: &baked, cpu_target }.last_loads()
        });
        loads.filter(|time| *time > worked).max()
    }

    /// Records an existing image, whichever project it was made for, as the image of the plan's projects.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) fn adopt(&self, plan: &Plan, key: &Digest) -> Result<(), Error> {
        let Ok(image) =
            catalog::read(&self.toolchain.context.layout, key, &self.toolchain.context.processor())
        else {
            return Ok(());
        };
        for (state, _) in plan.projects() {
            let known = project_record::read(&self.toolchain.context.layout, &state.folder);
            if known.is_none_or(|record| record.image.as_ref() != Some(key)) {
                let measured = &image.record.measured;
                let is_own = image.record.is_for(&path_text::encode(&state.folder));
                let times = if is_own || plan.members.is_empty() {
                    (measured.load_without, measured.load_with)
                } else {
                    (0.0, 0.0)
                };
                self.write_record(plan, state, &image.record, Some(times), 0.0)?;
            }
        }
        Ok(())
    }

    /// Records that this is a project's image, and removes the log of an earlier failed build.
    pub(super) fn remember(
        &self,
        plan: &Plan,
        state: &ProjectState,
        image: &ImageRecord,
    ) -> Result<(), Error> {
        #[expect(clippy::cast_precision_loss, reason = "a number of projects is exact in a double")]
        let share = image.measured.build / plan.projects().len() as f64;
        self.write_record(plan, state, image, None, share)?;
        let _ = fs_err::remove_file(self.toolchain.context.layout.failed_log(&state.folder));
        Ok(())
    }

    fn write_record(
        &self,
        plan: &Plan,
        state: &ProjectState,
        image: &ImageRecord,
        times: Option<(f64, f64)>,
        spent: f64,
    ) -> Result<(), Error> {
        let layout = &self.toolchain.context.layout;
        let warmed = warmed(self, plan, state, &image.key);
        project_record::update(layout, &state.folder, |record| {
            // Of an image made anew from the same what was measured holds.
            let is_same = record.image.as_ref() == Some(&image.key);
            let known = is_same.then_some((record.measured.load_without, record.measured.load_with));
            let (load_without, load_with) = times.or(known).unwrap_or_default();
            record.image = Some(image.key.clone());
            record.measured = Measurements { load_without, load_with, ..image.measured.clone() };
            record.spent += spent;
            record.is_declined = false;
            record.worked = Some(context::now());
            record.warmed = Some(warmed);
            if plan.is_union && !record.accepted.contains(&image.key) {
                record.accepted.push(image.key.clone());
            }
        })?;
        Ok(())
    }
}

/// Digest of the packages that are compiled for a project's next start under this image.
fn warmed(build: &BuildContext<'_>, plan: &Plan, state: &ProjectState, key: &Digest) -> Digest {
    let baked = plan.packages().iter().map(|package| package.uuid).collect();
    let image = build.toolchain.context.layout.image_file(key);
    let surroundings = Surroundings {
        installation: &build.toolchain.installation,
        state,
        image: Some(&image),
        baked: &baked,
        cpu_target: build.toolchain.context.cpu_target(),
    };
    surroundings.digest()
}
