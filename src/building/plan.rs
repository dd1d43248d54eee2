//! Plans of builds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assessment::{self, AssessedProject, Assessment, ProjectState, Survey, Toolchain};
use crate::building::context::BuildContext;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::julia::exchange::PackageRequest;
use crate::model::image::key::{BakedPackage, Digest, KeyInputs, find};
use crate::model::image::pycall::PYCALL;
use crate::model::image::record::KnownImage;
use crate::model::image::wanted::Wanted;
use crate::model::loading::dependency_order::dependency_order;
use crate::model::loading::environment::ProjectFlag;
use crate::store::recording::{Lacking, Recordings};

/// One image to be made: for which projects, from which inputs.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The project that it is built from.
    pub(super) assessment: Assessment,
    /// Inputs of the image: those that the project wants, or those that it shares with others.
    pub(super) inputs: Arc<KeyInputs>,
    /// The other projects that it is built for.
    pub(super) members: Vec<AssessedProject>,
    /// Whether it holds packages that some of its projects do not have, as their user accepted.
    pub(super) is_union: bool,
}

impl Plan {
    /// Plans the image of one project.
    ///
    /// # Errors
    /// Where there is no project with a manifest, or nothing in it to bake.
    pub(crate) fn make(toolchain: &Toolchain<'_>, flag: Option<&ProjectFlag>) -> Result<Self, Error> {
        let assessment = toolchain.assess(flag)?;
        if assessment.wanted.inputs.packages.is_empty() {
            let outside = assessment.wanted.outside.values();
            let outside = outside.map(|(name, reason)| format!("{name}: {reason}")).take(8);
            let empty = assessment.state.empty_manifest().map(|name| format!("`{name}` names no package"));
            let reasons = empty.into_iter().chain(assessment.state.note_on_names()).chain(outside).collect();
            return Err(Error::NothingToBake { reasons });
        }
        let inputs = Arc::clone(&assessment.wanted.inputs);
        Ok(Self { assessment, inputs, members: Vec::new(), is_union: false })
    }

    /// Plans an image of `packages` for several projects, built from `leader`. Workload and statement files concern one
    /// project: they are left out unless the packages are exactly the leader's.
    pub(crate) fn shared(
        survey: &Survey,
        leader: AssessedProject,
        members: Vec<AssessedProject>,
        packages: Vec<BakedPackage>,
        is_union: bool,
    ) -> Self {
        let AssessedProject { mut state, wanted, verdict, .. } = leader;
        let is_own = packages == wanted.inputs.packages;
        let mut inputs = KeyInputs { packages, ..KeyInputs::clone(&wanted.inputs) };
        if !is_own {
            (inputs.workload, inputs.statements) = (Vec::new(), Vec::new());
        }
        inputs.libpython = inputs.libpython.filter(|_| find(&inputs.packages, PYCALL).is_some());
        if is_union {
            state.join(members.iter().map(|member| &member.state));
        }
        let assessment = Assessment { state, wanted, catalog: survey.catalog.clone(), verdict };
        Self { assessment, inputs: Arc::new(inputs), members, is_union }
    }

    /// Key of the image of exactly these inputs, if it exists and can be used.
    pub(super) fn done(&self, build: &BuildContext<'_>) -> Option<&Digest> {
        let Assessment { wanted, catalog, .. } = &self.assessment;
        let wanted = Wanted { inputs: Arc::clone(&self.inputs), ..wanted.clone() };
        let keys = wanted.keys();
        let mut images = catalog.images.iter().filter(|image| image.can_be_used());
        images
            .find(|image| wanted.is_exactly(&keys, image) && self.is_unhindered(build, image))
            .map(|image| &image.record.key)
    }

    /// Whether no obstacle keeps an image from being used.
    pub(super) fn is_unhindered(&self, build: &BuildContext<'_>, image: &KnownImage) -> bool {
        let layout = &build.toolchain.context.layout;
        assessment::obstacles(layout, &image.record, self.state(), &ObservedFiles::default()).is_empty()
    }

    /// Statements that were recorded in the plan's projects and not replayed in the build of its image; `None` if that is
    /// not there.
    pub(crate) fn lacking(&self, build: &BuildContext<'_>) -> Option<Lacking> {
        let image = self.done(build).and_then(|key| self.assessment.catalog.image(key))?;
        Some(self.recordings(build).lacking(&build.toolchain.context.layout, &image.record))
    }

    /// Recordings of the starts of the plan's projects, limited to the packages that the image can hold.
    pub(super) fn recordings(&self, build: &BuildContext<'_>) -> Recordings {
        let projects = self.folders();
        let held = self.packages().iter().map(|package| package.name.clone());
        let held = held.chain(build.toolchain.installation.names_in_default_image());
        Recordings::read(&build.toolchain.context.layout, &projects, &held.collect())
    }

    pub(crate) fn state(&self) -> &ProjectState {
        &self.assessment.state
    }

    /// Projects that the image is for, each with its state and its wanted inputs.
    pub(super) fn projects(&self) -> Vec<(&ProjectState, &Wanted)> {
        let members = self.members.iter().map(|member| (&member.state, &member.wanted));
        std::iter::once((self.state(), &self.assessment.wanted)).chain(members).collect()
    }

    /// The folders of these projects.
    pub(super) fn folders(&self) -> Vec<&Path> {
        self.projects().iter().map(|(state, _)| state.folder.as_path()).collect()
    }

    /// The packages to bake.
    pub(crate) fn packages(&self) -> &[BakedPackage] {
        &self.inputs.packages
    }

    /// The packages to bake, in the form that scripts take, dependencies first.
    pub(super) fn requests(&self) -> Vec<PackageRequest> {
        let order = dependency_order(&self.state().manifest).sorted;
        let place = |package: &BakedPackage| order.iter().position(|uuid| *uuid == package.uuid);
        let mut packages: Vec<&BakedPackage> = self.packages().iter().collect();
        packages.sort_by_cached_key(|package| place(package));
        packages.into_iter().map(request).collect()
    }

    /// The direct dependencies of a project that are not baked.
    pub(super) fn outside(&self, state: &ProjectState) -> Vec<PackageRequest> {
        let baked: BTreeSet<String> =
            self.packages().iter().map(|package| package.uuid.to_string()).collect();
        direct_dependencies(state).into_iter().filter(|request| !baked.contains(&request.uuid)).collect()
    }

    /// Workload files: run while their compilation is recorded.
    pub(super) fn workload(&self) -> Vec<PathBuf> {
        self.inputs.workload.iter().map(|file| self.state().folder.join(&file.path)).collect()
    }

    /// Files of `precompile` statements that the project names.
    pub(super) fn statements(&self) -> Vec<PathBuf> {
        self.inputs.statements.iter().map(|file| self.state().folder.join(&file.path)).collect()
    }
}

/// Direct dependencies of a project: the packages that its user would load.
pub(crate) fn direct_dependencies(state: &ProjectState) -> Vec<PackageRequest> {
    let held = |uuid: &uuid::Uuid| state.manifest.packages.contains_key(uuid);
    let direct = state.direct().into_iter().filter(|(_, uuid)| held(uuid));
    direct.map(|(name, uuid)| named(name, &uuid.to_string())).collect()
}

fn request(package: &BakedPackage) -> PackageRequest {
    PackageRequest { tree_hash: package.tree.clone(), ..named(&package.name, &package.uuid.to_string()) }
}

fn named(name: &str, uuid: &str) -> PackageRequest {
    PackageRequest { name: name.to_owned(), uuid: uuid.to_owned(), tree_hash: String::new() }
}
