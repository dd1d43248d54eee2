//! A group of classes, and the image that is best for it.

use super::instance::{Class, Image, Instance, Load};
use super::package_set::PackageSet;

/// Sums over the members of a group. With them, an image for all members is valued at once.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Starts per week.
    starts: f64,
    /// Number of projects.
    projects: f64,
    /// Seconds per week if each had an image of its own.
    own_seconds: f64,
    /// Packages, summed over all projects.
    packages: f64,
    /// Packages, summed over all starts.
    started_packages: f64,
}

/// Worth of an image for a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth {
    /// Seconds per week over the members; negative if they were better off without.
    pub(super) value: f64,
    /// Bytes of the image.
    pub(super) bytes: u64,
    /// The image holds all that the members have, not only what they have in common.
    is_union: bool,
}

/// Classes that share one image.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Sorted places of classes.
    pub(super) members: Vec<usize>,
    pub(super) worth: Worth,
    sums: Sums,
    /// The packages that all members have.
    common: PackageSet,
    /// The packages that any member has. Without any word if unions are not wanted.
    all: PackageSet,
    all_load: Load,
    /// The packages that clash with those of any member. Without any word if unions are not wanted.
    clashes: PackageSet,
    /// No member's package clashes with another's.
    is_peaceful: bool,
}

/// A group for each class.
pub(super) fn singles(instance: &Instance<'_>) -> Vec<Group> {
    (0..instance.classes.len()).map(|member| Group::single(instance, member)).collect()
}

impl Group {
    pub(super) fn single(instance: &Instance<'_>, member: usize) -> Self {
        let class = &instance.classes[member];
        let union = instance.budget.union;
        let all = if union { class.packages.clone() } else { PackageSet::of([], 0) };
        let worth =
            Worth { value: class.own_value(), bytes: instance.image_bytes(&class.load), is_union: false };
        Self {
            members: vec![member],
            worth,
            sums: Sums::of(class),
            common: class.packages.clone(),
            all,
            all_load: class.load,
            clashes: class.clashes.clone(),
            is_peaceful: union,
        }
    }

    /// Returns the group of these classes; `None` if there are none.
    pub(super) fn of(instance: &Instance<'_>, members: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut members = members.into_iter();
        let mut group = Self::single(instance, members.next()?);
        for member in members {
            group.absorb(instance, &instance.classes[member]);
            group.members.push(member);
        }
        group.members.sort_unstable();
        group.reconsider(instance);
        Some(group)
    }

    /// Returns both groups as one.
    pub(super) fn joined(&self, other: &Self, instance: &Instance<'_>) -> Self {
        let mut group = self.clone();
        group.is_peaceful = self.is_peaceful_with(other);
        group.sums.add(&other.sums);
        group.common.intersect(&other.common);
        group.all.unite(&other.all);
        group.clashes.unite(&other.clashes);
        group.members.extend(&other.members);
        group.members.sort_unstable();
        group.reconsider(instance);
        group
    }

    /// Returns the worth that both groups would have as one, without making it.
    pub(super) fn joined_worth(&self, other: &Self, instance: &Instance<'_>) -> Worth {
        let mut sums = self.sums;
        sums.add(&other.sums);
        let common = instance.load(self.common.common_places(&other.common));
        let all = self.is_peaceful_with(other).then(|| self.united_load(other, instance));
        sums.worth(instance, &common, all.as_ref())
    }

    /// Returns packages and bytes of both groups together; the seconds are not needed. Common bytes are counted twice
    /// if nothing depends on them.
    fn united_load(&self, other: &Self, instance: &Instance<'_>) -> Load {
        let twice = match instance.budget.disk {
            Some(_) => instance.load(self.all.common_places(&other.all)),
            None => Load { count: f64::from(self.all.common_count(&other.all)), ..Load::default() },
        };
        let bytes = self.all_load.bytes.saturating_add(other.all_load.bytes).saturating_sub(twice.bytes);
        Load { seconds: 0.0, bytes, count: self.all_load.count + other.all_load.count - twice.count }
    }

    pub(super) fn image(&self, instance: &Instance<'_>) -> Image {
        instance.image(if self.worth.is_union { self.all.clone() } else { self.common.clone() })
    }

    fn is_peaceful_with(&self, other: &Self) -> bool {
        self.is_peaceful && other.is_peaceful && self.all.is_disjoint(&other.clashes)
    }

    fn absorb(&mut self, instance: &Instance<'_>, class: &Class) {
        self.sums.add(&Sums::of(class));
        self.common.intersect(&class.packages);
        if instance.budget.union {
            self.is_peaceful = self.is_peaceful && self.all.is_disjoint(&class.clashes);
            self.all.unite(&class.packages);
            self.clashes.unite(&class.clashes);
        }
    }

    /// Chooses the better image again, after the members changed.
    fn reconsider(&mut self, instance: &Instance<'_>) {
        self.all_load = instance.load(self.all.places());
        let common = instance.load(self.common.places());
        self.worth = self.sums.worth(instance, &common, self.is_peaceful.then_some(&self.all_load));
    }
}

impl Sums {
    fn of(class: &Class) -> Self {
        Self {
            starts: class.starts,
            projects: class.projects,
            own_seconds: class.own_value(),
            packages: class.projects * class.load.count,
            started_packages: class.starts * class.load.count,
        }
    }

    fn add(&mut self, other: &Self) {
        self.starts += other.starts;
        self.projects += other.projects;
        self.own_seconds += other.own_seconds;
        self.packages += other.packages;
        self.started_packages += other.started_packages;
    }

    /// Returns the worth of the better image: that of the common packages, or that of all if it is possible.
    fn worth(&self, instance: &Instance<'_>, common: &Load, all: Option<&Load>) -> Worth {
        let outside = self.packages - self.projects * common.count;
        let sound = self.starts * common.seconds - instance.budget.outside_cost * outside;
        let value = if common.count > 0.0 { sound } else { f64::NEG_INFINITY };
        let sound = Worth { value, bytes: instance.image_bytes(common), is_union: false };
        let Some(all) = all else { return sound };
        let foreign = self.starts * all.count - self.started_packages;
        let value = self.own_seconds - instance.budget.foreign_cost * foreign;
        if value > sound.value + instance.negligible {
            Worth { value, bytes: instance.image_bytes(all), is_union: true }
        } else {
            sound
        }
    }
}
