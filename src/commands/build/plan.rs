//! What is to be built.

use std::path::PathBuf;

use crate::assessment::{self, Assessment, ProjectState};
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::julia::exchange::PackageRequest;
use crate::julia::locate::Located;
use crate::model::environment::ProjectFlag;
use crate::model::key::{BakedPackage, Digest};
use crate::model::settings::Settings;
use crate::model::verdict::Verdict;

/// The Julia that builds.
#[derive(Debug)]
pub(super) struct JuliaInUse {
    pub(super) located: Located,
    pub(super) installation: Installation,
}

/// The build of one project.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) assessment: Assessment,
}

impl Plan {
    /// Reads the project and decides.
    ///
    /// # Errors
    /// Where there is no project with a manifest, or nothing in it to bake.
    pub(super) fn make(
        context: &Context,
        settings: &Settings,
        julia: &JuliaInUse,
        flag: Option<&ProjectFlag>,
    ) -> Result<Self, Error> {
        let files = ObservedFiles::default();
        let installation = &julia.installation;
        let (environment, depots) =
            assessment::locate_environment(context, installation, flag, None, &files)?;
        let state = ProjectState::read(context, environment, depots, &files)?;
        let assessment = assessment::assess(context, installation, settings, state, &files)?;
        if assessment.wanted.inputs.packages.is_empty() {
            let outside = assessment.wanted.outside.values();
            let reasons = outside.map(|(name, reason)| format!("{name}: {reason}")).take(8).collect();
            return Err(Error::NothingToBake { reasons });
        }
        Ok(Self { assessment })
    }

    /// The key of the very image, where it is there.
    pub(super) fn done(&self) -> Option<&Digest> {
        match &self.assessment.verdict {
            Verdict::Exact { key } => Some(key),
            _ => None,
        }
    }

    pub(super) fn state(&self) -> &ProjectState {
        &self.assessment.state
    }

    /// The packages to bake.
    pub(super) fn packages(&self) -> &[BakedPackage] {
        &self.assessment.wanted.inputs.packages
    }

    /// The packages to bake, for a script.
    pub(super) fn requests(&self) -> Vec<PackageRequest> {
        self.packages().iter().map(request).collect()
    }

    /// What the project depends on directly, for measuring: what a user of it would load.
    pub(super) fn direct_dependencies(&self) -> Vec<PackageRequest> {
        let state = self.state();
        let held = |uuid: &uuid::Uuid| state.manifest.packages.contains_key(uuid);
        let dependencies = state.project.dependencies.iter().filter(|(_, uuid)| held(uuid));
        dependencies.map(|(name, uuid)| named(name, &uuid.to_string())).collect()
    }

    /// The direct dependencies that are not baked.
    pub(super) fn outside(&self) -> Vec<PackageRequest> {
        let baked = |request: &PackageRequest| {
            self.packages().iter().any(|package| package.uuid.to_string() == request.uuid)
        };
        self.direct_dependencies().into_iter().filter(|request| !baked(request)).collect()
    }

    /// The files that are run while what they compile is recorded.
    pub(super) fn workload(&self) -> Vec<PathBuf> {
        let state = self.state();
        state.settings.precompile_workload.iter().map(|path| state.folder.join(path)).collect()
    }

    /// The files of statements that the project gives.
    pub(super) fn statements(&self) -> Vec<PathBuf> {
        let state = self.state();
        state.settings.precompile_statements.iter().map(|path| state.folder.join(path)).collect()
    }
}

fn request(package: &BakedPackage) -> PackageRequest {
    PackageRequest { tree_hash: package.tree.clone(), ..named(&package.name, &package.uuid.to_string()) }
}

fn named(name: &str, uuid: &str) -> PackageRequest {
    PackageRequest { name: name.to_owned(), uuid: uuid.to_owned(), tree_hash: String::new() }
}
