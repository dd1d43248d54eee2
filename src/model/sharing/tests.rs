//! Hand-made cases, and the comparison with trying everything.

mod cases;
mod large;
mod small;

use super::{Budget, Need, PackageCost, Sharing};

/// A deterministic source of numbers.
struct Numbers(u64);

impl Numbers {
    /// A number below the limit.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn place(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).expect("it is below a usize")
    }

    /// One of so many thousandths between 0 and `most`.
    fn fraction(&mut self, most: f64) -> f64 {
        f64::from(u32::try_from(self.below(1001)).expect("it is small")) / 1000.0 * most
    }
}

/// Images cost nothing, but there is only one.
fn budget() -> Budget {
    Budget {
        images: 1,
        disk: None,
        image_bytes: 100,
        image_cost: 0.0,
        outside_cost: 0.0,
        union: false,
        foreign_cost: 0.0,
    }
}

fn need(starts_per_week: f64, packages: &[usize]) -> Need {
    Need { starts_per_week, packages: packages.to_vec() }
}

/// Seconds per week after what the images cost.
fn net(sharing: &Sharing, budget: &Budget) -> f64 {
    sharing.images.iter().fold(sharing.saved, |net, _| net - budget.image_cost)
}

/// Panics where the sharing breaks a rule.
fn assert_sound(sharing: &Sharing, projects: &[Need], packages: &[PackageCost], budget: &Budget) {
    let mut users = vec![0; projects.len()];
    for image in &sharing.images {
        assert!(!image.packages.is_empty() && image.packages.is_sorted_by(|left, right| left < right));
        assert!(!image.projects.is_empty() && image.projects.is_sorted_by(|left, right| left < right));
        assert!(image.saved > budget.image_cost);
        let mut identities: Vec<usize> =
            image.packages.iter().map(|place| packages[*place].identity).collect();
        identities.sort_unstable();
        assert!(identities.windows(2).all(|pair| pair[0] != pair[1]), "two contents of one identity");
        let bytes: u64 = image.packages.iter().map(|place| packages[*place].bytes).sum();
        assert_eq!(image.bytes, bytes + budget.image_bytes);
        let mut has_foreign = false;
        for project in &image.projects {
            users[*project] += 1;
            let own = &projects[*project].packages;
            has_foreign |= image.packages.iter().any(|place| !own.contains(place));
            let clashes = |place: &usize| {
                let same = |own: &&usize| packages[**own].identity == packages[*place].identity;
                own.iter().find(same).is_some_and(|own| own != place)
            };
            assert!(!image.packages.iter().any(clashes), "not the project's own content");
        }
        assert_eq!(image.is_union, has_foreign);
        assert!(budget.union || !has_foreign);
    }
    assert!(users.iter().all(|count| *count <= 1));
    assert!(sharing.images.len() <= budget.images);
    let bytes: u64 = sharing.images.iter().map(|image| image.bytes).sum();
    assert!(budget.disk.is_none_or(|disk| bytes <= disk));
    assert!(sharing.images.is_sorted_by(|left, right| left.saved >= right.saved));
    let total: f64 = sharing.images.iter().map(|image| image.saved).sum();
    assert!((total - sharing.saved).abs() <= 1e-9 * (1.0 + total.abs()));
    assert!(sharing.saved <= sharing.possible * (1.0 + 1e-9));
}
