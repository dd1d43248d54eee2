//! Chooses the few images that serve the most projects: a facility location problem.
//!
//! Owns the choice: from what each project would bake, how often it is started, and what may be spent, it computes
//! which sets of packages become images and which project uses which. It does not know where the numbers come from, and
//! builds nothing.
//!
//! A choice is a set of disjoint groups of projects. The image of a group holds the packages that its projects have in
//! common; if foreign packages are permitted, it may hold all of their packages instead. Then every project uses the
//! image that is of most value to it, whether or not the image was made for its group.
//!
//! Few kinds of projects are searched completely ([`exact`]). Many are merged step by step ([`merging`]) or
//! picked one by one ([`greedy`]), and the better of both is improved ([`improvement`]).

mod assignment;
mod exact;
mod greedy;
mod group;
mod improvement;
mod instance;
mod merging;
mod package_set;
#[cfg(test)]
mod tests;

use assignment::assigned;
use instance::{Image, Instance};

/// One distinct package content (a digest), numbered by its place in the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PackageCost {
    /// The package that it is a content of. Two contents of one identity exclude each other in an image.
    pub(crate) identity: usize,
    /// Seconds that it saves at a start when baked; not negative.
    pub(crate) seconds: f64,
    /// Bytes that it adds to an image.
    pub(crate) bytes: u64,
}

/// A project: the packages that it would bake, and how often it is started.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Need {
    pub(crate) starts_per_week: f64,
    /// Sorted places in the list of packages; closed under dependencies, one content of each identity.
    pub(crate) packages: Vec<usize>,
}

/// Limits and costs of images.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Budget {
    /// At most this many images.
    pub(crate) images: usize,
    /// Bytes of all images together; `None`: no limit.
    pub(crate) disk: Option<u64>,
    /// Bytes of an image without any package.
    pub(crate) image_bytes: u64,
    /// Seconds per week that an image must be worth: its build, spread over its life.
    pub(crate) image_cost: f64,
    /// Seconds per week and project that each package left outside of the project's image costs. 0 before Julia 1.9;
    /// later, it is precompiled once more, and that is spread.
    pub(crate) outside_cost: f64,
    /// Permits images that hold more than a project has.
    pub(crate) union: bool,
    /// Seconds per start that each foreign package in its image costs a project.
    pub(crate) foreign_cost: f64,
}

/// An image, and the projects that use it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SharedImage {
    /// Sorted places in the list of packages.
    pub(crate) packages: Vec<usize>,
    /// Sorted places in the list of projects.
    pub(crate) projects: Vec<usize>,
    /// Holds packages that some of its projects do not have.
    pub(crate) is_union: bool,
    /// Seconds per week over its projects, before the cost of the image.
    pub(crate) saved: f64,
    pub(crate) bytes: u64,
}

/// The images to make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sharing {
    /// Most worth first.
    pub(crate) images: Vec<SharedImage>,
    /// Seconds per week over all images, before the cost of the images.
    pub(crate) saved: f64,
    /// Seconds per week that an image of its own for every project would save, before the cost of the images.
    pub(crate) possible: f64,
    /// Whether no other choice of groups saves more.
    pub(crate) is_exact: bool,
}

/// Chooses the images that save the most, after what they cost, within the budget.
#[must_use]
pub(crate) fn share(projects: &[Need], packages: &[PackageCost], budget: &Budget) -> Sharing {
    let instance = Instance::new(projects, packages, budget);
    let approximate = approximate(&instance);
    let (images, is_exact) = exact::improved(&instance, approximate);
    assigned(&instance, projects, images, is_exact)
}

/// Finds a good choice in a time that grows with the square of the number of projects.
fn approximate(instance: &Instance<'_>) -> Vec<Image> {
    let mut choices = choices(instance);
    if instance.budget.union {
        // A group takes the image that is worth more, even if only the smaller one fits on the disk: both are tried.
        let budget = Budget { union: false, ..instance.budget.clone() };
        choices.extend(self::choices(&Instance { budget: &budget, ..instance.clone() }));
    }
    // The first of equals stays, so that the answer does not depend on rounding elsewhere.
    let mut best: (f64, Vec<Image>) = (0.0, Vec::new());
    for images in choices {
        let worth = instance.worth(&images);
        if worth > best.0 + instance.negligible {
            best = (worth, images);
        }
    }
    best.1
}

/// Returns the choice that each method arrives at.
fn choices(instance: &Instance<'_>) -> Vec<Vec<Image>> {
    let (merged, mut candidates) = merging::merged(instance, group::singles(instance));
    candidates.extend(greedy::overlaps(instance));
    let mut starts = vec![merged];
    starts.extend(greedy::picked(instance, &candidates));
    starts.into_iter().map(|groups| improvement::improved(instance, groups)).collect()
}
