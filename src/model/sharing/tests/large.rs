//! Problems that are too large to try everything.

use super::super::{Budget, Need, PackageCost, share};
use super::{Numbers, assert_sound, budget};

/// Projects that take their packages from so many stacks of 150 packages, each in three versions, of which
/// a project has the newest, an older one, or a mixture.
fn stacks(numbers: &mut Numbers, projects: usize, stacks: usize) -> (Vec<Need>, Vec<PackageCost>) {
    let mut packages = Vec::new();
    for identity in 0..stacks * 150 {
        for _ in 0..3 {
            packages.push(PackageCost {
                identity,
                seconds: numbers.fraction(0.2),
                bytes: numbers.below(2_000_000),
            });
        }
    }
    let mut needs = Vec::new();
    for _ in 0..projects {
        let mut places: Vec<usize> = Vec::new();
        for stack in [0, numbers.place(stacks)] {
            let version = numbers.place(3);
            for identity in stack * 150..stack * 150 + 50 + numbers.place(100) {
                let is_other = numbers.below(10) == 0;
                places.push(identity * 3 + if is_other { numbers.place(3) } else { version });
            }
        }
        places.sort_unstable();
        places.dedup_by_key(|place| *place / 3);
        needs.push(Need { starts_per_week: numbers.fraction(20.0), packages: places });
    }
    (needs, packages)
}

#[test]
fn many_projects_get_sound_images() {
    let (projects, packages) = stacks(&mut Numbers(7), 60, 6);
    let plain = Budget { images: 6, image_cost: 2.0, ..budget() };
    let later = Budget { outside_cost: 0.01, disk: Some(900_000_000), images: 20, ..plain.clone() };
    let union = Budget { union: true, foreign_cost: 0.001, ..later.clone() };
    for budget in [plain, later, union] {
        let sharing = share(&projects, &packages, &budget);
        assert_sound(&sharing, &projects, &packages, &budget);
        assert!(!sharing.images.is_empty() && !sharing.is_exact);
        assert_eq!(sharing, share(&projects, &packages, &budget));
    }
}
