//! Offer to a program that starts Julia: the Julia, the project, and the image if it may have one.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::assessment::{self, Basis, ForProject, ProjectState, Toolchain};
use crate::context::Context;
use crate::error::Error;
use crate::fs::{self, ObservedFiles};
use crate::model::hosts::embedding::{self, Embedder};
use crate::model::image::key::find;
use crate::model::image::pycall::{PYCALL, PYTHONCALL};
use crate::model::image::verdict::Verdict;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::{Flags, ImagePolicy};
use crate::path_text::PathText;

/// Request of a program that starts Julia.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfferRequest<'a> {
    pub(crate) project: Option<&'a OsStr>,
    pub(crate) julia: Option<OsString>,
    pub(crate) embedder: Embedder,
}

/// Answer to a request. Paths are path text: `%XX` stands for a byte that is not text, and for `%` itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Offer {
    /// `JLPROJ_DISABLE` is set: nothing is to be changed.
    pub(crate) disabled: bool,
    pub(crate) julia: PathText,
    pub(crate) julia_version: String,
    /// The folder of the real binary.
    pub(crate) julia_folder: PathText,
    /// Value for `JULIA_PROJECT`; none if Julia finds its default by itself.
    pub(crate) project: Option<PathText>,
    /// An image that may be used at once.
    pub(crate) sysimage: Option<PathText>,
    /// Why there is no image.
    pub(crate) reason: Option<String>,
    /// Whether the project has these packages, and whether the image holds them.
    pub(crate) pycall: OfferPlace,
    pub(crate) pythoncall: OfferPlace,
    pub(crate) pythoncall_version: Option<String>,
}

/// Where a package is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OfferPlace {
    /// Not in the project.
    #[default]
    Absent,
    /// In the project, but neither in its image nor in one that would be built.
    Project,
    /// In the image, or in the one that would be built.
    Image,
}

/// Computes the offer. Trouble with the project's files means that there is no image, not a failure.
///
/// # Errors
/// Where there is no Julia, or the settings cannot be followed.
pub(crate) fn offer(context: &Context, request: &OfferRequest<'_>) -> Result<Offer, Error> {
    let overrides = Flags { julia: request.julia.clone(), ..Flags::default() };
    let flag = request.project.map(|project| ProjectFlag::Value(project.to_owned()));
    let toolchain = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?;
    let files = ObservedFiles::default();
    let (environment, depots) = toolchain.environment(flag.as_ref(), &files)?;
    let Toolchain { settings, located, installation, .. } = toolchain;
    let version = installation.identity.version.clone();
    let base = assessment::plain_decision(&environment, &files, version.clone());
    let mut offer = Offer {
        disabled: context.variables.disable,
        julia: PathText(located.binary.clone()),
        julia_version: version,
        julia_folder: installation.binary_folder.clone(),
        project: base.project_option.map(PathText::from),
        sysimage: None,
        reason: None,
        pycall: OfferPlace::Absent,
        pythoncall: OfferPlace::Absent,
        pythoncall_version: None,
    };
    let basis = Basis { context, installation: &installation, settings: &settings };
    let assessed = ProjectState::read(basis, environment, depots, &files)
        .and_then(|state| assessment::assess(basis, state, &files));
    match assessed {
        Ok(assessment) => offer.add_image(&assessment, &request.embedder),
        Err(error) => offer.reason = Some(error.in_one_line()),
    }
    if settings.sysimage.value == ImagePolicy::None {
        offer.sysimage = None;
        offer.reason = Some(format!("switched off by {}", settings.sysimage.origin));
    }
    Ok(offer)
}

impl Offer {
    fn add_image(&mut self, assessment: &assessment::Assessment, embedder: &Embedder) {
        let packages = &assessment.state.manifest.packages;
        let key = match &assessment.verdict {
            Verdict::Exact { key } | Verdict::Contained { key, .. } => Some(key),
            Verdict::Plain(plain) => {
                self.reason = Some(assessment::reason(plain));
                None
            }
        };
        let image = assessment.catalog.images.iter().find(|image| Some(&image.record.key) == key);
        let baked = image.map_or(&assessment.wanted.inputs.packages, |image| &image.inputs.packages);
        let place = |uuid| match (find(baked, uuid), packages.contains_key(&uuid)) {
            (Some(_), _) => OfferPlace::Image,
            (None, true) => OfferPlace::Project,
            (None, false) => OfferPlace::Absent,
        };
        (self.pycall, self.pythoncall) = (place(PYCALL), place(PYTHONCALL));
        self.pythoncall_version = packages.get(&PYTHONCALL).and_then(|package| package.version.clone());
        let Some(image) = image else { return };
        let bound = image.inputs.libpython.as_deref().and_then(resolved);
        self.reason = embedding::refusal(&image.inputs, bound.as_deref(), embedder);
        if self.reason.is_none() {
            self.sysimage = Some(PathText(image.path.clone()));
        }
    }
}

/// The path without symbolic links; `None` if it is relative or leads to no file.
fn resolved(path: &str) -> Option<PathBuf> {
    let path = crate::path_text::decode(path);
    if path.is_absolute() { fs::canonicalize(Path::new(&path)).ok() } else { None }
}
