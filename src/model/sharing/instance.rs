//! The prepared problem: classes of projects with equal use, and the worth of an image to each.

use std::collections::BTreeMap;

use super::package_set::PackageSet;
use super::{Budget, Need, PackageCost};

/// Sums over a set of packages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// Seconds saved at a start.
    pub(super) seconds: f64,
    pub(super) bytes: u64,
    /// Number of packages; a float, since it is only ever multiplied with seconds.
    pub(super) count: f64,
}

/// A set of packages that may become an image.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) packages: PackageSet,
    pub(super) load: Load,
}

/// Projects for which every image is worth the same in proportion: they never want different images.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) packages: PackageSet,
    /// Other contents of the packages' identities. An image with one of them is not for these projects.
    pub(super) clashes: PackageSet,
    pub(super) load: Load,
    /// Starts per week, all projects.
    pub(super) starts: f64,
    /// Number of projects.
    pub(super) projects: f64,
}

/// The prepared problem.
#[derive(Clone, Debug)]
pub(super) struct Instance<'a> {
    pub(super) packages: &'a [PackageCost],
    pub(super) budget: &'a Budget,
    /// The classes that can save anything, most first.
    pub(super) classes: Vec<Class>,
    /// Seconds per week of an image of its own for every project.
    pub(super) possible: f64,
    /// Differences up to this, in seconds per week, are rounding.
    pub(super) negligible: f64,
}

impl<'a> Instance<'a> {
    pub(super) fn new(projects: &[Need], packages: &'a [PackageCost], budget: &'a Budget) -> Self {
        let mut instance = Self { packages, budget, classes: Vec::new(), possible: 0.0, negligible: 0.0 };
        let mut places: BTreeMap<(&[usize], u64), usize> = BTreeMap::new();
        let mut classes: Vec<Class> = Vec::new();
        for need in projects.iter().filter(|need| need.starts_per_week > 0.0) {
            // If packages left outside cost something, a rarely started project may want another image than a busy one
            // of equal packages; else all of them want the same.
            let starts = if budget.outside_cost > 0.0 { need.starts_per_week.to_bits() } else { 0 };
            let place = *places.entry((&need.packages, starts)).or_insert_with(|| {
                classes.push(Class { starts: 0.0, projects: 0.0, ..instance.class(need) });
                classes.len() - 1
            });
            classes[place].starts += need.starts_per_week;
            classes[place].projects += 1.0;
        }
        classes.retain(|class| class.own_value() > 0.0);
        classes.sort_by(|left, right| right.own_value().total_cmp(&left.own_value()));
        instance.possible = classes.iter().map(Class::own_value).sum();
        instance.negligible = 1e-12 * instance.possible;
        instance.classes = classes;
        instance
    }

    /// Returns the class of this project alone.
    pub(super) fn class(&self, need: &Need) -> Class {
        let packages = PackageSet::of(need.packages.iter().copied(), self.packages.len());
        let clashes = if self.budget.union { self.clashes(&packages) } else { PackageSet::of([], 0) };
        let load = self.load(packages.places());
        Class { packages, clashes, load, starts: need.starts_per_week, projects: 1.0 }
    }

    /// Returns the other contents of the identities in the set.
    fn clashes(&self, packages: &PackageSet) -> PackageSet {
        let mut identities: Vec<usize> =
            packages.places().map(|place| self.packages[place].identity).collect();
        identities.sort_unstable();
        let same = |place: &usize| identities.binary_search(&self.packages[*place].identity).is_ok();
        let mut clashes = PackageSet::of((0..self.packages.len()).filter(same), self.packages.len());
        clashes.remove(packages);
        clashes
    }

    pub(super) fn load(&self, places: impl Iterator<Item = usize>) -> Load {
        let mut load = Load::default();
        for place in places {
            let package = &self.packages[place];
            load.seconds += package.seconds;
            load.bytes = load.bytes.saturating_add(package.bytes);
            load.count += 1.0;
        }
        load
    }

    pub(super) fn image(&self, packages: PackageSet) -> Image {
        let load = self.load(packages.places());
        Image { packages, load }
    }

    /// Returns the seconds per week that the image saves the projects of the class; `None` if it is not for them.
    pub(super) fn value(&self, class: &Class, image: &Image) -> Option<f64> {
        let overlap = if image.packages.is_subset(&class.packages) {
            image.load
        } else if self.budget.union && image.packages.is_disjoint(&class.clashes) {
            self.load(image.packages.common_places(&class.packages))
        } else {
            return None;
        };
        let foreign = (image.load.count - overlap.count) * self.budget.foreign_cost;
        let outside = (class.load.count - overlap.count) * self.budget.outside_cost;
        // Adding zero makes a negative zero a positive one, which sorts as equal.
        let value = class.starts * (overlap.seconds - foreign) - class.projects * outside + 0.0;
        (overlap.count > 0.0).then_some(value)
    }

    /// Bytes of an image of these packages.
    pub(super) fn image_bytes(&self, load: &Load) -> u64 {
        self.budget.image_bytes.saturating_add(load.bytes)
    }

    /// Whether so many images, of so many bytes together, are within the budget.
    pub(super) fn permits(&self, images: usize, bytes: u64) -> bool {
        images <= self.budget.images && self.budget.disk.is_none_or(|disk| bytes <= disk)
    }

    /// Returns the seconds per week that the images save, after their cost, if each class uses its best.
    pub(super) fn worth(&self, images: &[Image]) -> f64 {
        let cost: f64 = images.iter().map(|_| self.budget.image_cost).sum();
        let best = |class| images.iter().filter_map(|image| self.value(class, image)).fold(0.0, f64::max);
        self.classes.iter().map(best).sum::<f64>() - cost
    }
}

impl Class {
    /// Returns the seconds per week that an image of its own would save.
    pub(super) fn own_value(&self) -> f64 {
        self.starts * self.load.seconds
    }
}
