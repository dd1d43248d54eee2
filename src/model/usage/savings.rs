//! The time that an image saves at a start: measured, or else estimated from measurements of other images on this
//! machine.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

/// Seconds that a package of which nothing is known takes to load, before anything was measured: before Julia 1.9,
/// and from then on, where packages have native code of their own.
const PRIOR: f64 = 0.05;
const PRIOR_WITH_PACKAGE_IMAGES: f64 = 0.02;

/// Measurements from the build of one image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observation {
    /// Seconds that each package took to load without the image, after its dependencies.
    pub(crate) packages: Vec<(Uuid, f64)>,
    /// Seconds that the image saves at a start that loads its project's packages; `None` if not measured.
    pub(crate) saved: Option<f64>,
}

/// Estimates the seconds that baking a package saves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SavingsModel {
    /// Seconds of each package that was measured: the median over the images.
    seconds: BTreeMap<Uuid, f64>,
    /// Seconds of a package that was not measured.
    typical: f64,
    /// Share of the loading time that an image saves.
    scale: f64,
}

impl SavingsModel {
    /// Fits the model to the measurements. Little data moves it little: it starts from typical values.
    #[must_use]
    pub(crate) fn fit(observations: &[Observation], has_package_images: bool) -> Self {
        /// Number of packages that the prior counts for.
        const PRIOR_PACKAGES: f64 = 5.0;
        /// Seconds squared that the prior, a scale of 1, counts for.
        const PRIOR_SQUARE: f64 = 0.05;
        let prior = if has_package_images { PRIOR_WITH_PACKAGE_IMAGES } else { PRIOR };
        let mut samples: BTreeMap<Uuid, Vec<f64>> = BTreeMap::new();
        for (uuid, seconds) in observations.iter().flat_map(|observation| &observation.packages) {
            samples.entry(*uuid).or_default().push(seconds.max(0.0));
        }
        let seconds: BTreeMap<Uuid, f64> =
            samples.into_iter().map(|(uuid, samples)| (uuid, median(samples))).collect();
        let total: f64 = seconds.values().sum();
        let typical = (total + prior * PRIOR_PACKAGES) / (count(seconds.len()) + PRIOR_PACKAGES);
        let unscaled = Self { seconds, typical, scale: 1.0 };
        let (mut product, mut square) = (PRIOR_SQUARE, PRIOR_SQUARE);
        for observation in observations {
            let Some(saved) = observation.saved else { continue };
            let predicted = unscaled.saving(observation.packages.iter().map(|(uuid, _)| *uuid));
            product += predicted * saved;
            square += predicted * predicted;
        }
        Self { scale: (product / square).max(0.0), ..unscaled }
    }

    /// Seconds that baking this package saves at each start that loads it.
    #[must_use]
    pub(crate) fn seconds(&self, package: Uuid) -> f64 {
        self.seconds.get(&package).copied().unwrap_or(self.typical) * self.scale
    }

    /// Seconds that baking all of these saves.
    #[must_use]
    pub(crate) fn saving(&self, packages: impl IntoIterator<Item = Uuid>) -> f64 {
        packages.into_iter().map(|package| self.seconds(package)).sum()
    }
}

/// Seconds by which a start is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Saving {
    pub(crate) seconds: f64,
    /// Measured in this very project under this very image; else estimated.
    pub(crate) is_measured: bool,
}

/// Cost of building an image, and its savings so far and to come. All in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct PayOff {
    /// Spent on building.
    pub(crate) spent: f64,
    /// Saved by all starts so far.
    pub(crate) saved: f64,
    /// Saved in a week of present use.
    pub(crate) per_week: f64,
    /// Its project was first used less than a week ago: too early to say that it does not pay.
    pub(crate) is_early: bool,
}

/// Days of use after which an image is judged by its savings.
pub(crate) const DAYS_OF_TRIAL: i64 = 7;

/// Weeks of present use within which an image has to pay back its cost: 60 days.
pub(crate) const WEEKS_TO_PAY: f64 = 60.0 / 7.0;

impl PayOff {
    /// Whether its cost is back within 60 days of present use, or is back already, or it is too early to say.
    #[must_use]
    pub(crate) fn pays(&self) -> bool {
        self.is_early
            || self.saved >= self.spent
            || (self.per_week > 0.0 && self.per_week * WEEKS_TO_PAY >= self.spent)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a number of packages is exact in a double")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::loading::testing::uuid;

    fn observation(packages: &[(u128, f64)], saved: f64) -> Observation {
        let packages = packages.iter().map(|(id, seconds)| (uuid(*id), *seconds)).collect();
        Observation { packages, saved: Some(saved) }
    }

    #[test]
    fn without_measurements_a_package_is_typical() {
        let model = SavingsModel::fit(&[], false);
        assert!((model.saving((0..10).map(uuid)) - 0.5).abs() < 1e-9);
        assert!(SavingsModel::fit(&[], true).seconds(uuid(1)) < model.seconds(uuid(1)));
    }

    #[test]
    fn what_was_measured_of_a_package_counts_wherever_it_is() {
        let seen = [observation(&[(1, 2.0), (2, 0.1)], 2.1), observation(&[(1, 2.2), (3, 0.1)], 2.3)];
        let model = SavingsModel::fit(&seen, false);
        let fresh = model.saving([uuid(1), uuid(9)]);
        assert!((1.9..2.8).contains(&fresh), "{fresh}");
        assert!(model.saving([uuid(2), uuid(3)]) < 0.4);
    }

    #[test]
    fn the_part_that_an_image_saves_is_learnt() {
        let packages: Vec<(u128, f64)> = (0..20).map(|id| (id, 0.1)).collect();
        let seen: Vec<Observation> = (0..10).map(|_| observation(&packages, 1.0)).collect();
        let model = SavingsModel::fit(&seen, false);
        assert!((model.saving((0..20).map(uuid)) - 1.0).abs() < 0.05);
    }

    #[test]
    fn an_image_that_was_not_measured_tells_of_its_packages_alone() {
        let measured = observation(&[(1, 2.0)], 2.0);
        let other = Observation { saved: None, ..observation(&[(2, 1.0)], 0.0) };
        let model = SavingsModel::fit(&[measured, other], false);
        assert!((model.saving([uuid(1), uuid(2)]) - 3.0).abs() < 0.2);
    }

    #[test]
    fn an_image_pays_when_its_cost_comes_back() {
        let pay_off = |spent, saved, per_week| PayOff { spent, saved, per_week, is_early: false }.pays();
        assert!(PayOff { spent: 1260.0, saved: 0.5, per_week: 2.0, is_early: true }.pays());
        assert!(pay_off(120.0, 0.0, 20.0));
        assert!(!pay_off(120.0, 0.0, 10.0));
        assert!(pay_off(120.0, 121.0, 0.0));
        assert!(!pay_off(120.0, 0.0, 0.0));
    }

    proptest! {
        #[test]
        fn more_packages_never_save_less(
            seconds in proptest::collection::vec((0_u128..20, -1.0_f64..5.0), 0..20),
            saved in -5.0_f64..20.0,
            some in 0_u128..20,
            more in 0_u128..20,
        ) {
            let model = SavingsModel::fit(&[observation(&seconds, saved)], false);
            let less = model.saving((0..some.min(more)).map(uuid));
            let all = model.saving((0..some.max(more)).map(uuid));
            prop_assert!(less.is_finite() && all.is_finite() && less <= all + 1e-12);
        }
    }
}
