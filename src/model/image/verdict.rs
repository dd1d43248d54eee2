//! Decides which image a project gets, and why.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::model::image::difference::{Difference, differences};
use crate::model::image::key::{BakedPackage, Digest, KeyInputs, find};
use crate::model::image::pycall::PYCALL;
use crate::model::image::record::KnownImage;
use crate::model::image::tracked::{Artifact, Obstacle};
use crate::model::image::wanted::Wanted;

/// Decision for one start of Julia in one project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The image is what would be built now.
    Exact { key: Digest },
    /// Everything in the image is, by content, something that the project loads.
    Contained {
        key: Digest,
        /// Packages that could be baked and are not in it.
        missing: Vec<String>,
        /// Other differences from what would be built now.
        differences: Vec<Difference>,
    },
    /// No image.
    Plain(Plain),
}

/// Why no image is used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    /// No package of the project can be baked. `empty_manifest` names the manifest that was read, if it lists no
    /// package at all: it may be one for this release, beside another one that lists them.
    NothingToBake { empty_manifest: Option<String> },
    /// There never was an image for this project, and none of another fits.
    NeverBuilt,
    /// The project's last image is not what the project loads now.
    Stale { key: Digest, differences: Vec<Difference> },
    /// The image would fit, but its file must not be used.
    Broken { key: Digest, flaw: String },
    /// The image would fit, but not on this processor.
    Unfit { key: Digest, reason: String },
    /// An image fits, but the packages that it leaves outside would take long to compile under it.
    TooMuchOutside { key: Digest, missing: usize },
    /// The image would fit, but an artifact that a package in it needs is not installed.
    NoArtifact { key: Digest, artifact: Artifact },
    /// The image would fit, but a package in it starts only if the project depends on it directly.
    Indirect { key: Digest, package: String },
    /// A package comes from another place than the project, earlier in the load path.
    Shadowed { name: String, place: String },
}

/// Limits that the user can set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    /// Seconds that Julia may spend compiling what a contained image leaves outside, if each image has compiled caches
    /// of its own (Julia 1.9 and later). `None`: no limit.
    pub(crate) outside: Option<f64>,
}

/// Inputs of a verdict, besides the images.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) wanted: &'a Wanted,
    /// The keys of `wanted`.
    pub(crate) keys: &'a [Digest],
    pub(crate) limits: Limits,
    /// The path text of the project's folder.
    pub(crate) project: &'a str,
    /// Images that the user accepted for the project although they hold more than it has.
    pub(crate) accepted: &'a [Digest],
    /// Packages of other environments in the load path; an accepted image must not hold them.
    pub(crate) elsewhere: &'a BTreeSet<Uuid>,
    /// Seconds that Julia would take to compile a package.
    pub(crate) compile_time: &'a dyn Fn(&BakedPackage) -> f64,
    /// The obstacles to an image that holds the right packages.
    pub(crate) obstacles: &'a dyn Fn(&KnownImage) -> Vec<Obstacle>,
}

/// Decides the verdict. `images` are the known ones, in any order.
#[must_use]
pub(crate) fn decide(case: &Case<'_>, images: &[KnownImage]) -> Verdict {
    let Case { wanted, keys, limits, .. } = *case;
    if wanted.inputs.packages.is_empty() {
        return Verdict::Plain(Plain::NothingToBake { empty_manifest: None });
    }
    let exact = images.iter().find(|image| wanted.is_exactly(keys, image));
    let is_free = |image: &KnownImage| (case.obstacles)(image).is_empty();
    if let Some(image) = exact.filter(|image| image.can_be_used() && is_free(image)) {
        return Verdict::Exact { key: image.record.key.clone() };
    }
    let mut fitting: Vec<&KnownImage> =
        images.iter().filter(|image| image.can_be_used() && fits(case, image)).collect();
    // Most of the project's packages first, then fewest others, then code for the wanted processors; ties by age,
    // newest first, then by key, so that the choice is unique.
    fitting.sort_by_key(|image| {
        let covered = covered(&image.inputs, wanted);
        let foreign = image.inputs.packages.len() - covered;
        let is_for_others = !has_wanted_target(&image.inputs, wanted);
        (Reverse(covered), foreign, is_for_others, Reverse((image.record.built, image.record.key.clone())))
    });
    let digest = wanted.packages_digest();
    let small_enough = |image: &&&KnownImage| {
        image.record.precompiled_for.contains(&digest)
            || limits.outside.is_none_or(|most| is_compiled_within(case, image, most))
    };
    if let Some(image) = fitting.iter().find(|image| small_enough(image) && is_free(image)) {
        return Verdict::Contained {
            key: image.record.key.clone(),
            missing: missing(image, wanted).map(|package| package.name.clone()).collect(),
            differences: differences(&image.inputs, wanted),
        };
    }
    Verdict::Plain(why_plain(case, images, exact, fitting.first().copied()))
}

/// Returns the most helpful reason for using no image.
fn why_plain(
    case: &Case<'_>,
    images: &[KnownImage],
    exact: Option<&KnownImage>,
    fitting: Option<&KnownImage>,
) -> Plain {
    let Case { wanted, project, .. } = *case;
    if let Some((image, flaw)) = exact.and_then(|image| Some((image, image.flaw.clone()?))) {
        return Plain::Broken { key: image.record.key.clone(), flaw };
    }
    if let Some((image, reason)) = exact.and_then(|image| Some((image, image.unfit.clone()?))) {
        return Plain::Unfit { key: image.record.key.clone(), reason };
    }
    if let Some(plain) = exact.and_then(|image| hindered(case, image)) {
        return plain;
    }
    let last = images
        .iter()
        .filter(|image| !image.is_shared && image.record.is_for(project))
        .max_by_key(|image| (image.inputs.julia == wanted.inputs.julia, image.record.built));
    if let Some(image) = last {
        let hindered = Some(image).filter(|image| fits(case, image)).and_then(|image| hindered(case, image));
        return hindered.unwrap_or_else(|| Plain::Stale {
            key: image.record.key.clone(),
            differences: differences(&image.inputs, wanted),
        });
    }
    if let Some(plain) = fitting.and_then(|image| hindered(case, image)) {
        return plain;
    }
    match fitting {
        Some(image) => {
            Plain::TooMuchOutside { key: image.record.key.clone(), missing: missing(image, wanted).count() }
        }
        None => Plain::NeverBuilt,
    }
}

/// Returns why an image with the right packages is not used; first the reasons that another build removes.
fn hindered(case: &Case<'_>, image: &KnownImage) -> Option<Plain> {
    let key = image.record.key.clone();
    let obstacles = (case.obstacles)(image);
    let tracked = obstacles.iter().filter_map(|obstacle| match obstacle {
        Obstacle::Changed { package, path, change } => {
            let (package, path) = (package.clone(), path.clone());
            Some(Difference::Tracked { package, path, change: *change })
        }
        _ => None,
    });
    let differences: Vec<Difference> = tracked.collect();
    if !differences.is_empty() {
        return Some(Plain::Stale { key, differences });
    }
    match obstacles.into_iter().next()? {
        Obstacle::NoArtifact(artifact) => Some(Plain::NoArtifact { key, artifact }),
        Obstacle::Dies => {
            let flaw = "starts under it ended before Julia was ready".to_owned();
            Some(Plain::Broken { key, flaw })
        }
        Obstacle::Indirect { package } => Some(Plain::Indirect { key, package }),
        Obstacle::Changed { .. } => None,
    }
}

/// Whether everything in the image is, by content, what the project would load; or, in an image that the user accepted,
/// something that no environment of the load path has.
fn fits(case: &Case<'_>, image: &KnownImage) -> bool {
    let (wanted, inputs) = (&case.wanted.inputs, &image.inputs);
    // An earlier jlproj recorded less than an image needs now.
    let same_world = inputs.key_version == wanted.key_version
        && inputs.julia == wanted.julia
        // Code for named processors runs on all of them, which was checked; `native` is for one processor.
        && (has_wanted_target(inputs, case.wanted) || inputs.processor.is_empty())
        && inputs.depots == wanted.depots
        && inputs.other_preferences == wanted.other_preferences
        && (inputs.libpython == wanted.libpython || find(&inputs.packages, PYCALL).is_none());
    let is_accepted = case.accepted.contains(&image.record.key);
    let is_unknown = |uuid: &Uuid| !case.wanted.outside.contains_key(uuid) && !case.elsewhere.contains(uuid);
    same_world
        && !hides_a_package(image, case.wanted)
        && covered(inputs, case.wanted) > 0
        && inputs.packages.iter().all(|package| match find(&wanted.packages, package.uuid) {
            Some(other) => other.digest == package.digest,
            None => is_accepted && is_unknown(&package.uuid),
        })
}

/// Whether the image has Julia's own form of a standard library that the project takes from elsewhere: it came with a
/// baked package, and Julia would keep using it.
fn hides_a_package(image: &KnownImage, wanted: &Wanted) -> bool {
    let is_julias_own = |uuid: &Uuid| find(&image.inputs.packages, *uuid).is_none();
    image.record.loaded.iter().any(|uuid| wanted.replaced.contains(uuid) && is_julias_own(uuid))
}

/// Whether the image is for the wanted processors.
fn has_wanted_target(image: &KeyInputs, wanted: &Wanted) -> bool {
    (&image.cpu_target, &image.processor) == (&wanted.inputs.cpu_target, &wanted.inputs.processor)
}

/// Counts the project's packages in the image.
fn covered(image: &KeyInputs, wanted: &Wanted) -> usize {
    image.packages.iter().filter(|package| find(&wanted.inputs.packages, package.uuid).is_some()).count()
}

/// Whether the packages that an image leaves outside compile within so many seconds.
fn is_compiled_within(case: &Case<'_>, image: &KnownImage, most: f64) -> bool {
    let mut total = 0.0;
    // Looks at no more packages than needed.
    missing(image, case.wanted).all(|package| {
        total += (case.compile_time)(package);
        total <= most
    })
}

/// Returns the packages that could be baked and are not in the image. A standard library may be in it without having
/// been named, for instance a dependency of Pkg.
fn missing<'a>(image: &'a KnownImage, wanted: &'a Wanted) -> impl Iterator<Item = &'a BakedPackage> {
    let is_in_it = |package: &BakedPackage| {
        find(&image.inputs.packages, package.uuid).is_some()
            || package.tree.is_empty() && image.record.loaded.contains(&package.uuid)
    };
    wanted.inputs.packages.iter().filter(move |package| !is_in_it(package))
}

#[cfg(test)]
pub(crate) mod tests;
