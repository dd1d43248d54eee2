//! Searches all choices for few classes: branch and bound over which classes share an image.

use super::instance::{Image, Instance};

/// Up to this many classes, the search always ends.
const ALWAYS: usize = 8;
/// With more classes than this, no search is begun: it would not end in time.
const ATTEMPTED: usize = 12;
/// Beyond [`ALWAYS`], at most so many steps.
const STEPS: usize = 200_000;

/// Every image that a group could have, and its value for every class.
struct Table {
    /// At `2 * group`, the image of the packages that the group has in common, and after it that of all its packages;
    /// `None` if that is empty, not possible, or the same. A group is a number whose bits are classes.
    images: Vec<Option<Image>>,
    /// Seconds per week, for each image one figure for each class.
    values: Vec<f64>,
    /// For each depth and group of classes before it: the most that each class could get from any image for
    /// the group with some of the classes that follow.
    reach: Vec<Vec<f64>>,
}

struct Search<'a> {
    instance: &'a Instance<'a>,
    table: Table,
    steps: usize,
    limit: usize,
    /// Seconds per week of the best choice so far, after what the images cost.
    worth: f64,
    /// Places in the table of the best choice; `None` if none is better than the known one.
    chosen: Option<Vec<usize>>,
}

/// Returns the best images, and whether no choice is better. `known` are good ones to begin with.
pub(super) fn improved(instance: &Instance<'_>, known: Vec<Image>) -> (Vec<Image>, bool) {
    let classes = instance.classes.len();
    if classes > ATTEMPTED {
        return (known, false);
    }
    let limit = if classes <= ALWAYS { usize::MAX } else { STEPS };
    let worth = instance.worth(&known);
    let table = Table::new(instance);
    let mut search = Search { instance, table, steps: 0, limit, worth, chosen: None };
    search.visit(0, &mut Vec::new());
    let is_exact = search.steps < limit;
    let images = &search.table.images;
    let better =
        search.chosen.map(|places| places.iter().filter_map(|place| images[*place].clone()).collect());
    (better.unwrap_or(known), is_exact)
}

impl Table {
    fn new(instance: &Instance<'_>) -> Self {
        let count = instance.classes.len();
        let mut images: Vec<Option<Image>> = vec![None, None];
        let mut values = vec![0.0; 2 * count];
        for group in 1_usize..1 << count {
            let (common, all) = group_images(instance, group);
            for image in [common, all] {
                let value = |class| image.as_ref().and_then(|image| instance.value(class, image));
                values.extend(instance.classes.iter().map(|class| value(class).unwrap_or(0.0).max(0.0)));
                images.push(image);
            }
        }
        let reach = reach(&values, count);
        Self { images, values, reach }
    }
}

/// Returns the image of the packages that the group's classes have in common, and that of all their packages.
fn group_images(instance: &Instance<'_>, group: usize) -> (Option<Image>, Option<Image>) {
    let mut members = (0..instance.classes.len()).filter(|class| group >> class & 1 == 1);
    let Some(first) = members.next() else { return (None, None) };
    let mut common = instance.classes[first].packages.clone();
    let mut all = common.clone();
    let mut is_peaceful = instance.budget.union;
    for class in members.map(|member| &instance.classes[member]) {
        is_peaceful = is_peaceful && all.is_disjoint(&class.clashes);
        common.intersect(&class.packages);
        all.unite(&class.packages);
    }
    let all = (is_peaceful && all != common).then(|| instance.image(all));
    ((!common.is_empty()).then(|| instance.image(common)), all)
}

/// See [`Table::reach`].
fn reach(values: &[f64], count: usize) -> Vec<Vec<f64>> {
    let best =
        |pair: &[f64]| (0..count).map(|class| pair[class].max(pair[count + class])).collect::<Vec<_>>();
    let last = values.chunks(2 * count.max(1)).flat_map(best).collect();
    let mut reach: Vec<Vec<f64>> = vec![last];
    for _ in 0..count {
        // The groups without the last class come first, those with it after them, in the same order.
        let later = &reach[reach.len() - 1];
        let (without, with) = later.split_at(later.len() / 2);
        reach.push(without.iter().zip(with).map(|(without, with)| without.max(*with)).collect());
    }
    reach.reverse();
    reach
}

impl Search<'_> {
    /// Tries all places for the class at this depth, and for those that follow.
    fn visit(&mut self, depth: usize, groups: &mut Vec<usize>) {
        self.steps = self.steps.saturating_add(1);
        if self.steps >= self.limit || self.bound(depth, groups) <= self.worth + self.instance.negligible {
            return;
        }
        if depth == self.instance.classes.len() {
            self.choose(groups, &mut Vec::new());
            return;
        }
        for place in 0..groups.len() {
            groups[place] |= 1 << depth;
            self.visit(depth + 1, groups);
            groups[place] ^= 1 << depth;
        }
        if groups.len() < self.instance.budget.images {
            groups.push(1 << depth);
            self.visit(depth + 1, groups);
            groups.pop();
        }
        self.visit(depth + 1, groups);
    }

    /// Returns an upper limit of the worth of all choices that begin like this.
    fn bound(&self, depth: usize, groups: &[usize]) -> f64 {
        let count = self.instance.classes.len();
        let reach = &self.table.reach[depth];
        let is_full = groups.len() >= self.instance.budget.images;
        // The empty group stands for groups that only begin later.
        let open = groups.iter().copied().chain((!is_full).then_some(0));
        let open: Vec<usize> = open.map(|group| group * count).collect();
        let most = |class: usize| open.iter().map(|row| reach[row + class]).fold(0.0, f64::max);
        (0..count).map(most).sum::<f64>() - self.cost(groups.len())
    }

    /// Tries both images of each group that has none chosen yet.
    fn choose(&mut self, groups: &[usize], images: &mut Vec<usize>) {
        self.steps = self.steps.saturating_add(1);
        let Some(group) = groups.get(images.len()) else {
            self.judge(images);
            return;
        };
        for place in [2 * group, 2 * group + 1] {
            if self.table.images[place].is_some() {
                images.push(place);
                self.choose(groups, images);
                images.pop();
            }
        }
    }

    /// Keeps the images if they are better than the best so far.
    fn judge(&mut self, images: &[usize]) {
        let count = self.instance.classes.len();
        let rows: Vec<usize> = images.iter().map(|image| image * count).collect();
        let most = |class: usize| rows.iter().map(|row| self.table.values[row + class]).fold(0.0, f64::max);
        let worth = (0..count).map(most).sum::<f64>() - self.cost(images.len());
        let sizes = images.iter().filter_map(|place| self.table.images[*place].as_ref());
        let bytes =
            sizes.fold(0_u64, |sum, image| sum.saturating_add(self.instance.image_bytes(&image.load)));
        if worth > self.worth + self.instance.negligible && self.instance.permits(images.len(), bytes) {
            self.worth = worth;
            self.chosen = Some(images.to_vec());
        }
    }

    /// Seconds per week that so many images cost.
    fn cost(&self, images: usize) -> f64 {
        (0..images).map(|_| self.instance.budget.image_cost).sum()
    }
}
