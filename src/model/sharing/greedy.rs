//! Starts without an image, and adds the candidate that gains the most, again and again.

use std::collections::BTreeSet;

use super::group::Group;
use super::instance::{Image, Instance};
use super::merging::{approximately, merged};
use super::package_set::PackageSet;

/// With more classes than this, the common packages of some of them are no candidate of their own.
const PAIRED_CLASSES: usize = 64;
/// About so many candidates of that kind.
const OVERLAPS: usize = 2000;

/// Measure by which the candidates are ranked.
#[derive(Clone, Copy, Debug)]
enum Measure {
    Gain,
    GainPerByte,
}

/// Returns images of the packages that classes have in common, and of all their packages if unions are wanted: of two
/// classes first, then of more, up to a limit.
pub(super) fn overlaps(instance: &Instance<'_>) -> Vec<Image> {
    let classes = &instance.classes;
    if classes.len() > PAIRED_CLASSES {
        return Vec::new();
    }
    let mut sets: Vec<PackageSet> = classes.iter().map(|class| class.packages.clone()).collect();
    let mut known: BTreeSet<PackageSet> = sets.iter().cloned().collect();
    let mut next = 0;
    while next < sets.len() && sets.len() < OVERLAPS {
        for class in classes {
            let common = Some(sets[next].intersection(&class.packages)).filter(|common| !common.is_empty());
            let is_possible = instance.budget.union && sets[next].is_disjoint(&class.clashes);
            let all = is_possible.then(|| sets[next].union(&class.packages));
            sets.extend([common, all].into_iter().flatten().filter(|set| known.insert(set.clone())));
        }
        next += 1;
    }
    sets.into_iter().map(|packages| instance.image(packages)).collect()
}

/// Returns groups around the picked candidates: one choice, and one by size too if the disk is limited.
pub(super) fn picked(instance: &Instance<'_>, candidates: &[Image]) -> Vec<Vec<Group>> {
    let by_size = instance.budget.disk.map(|_| Measure::GainPerByte);
    let values: Vec<Vec<(usize, f64)>> = candidates.iter().map(|image| values_of(instance, image)).collect();
    let choices = [Measure::Gain].into_iter().chain(by_size).map(|measure| {
        let images = picked_by(instance, candidates, &values, measure);
        // A group may hold more than the image that brought it together: the limits are checked again.
        merged(instance, grouped(instance, &images)).0
    });
    choices.collect()
}

/// Returns the classes to which the image is worth anything, and how much.
fn values_of(instance: &Instance<'_>, image: &Image) -> Vec<(usize, f64)> {
    let value = |(place, class)| Some((place, instance.value(class, image).filter(|value| *value > 0.0)?));
    instance.classes.iter().enumerate().filter_map(value).collect()
}

fn picked_by<'a>(
    instance: &Instance<'_>,
    candidates: &'a [Image],
    values: &[Vec<(usize, f64)>],
    measure: Measure,
) -> Vec<&'a Image> {
    let mut served = vec![0.0_f64; instance.classes.len()];
    let mut chosen: Vec<&Image> = Vec::new();
    let mut bytes = 0_u64;
    // What a candidate adds never grows, so that an old figure is an upper limit of the new one.
    let mut scores = vec![f64::INFINITY; candidates.len()];
    while let Some(place) = highest(&scores).filter(|place| scores[*place] > 0.0) {
        let size = instance.image_bytes(&candidates[place].load);
        let gain = gain(&values[place], &served) - instance.budget.image_cost;
        let score = match measure {
            _ if gain <= instance.negligible => 0.0,
            _ if !instance.permits(chosen.len() + 1, bytes.saturating_add(size)) => 0.0,
            Measure::Gain => gain,
            Measure::GainPerByte => gain / approximately(size.max(1)),
        };
        if score > 0.0 && score >= scores[place] {
            chosen.push(&candidates[place]);
            bytes = bytes.saturating_add(size);
            values[place].iter().for_each(|(class, value)| served[*class] = served[*class].max(*value));
        }
        scores[place] = score;
    }
    chosen
}

fn highest(scores: &[f64]) -> Option<usize> {
    // The first of equals: `max_by` takes the last.
    (0..scores.len()).rev().max_by(|left, right| scores[*left].total_cmp(&scores[*right]))
}

/// Returns the value that an image adds to the service that the classes have already.
fn gain(values: &[(usize, f64)], served: &[f64]) -> f64 {
    values.iter().map(|(class, value)| (value - served[*class]).max(0.0)).sum()
}

/// Groups the classes by the image that serves them best.
pub(super) fn grouped(instance: &Instance<'_>, images: &[&Image]) -> Vec<Group> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); images.len()];
    for (place, class) in instance.classes.iter().enumerate() {
        let values: Vec<f64> =
            images.iter().map(|image| instance.value(class, image).unwrap_or(0.0)).collect();
        if let Some(best) = highest(&values).filter(|best| values[*best] > 0.0) {
            members[best].push(place);
        }
    }
    members.into_iter().filter_map(|members| Group::of(instance, members)).collect()
}
