//! Small problems, against trying everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::instance::Instance;
use super::super::{Budget, Need, PackageCost, approximate, share};
use super::{Numbers, assert_sound, net};

/// Seconds per week that an image saves a project; nothing where it is not for it.
fn value(need: &Need, image: &BTreeSet<usize>, packages: &[PackageCost], budget: &Budget) -> f64 {
    let own: BTreeSet<usize> = need.packages.iter().copied().collect();
    let foreign: Vec<usize> = image.difference(&own).copied().collect();
    let clashes = |place: &usize| own.iter().any(|own| packages[*own].identity == packages[*place].identity);
    if !foreign.is_empty() && (!budget.union || foreign.iter().any(clashes)) {
        return 0.0;
    }
    let seconds: f64 = own.intersection(image).map(|place| packages[*place].seconds).sum();
    let foreign: f64 = foreign.iter().map(|_| budget.foreign_cost).sum();
    let outside: f64 = own.difference(image).map(|_| budget.outside_cost).sum();
    (need.starts_per_week * (seconds - foreign) - outside).max(0.0)
}

/// Seconds per week of these images after what they cost; `None` if they break a limit.
fn worth(
    images: &[BTreeSet<usize>],
    projects: &[Need],
    packages: &[PackageCost],
    budget: &Budget,
) -> Option<f64> {
    let size = |image: &BTreeSet<usize>| image.iter().map(|place| packages[*place].bytes).sum::<u64>();
    let bytes: u64 = images.iter().map(|image| budget.image_bytes + size(image)).sum();
    if images.len() > budget.images || budget.disk.is_some_and(|disk| bytes > disk) {
        return None;
    }
    let best = |need| images.iter().map(|image| value(need, image, packages, budget)).fold(0.0, f64::max);
    let saved: f64 = projects.iter().map(best).sum();
    Some(images.iter().fold(saved, |saved, _| saved - budget.image_cost))
}

/// Calls `judge` with every choice of disjoint groups of the numbers below `count`.
fn each_choice(
    count: usize,
    number: usize,
    groups: &mut Vec<Vec<usize>>,
    judge: &mut dyn FnMut(&[Vec<usize>]),
) {
    if number == count {
        judge(groups);
        return;
    }
    each_choice(count, number + 1, groups, judge);
    for place in 0..groups.len() {
        groups[place].push(number);
        each_choice(count, number + 1, groups, judge);
        groups[place].pop();
    }
    groups.push(vec![number]);
    each_choice(count, number + 1, groups, judge);
    groups.pop();
}

/// The images that a group of projects can have.
fn images_of(sets: &[BTreeSet<usize>], packages: &[PackageCost], budget: &Budget) -> Vec<BTreeSet<usize>> {
    let common = sets.iter().skip(1).fold(sets[0].clone(), |common, set| &common & set);
    let all: BTreeSet<usize> = sets.iter().flatten().copied().collect();
    let identities: BTreeSet<usize> = all.iter().map(|place| packages[*place].identity).collect();
    let mut images = vec![common];
    if budget.union && identities.len() == all.len() {
        images.push(all);
    }
    images.retain(|image| !image.is_empty());
    images
}

/// The most that any choice of disjoint groups saves, after what the images cost.
fn best_of_all(projects: &[Need], packages: &[PackageCost], budget: &Budget) -> f64 {
    // Only projects that are started make groups, and those with the same wishes only together.
    let mut makers: Vec<&Need> = Vec::new();
    for need in projects.iter().filter(|need| need.starts_per_week > 0.0) {
        let is_same = |maker: &&&Need| {
            let starts = (maker.starts_per_week - need.starts_per_week).abs() < f64::EPSILON;
            maker.packages == need.packages && (budget.outside_cost <= 0.0 || starts)
        };
        if !makers.iter().any(|maker| is_same(&maker)) {
            makers.push(need);
        }
    }
    let set = |place: &usize| makers[*place].packages.iter().copied().collect::<BTreeSet<usize>>();
    let mut best = 0.0_f64;
    each_choice(makers.len(), 0, &mut Vec::new(), &mut |groups| {
        let mut choices: Vec<Vec<BTreeSet<usize>>> = vec![Vec::new()];
        for group in groups {
            let sets: Vec<BTreeSet<usize>> = group.iter().map(set).collect();
            let images = images_of(&sets, packages, budget);
            let with = |image: &BTreeSet<usize>| {
                choices
                    .iter()
                    .map(|images| [&images[..], std::slice::from_ref(image)].concat())
                    .collect::<Vec<_>>()
            };
            choices = images.iter().flat_map(with).collect();
        }
        for images in choices {
            best = best.max(worth(&images, projects, packages, budget).unwrap_or(0.0));
        }
    });
    best
}

/// The most that any images whatever save, at most two of them, after what they cost.
fn best_of_any_two(projects: &[Need], packages: &[PackageCost], budget: &Budget) -> f64 {
    let set = |bits: u32| (0..packages.len()).filter(|place| bits >> place & 1 == 1).collect();
    let sets: Vec<BTreeSet<usize>> = (1..1_u32 << packages.len()).map(set).collect();
    let mut best = 0.0_f64;
    for (place, first) in sets.iter().enumerate() {
        best = best.max(worth(std::slice::from_ref(first), projects, packages, budget).unwrap_or(0.0));
        for second in &sets[place + 1..] {
            let both = [first.clone(), second.clone()];
            best = best.max(worth(&both, projects, packages, budget).unwrap_or(0.0));
        }
    }
    best
}

/// At most six projects and seven contents of five packages.
fn problem(numbers: &mut Numbers) -> (Vec<Need>, Vec<PackageCost>, Budget) {
    let package = |numbers: &mut Numbers, identity| PackageCost {
        identity,
        seconds: numbers.fraction(4.0),
        bytes: numbers.below(50),
    };
    let packages: Vec<PackageCost> =
        [0, 1, 2, 3, 4, 0, 1].into_iter().map(|identity| package(numbers, identity)).collect();
    let mut projects = Vec::new();
    for _ in 0..=numbers.below(6) {
        let mut places: Vec<usize> = Vec::new();
        for identity in 0..5 {
            match numbers.below(4) {
                0 => {}
                1 if identity < 2 => places.push(identity + 5),
                _ => places.push(identity),
            }
        }
        places.sort_unstable();
        let starts_per_week = if numbers.below(6) == 0 { 0.0 } else { numbers.fraction(5.0) };
        projects.push(Need { starts_per_week, packages: places });
    }
    let budget = Budget {
        images: 1 + numbers.place(4),
        disk: (numbers.below(3) == 0).then(|| numbers.below(500)),
        image_bytes: numbers.below(60),
        image_cost: if numbers.below(2) == 0 { 0.0 } else { numbers.fraction(6.0) },
        outside_cost: if numbers.below(2) == 0 { 0.0 } else { numbers.fraction(1.0) },
        union: numbers.below(2) == 0,
        foreign_cost: numbers.fraction(1.0),
    };
    (projects, packages, budget)
}

fn is_close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-7 * (1.0 + expected.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn few_projects_get_the_best_choice(seed in 1_u64..) {
        let (projects, packages, budget) = problem(&mut Numbers(seed));
        let sharing = share(&projects, &packages, &budget);
        assert_sound(&sharing, &projects, &packages, &budget);
        prop_assert!(sharing.is_exact);
        let best = best_of_all(&projects, &packages, &budget);
        prop_assert!(is_close(net(&sharing, &budget), best), "{} instead of {best}", net(&sharing, &budget));
        prop_assert_eq!(&sharing, &share(&projects, &packages, &budget));
    }

    #[test]
    fn no_images_whatever_are_better_than_those_of_groups(seed in 1_u64..) {
        let (projects, packages, budget) = problem(&mut Numbers(seed));
        let budget = Budget { images: budget.images.min(2), disk: None, union: false, ..budget };
        let sharing = share(&projects, &packages, &budget);
        let best = best_of_any_two(&projects, &packages, &Budget { images: budget.images, ..budget.clone() });
        prop_assert!(is_close(net(&sharing, &budget), best), "{} instead of {best}", net(&sharing, &budget));
    }
}

#[test]
fn the_way_for_many_projects_comes_close_to_the_best_choice() {
    // Not a guarantee: over 5000 problems, three with unions and a tight disk limit got nothing at all.
    let mut numbers = Numbers(0x5EED);
    let mut ratios: Vec<f64> = Vec::new();
    while ratios.len() < 300 {
        let (projects, packages, budget) = problem(&mut numbers);
        let best = best_of_all(&projects, &packages, &budget);
        let instance = Instance::new(&projects, &packages, &budget);
        let images = approximate(&instance);
        let bytes = images.iter().map(|image| instance.image_bytes(&image.load)).sum();
        assert!(instance.permits(images.len(), bytes));
        if best > 1e-9 {
            ratios.push(instance.worth(&images) / best);
        }
    }
    let worst = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let mean = ratios.iter().sum::<f64>() / 300.0;
    assert!(ratios.iter().all(|ratio| *ratio <= 1.0 + 1e-9));
    assert!(worst >= 0.6 && mean >= 0.97, "worst {worst}, mean {mean}");
}
