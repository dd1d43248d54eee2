//! Improves a choice: moves classes between groups, merges groups and gives groups up.

use super::greedy::grouped;
use super::group::Group;
use super::instance::{Image, Instance};
use super::merging::merged;

/// At most so many rounds.
const ROUNDS: usize = 8;
/// At most about so many comparisons of a class with a group.
const COMPARISONS: usize = 400_000;

/// The groups of a choice.
struct Choice<'a> {
    instance: &'a Instance<'a>,
    groups: Vec<Group>,
}

/// Target of a move.
#[derive(Clone, Copy)]
enum Target {
    Nowhere,
    Group(usize),
    NewGroup,
}

/// Returns the images of the groups after all moves that gain anything, within limits of time.
pub(super) fn improved(instance: &Instance<'_>, groups: Vec<Group>) -> Vec<Image> {
    let mut choice = Choice { instance, groups };
    let work = instance.classes.len() * (choice.groups.len() + 1);
    for _ in 0..(COMPARISONS / work.max(1)).min(ROUNDS) {
        let before = choice.worth();
        for class in 0..instance.classes.len() {
            choice.move_class(class);
        }
        choice.reassign();
        choice.groups = merged(instance, choice.groups).0;
        if choice.worth() <= before + instance.negligible {
            break;
        }
    }
    choice.groups.iter().map(|group| group.image(instance)).collect()
}

impl Choice<'_> {
    /// Seconds per week, after what the images cost.
    fn worth(&self) -> f64 {
        self.groups.iter().map(|group| self.net(Some(group))).sum()
    }

    fn net(&self, group: Option<&Group>) -> f64 {
        group.map_or(0.0, |group| group.worth.value - self.instance.budget.image_cost)
    }

    fn bytes(&self) -> u64 {
        self.groups.iter().fold(0, |sum, group| sum.saturating_add(group.worth.bytes))
    }

    /// Moves the class to where it gains the most, if anything.
    fn move_class(&mut self, class: usize) {
        let home = self.groups.iter().position(|group| group.members.binary_search(&class).is_ok());
        let rest = home.and_then(|home| {
            let members = self.groups[home].members.iter().copied();
            Group::of(self.instance, members.filter(|member| *member != class))
        });
        let freed = home.map_or(0, |home| self.groups[home].worth.bytes);
        let left = rest.as_ref().map_or(0, |rest| rest.worth.bytes);
        let base = self.bytes().saturating_sub(freed).saturating_add(left);
        let images = self.groups.len() + usize::from(rest.is_some()) - usize::from(home.is_some());
        let leaving = self.net(rest.as_ref()) - self.net(home.map(|home| &self.groups[home]));
        let (gain, target) = self.best_target(class, home, images, base);
        if leaving + gain > self.instance.negligible {
            self.carry_out(class, home, rest, target);
        }
    }

    /// Returns the best gain and target for a class without a group; `base` are the bytes of all images before.
    fn best_target(&self, class: usize, home: Option<usize>, images: usize, base: u64) -> (f64, Target) {
        let single = Group::single(self.instance, class);
        // The group that the class leaves may get a larger image: even to go nowhere can be too much.
        let nowhere = if self.instance.permits(images, base) { 0.0 } else { f64::NEG_INFINITY };
        let mut best = (nowhere, Target::Nowhere);
        let mut consider = |gain: f64, target| {
            if gain > best.0 {
                best = (gain, target);
            }
        };
        if self.instance.permits(images + 1, base.saturating_add(single.worth.bytes)) {
            consider(self.net(Some(&single)), Target::NewGroup);
        }
        for (place, group) in self.groups.iter().enumerate().filter(|(place, _)| Some(*place) != home) {
            let joined = group.joined_worth(&single, self.instance);
            let bytes = base.saturating_sub(group.worth.bytes).saturating_add(joined.bytes);
            if self.instance.permits(images, bytes) {
                consider(joined.value - group.worth.value, Target::Group(place));
            }
        }
        best
    }

    fn carry_out(&mut self, class: usize, home: Option<usize>, rest: Option<Group>, target: Target) {
        let single = Group::single(self.instance, class);
        match target {
            Target::Nowhere => {}
            Target::NewGroup => self.groups.push(single),
            Target::Group(place) => self.groups[place] = self.groups[place].joined(&single, self.instance),
        }
        match (home, rest) {
            (Some(home), Some(rest)) => self.groups[home] = rest,
            (Some(home), None) => {
                self.groups.remove(home);
            }
            (None, _) => {}
        }
    }

    /// Gives each class the image that is best for it, all at once, if that is better.
    fn reassign(&mut self) {
        let images: Vec<Image> = self.groups.iter().map(|group| group.image(self.instance)).collect();
        let groups = grouped(self.instance, &images.iter().collect::<Vec<_>>());
        let other = Choice { instance: self.instance, groups };
        let is_better = other.worth() > self.worth() + self.instance.negligible;
        if is_better && self.instance.permits(other.groups.len(), other.bytes()) {
            self.groups = other.groups;
        }
    }
}
