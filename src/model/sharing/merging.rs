//! Reduces many groups to few: merges two or gives one up, whichever is cheapest, again and again.

use super::group::{Group, Worth};
use super::instance::{Image, Instance};

/// With more groups than this, those worth least are given up at once, without comparison.
const MERGED_GROUPS: usize = 1500;

/// The goal of the next step; the goals come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// Fewer images.
    Images,
    /// Fewer bytes.
    Disk,
    /// All limits hold: only steps that save something.
    Gain,
}

/// A step, and its cost: the first group stays, or is given up if there is no second.
#[derive(Clone, Copy, Debug)]
struct Step {
    score: f64,
    first: usize,
    second: Option<usize>,
}

/// The groups, and the worth of each pair of them.
struct Merging<'a> {
    instance: &'a Instance<'a>,
    goal: Goal,
    groups: Vec<Option<Group>>,
    /// For each group, its worth when merged with each later group, from the next one on.
    pairs: Vec<Vec<Worth>>,
    /// For each group, the cheapest step with a later one.
    best: Vec<Option<Step>>,
    bytes: u64,
    images: usize,
}

/// Merges the groups until the limits hold and no step saves anything. Also returns the images of all groups that
/// existed on the way.
pub(super) fn merged(instance: &Instance<'_>, mut groups: Vec<Group>) -> (Vec<Group>, Vec<Image>) {
    groups.sort_by(|left, right| right.worth.value.total_cmp(&left.worth.value));
    let mut seen: Vec<Image> = groups.iter().map(|group| group.image(instance)).collect();
    groups.truncate(MERGED_GROUPS);
    let mut merging = Merging::new(instance, groups);
    while let Some(step) = merging.next_step() {
        merging.take(&step);
        if step.second.is_some() {
            seen.extend(merging.groups[step.first].iter().map(|group| group.image(instance)));
        }
    }
    (merging.groups.into_iter().flatten().collect(), seen)
}

impl<'a> Merging<'a> {
    fn new(instance: &'a Instance<'a>, groups: Vec<Group>) -> Self {
        let pairs = groups.iter().enumerate().map(|(place, group)| {
            groups[place + 1..].iter().map(|other| group.joined_worth(other, instance)).collect()
        });
        let mut merging = Self {
            instance,
            goal: Goal::Images,
            pairs: pairs.collect(),
            best: vec![None; groups.len()],
            bytes: groups.iter().fold(0, |sum: u64, group| sum.saturating_add(group.worth.bytes)),
            images: groups.len(),
            groups: groups.into_iter().map(Some).collect(),
        };
        merging.rank();
        merging
    }

    /// Returns the next step towards the goal; `None` if nothing is left to gain.
    fn next_step(&mut self) -> Option<Step> {
        let goal = self.current_goal();
        if goal != self.goal {
            self.goal = goal;
            self.rank();
        }
        let drops = (0..self.groups.len()).filter_map(|place| self.drop_step(place));
        let merges = self.best.iter().copied().flatten();
        let step = merges.chain(drops).min_by(|left, right| left.score.total_cmp(&right.score))?;
        let is_due = goal != Goal::Gain || step.score < -self.instance.negligible;
        (is_due && step.score < f64::INFINITY).then_some(step)
    }

    fn current_goal(&self) -> Goal {
        if self.images > self.instance.budget.images {
            Goal::Images
        } else if self.instance.permits(self.images, self.bytes) {
            Goal::Gain
        } else {
            Goal::Disk
        }
    }

    /// Finds the cheapest step of every group again.
    fn rank(&mut self) {
        for place in 0..self.groups.len() {
            self.best[place] = self.cheapest(place);
        }
    }

    fn cheapest(&self, first: usize) -> Option<Step> {
        self.groups[first].as_ref()?;
        let steps = (first + 1..self.groups.len()).filter_map(|second| self.merge_step(first, second));
        steps.min_by(|left, right| left.score.total_cmp(&right.score))
    }

    fn merge_step(&self, first: usize, second: usize) -> Option<Step> {
        let (one, other) = (self.groups[first].as_ref()?, self.groups[second].as_ref()?);
        let joined = self.pairs[first][second - first - 1];
        let lost = one.worth.value + other.worth.value - joined.value;
        let before = one.worth.bytes.saturating_add(other.worth.bytes);
        Some(Step { score: self.score(lost, before, joined.bytes), first, second: Some(second) })
    }

    fn drop_step(&self, place: usize) -> Option<Step> {
        let group = self.groups[place].as_ref()?;
        let score = self.score(group.worth.value, group.worth.bytes, 0);
        Some(Step { score, first: place, second: None })
    }

    /// Returns the cost of losing so many seconds per week and one image: lower is better.
    fn score(&self, lost: f64, bytes_before: u64, bytes_after: u64) -> f64 {
        let cost = lost - self.instance.budget.image_cost;
        let grows = bytes_after > bytes_before;
        match self.goal {
            Goal::Disk if bytes_after >= bytes_before => f64::INFINITY,
            Goal::Disk => cost / approximately(bytes_before - bytes_after),
            Goal::Gain if grows && self.instance.budget.disk.is_some() => f64::INFINITY,
            Goal::Images | Goal::Gain => cost,
        }
    }

    fn take(&mut self, step: &Step) {
        let Some(first) = self.groups[step.first].take() else { return };
        let second = step.second.and_then(|place| self.groups[place].take());
        let freed = first.worth.bytes.saturating_add(second.as_ref().map_or(0, |group| group.worth.bytes));
        self.bytes = self.bytes.saturating_sub(freed);
        self.images -= 1;
        if let Some(second) = second {
            let joined = first.joined(&second, self.instance);
            self.bytes = self.bytes.saturating_add(joined.worth.bytes);
            self.groups[step.first] = Some(joined);
            self.compare(step.first);
        }
        self.mend(step);
    }

    /// Computes the worth of all pairs with the group at this place.
    fn compare(&mut self, place: usize) {
        let Some(group) = self.groups[place].as_ref() else { return };
        for (other_place, other) in self.groups.iter().enumerate() {
            let Some(other) = other.as_ref().filter(|_| other_place != place) else { continue };
            let (first, second) = (place.min(other_place), place.max(other_place));
            self.pairs[first][second - first - 1] = group.joined_worth(other, self.instance);
        }
    }

    /// Finds the cheapest step again for the groups whose cheapest step this one may have changed.
    fn mend(&mut self, step: &Step) {
        let touched = |place: usize| place == step.first || Some(place) == step.second;
        for place in 0..self.groups.len() {
            let is_stale = self.best[place].and_then(|best| best.second).is_some_and(touched);
            if is_stale || touched(place) {
                self.best[place] = self.cheapest(place);
            } else if place < step.first && step.second.is_some() {
                let merge = self.merge_step(place, step.first);
                let known = self.best[place].map_or(f64::INFINITY, |best| best.score);
                self.best[place] = merge.filter(|merge| merge.score < known).or(self.best[place]);
            }
        }
    }
}

/// Returns bytes as a float, to compare and divide.
#[expect(clippy::cast_precision_loss, reason = "it only ranks")]
pub(super) fn approximately(bytes: u64) -> f64 {
    bytes as f64
}
