//! Settings in force and Julia of a command, opened first.

use std::path::PathBuf;

use crate::assessment::basis::Basis;
use crate::assessment::environment::locate_environment;
use crate::assessment::julia::{ForProject, describe, find};
use crate::assessment::settings::settings;
use crate::assessment::verdict::{Assessment, assess};
use crate::assessment::{ProjectState, depots};
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::julia::locate::Located;
use crate::model::loading::environment::{Environment, ProjectFlag};
use crate::model::settings::{Flags, Settings};
use crate::store::installation_cache;

/// The settings and the Julia of a command.
#[derive(Debug)]
pub(crate) struct Toolchain<'a> {
    pub(crate) context: &'a Context,
    pub(crate) settings: Settings,
    pub(crate) located: Located,
    pub(crate) installation: Installation,
}

impl<'a> Toolchain<'a> {
    /// Resolves the settings, finds the Julia for a project, and asks it about itself if the store does not know it.
    ///
    /// # Errors
    /// Where a setting cannot be followed, there is no Julia, or it does not answer.
    pub(crate) fn open(context: &'a Context, flags: Flags, project: ForProject<'_>) -> Result<Self, Error> {
        let settings = settings(context, flags)?;
        let located = find(context, None, &settings.julia, project)?;
        let installation = describe(context, &located)?;
        Ok(Self { context, settings, located, installation })
    }

    /// The same for a command that only reads records: where there is no Julia, the newest one that was ever asked stands in.
    ///
    /// # Errors
    /// Where a setting cannot be followed, the Julia of `--julia` is not there, or none was ever asked.
    pub(crate) fn open_for_records(
        context: &'a Context,
        flags: Flags,
        project: ForProject<'_>,
    ) -> Result<Self, Error> {
        let is_named = flags.julia.is_some();
        let settings = settings(context, flags)?;
        let (located, installation) = match find(context, None, &settings.julia, project) {
            Err(error) if !is_named => {
                let known = installation_cache::read_all(&context.layout).into_iter();
                let newest = known.map(|julia| julia.installation).max_by_key(Installation::version);
                let installation = newest.ok_or(error)?;
                let binary = installation.binary.0.clone();
                (Located { binary, arguments: Vec::new(), reason: "as it was".to_owned() }, installation)
            }
            found => {
                let located = found?;
                let installation = describe(context, &located)?;
                (located, installation)
            }
        };
        Ok(Self { context, settings, located, installation })
    }

    /// What assessments in it are based on.
    pub(crate) fn basis(&self) -> Basis<'_> {
        Basis { context: self.context, installation: &self.installation, settings: &self.settings }
    }

    /// The environment of a start with this `--project`, and the depots.
    ///
    /// # Errors
    /// Where the environment cannot be determined.
    pub(crate) fn environment(
        &self,
        flag: Option<&ProjectFlag>,
        files: &ObservedFiles,
    ) -> Result<(Environment, Vec<PathBuf>), Error> {
        locate_environment(self.context, &self.installation, flag, None, files)
    }

    /// The depots that Julia searches.
    ///
    /// # Errors
    /// Where a `~` in `JULIA_DEPOT_PATH` cannot be expanded.
    pub(crate) fn depots(&self) -> Result<Vec<PathBuf>, Error> {
        depots(self.context, &self.installation)
    }

    /// The project of a start with this `--project`, with the verdict on it.
    ///
    /// # Errors
    /// Where there is none, or a file of it cannot be read.
    pub(crate) fn assess(&self, flag: Option<&ProjectFlag>) -> Result<Assessment, Error> {
        let files = ObservedFiles::default();
        let (environment, depots) = self.environment(flag, &files)?;
        let state = ProjectState::read(self.basis(), environment, depots, &files)?;
        assess(self.basis(), state, &files)
    }
}
