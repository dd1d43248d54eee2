//! Assigns single projects to the chosen images.

use std::cmp::Ordering;

use super::instance::{Class, Image, Instance};
use super::{Need, SharedImage, Sharing};

/// The use of an image to a project.
#[derive(Clone, Copy, Debug)]
struct Service {
    /// Seconds per week.
    value: f64,
    /// Seconds per start.
    seconds: f64,
    /// Holds exactly the packages of the project.
    is_equal: bool,
    /// Number of packages that the project does not have.
    foreign: f64,
    /// Place of the image.
    image: usize,
}

/// Builds the sharing with these images, without those that are not worth their cost.
pub(super) fn assigned(
    instance: &Instance<'_>,
    projects: &[Need],
    mut images: Vec<Image>,
    is_exact: bool,
) -> Sharing {
    drop_worthless(instance, &mut images);
    let mut shared: Vec<SharedImage> = images.iter().map(|image| shared_image(instance, image)).collect();
    for (project, need) in projects.iter().enumerate() {
        let class = instance.class(need);
        let services =
            images.iter().enumerate().filter_map(|(place, image)| service(instance, &class, image, place));
        if let Some(best) = services.reduce(better) {
            let image = &mut shared[best.image];
            image.projects.push(project);
            image.saved += best.value;
            image.is_union |= best.foreign > 0.0;
        }
    }
    let order = |left: &SharedImage, right: &SharedImage| right.saved.total_cmp(&left.saved);
    shared.sort_by(|left, right| order(left, right).then_with(|| left.packages.cmp(&right.packages)));
    let saved = shared.iter().map(|image| image.saved).sum();
    Sharing { images: shared, saved, possible: instance.possible, is_exact }
}

/// Returns the image without any project yet.
fn shared_image(instance: &Instance<'_>, image: &Image) -> SharedImage {
    SharedImage {
        packages: image.packages.places().collect(),
        projects: Vec::new(),
        is_union: false,
        saved: 0.0,
        bytes: instance.image_bytes(&image.load),
    }
}

/// Removes images, worst first, as long as one adds no more than it costs.
fn drop_worthless(instance: &Instance<'_>, images: &mut Vec<Image>) {
    let value = |class, image| instance.value(class, image).unwrap_or(0.0);
    let mut values: Vec<Vec<f64>> = images
        .iter()
        .map(|image| instance.classes.iter().map(|class| value(class, image)).collect())
        .collect();
    loop {
        let added = added(&values, instance.classes.len());
        let worst = (0..added.len()).min_by(|left, right| added[*left].total_cmp(&added[*right]));
        let limit = instance.budget.image_cost + instance.negligible;
        let Some(worst) = worst.filter(|worst| added[*worst] <= limit) else { break };
        values.remove(worst);
        images.remove(worst);
    }
}

/// Returns the seconds per week that each image adds to the others.
fn added(values: &[Vec<f64>], classes: usize) -> Vec<f64> {
    let mut added = vec![0.0; values.len()];
    for class in 0..classes {
        let (mut best, mut second, mut image) = (0.0, 0.0, None);
        for (place, values) in values.iter().enumerate() {
            if values[class] > best {
                (best, second, image) = (values[class], best, Some(place));
            } else if values[class] > second {
                second = values[class];
            }
        }
        if let Some(image) = image {
            added[image] += best - second;
        }
    }
    added
}

/// Returns the use of the image to the project; `None` if the project is better off without.
fn service(instance: &Instance<'_>, class: &Class, image: &Image, place: usize) -> Option<Service> {
    let value = instance.value(class, image).filter(|value| *value >= 0.0)?;
    let is_within = image.packages.is_subset(&class.packages);
    let is_around = class.packages.is_subset(&image.packages);
    // An image that is worth nothing is used if it does no harm: projects never started so far may be.
    if value <= 0.0 && !is_within && !is_around {
        return None;
    }
    let overlap = instance.load(image.packages.common_places(&class.packages));
    let foreign = image.load.count - overlap.count;
    Some(Service { value, seconds: overlap.seconds, is_equal: is_within && is_around, foreign, image: place })
}

/// Returns the better of two for a project; the first if both are the same.
fn better(first: Service, second: Service) -> Service {
    let order = (second.value.total_cmp(&first.value))
        .then(second.is_equal.cmp(&first.is_equal))
        .then(second.seconds.total_cmp(&first.seconds))
        .then(first.foreign.total_cmp(&second.foreign));
    if order == Ordering::Greater { second } else { first }
}
