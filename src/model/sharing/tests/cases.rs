//! Cases that can be checked by hand.

use super::super::{PackageCost, SharedImage, Sharing, share};
use super::{Budget, Need, assert_sound, budget, need};

/// Packages of different identities: seconds and bytes of each.
fn distinct(costs: &[(f64, u64)]) -> Vec<PackageCost> {
    let package = |(identity, (seconds, bytes)): (usize, &(f64, u64))| PackageCost {
        identity,
        seconds: *seconds,
        bytes: *bytes,
    };
    costs.iter().enumerate().map(package).collect()
}

fn sound(projects: &[Need], packages: &[PackageCost], budget: &Budget) -> Sharing {
    let sharing = share(projects, packages, budget);
    assert_sound(&sharing, projects, packages, budget);
    assert!(sharing.is_exact);
    sharing
}

/// Packages and projects of each image.
fn outline<'a>(sharing: &'a Sharing) -> Vec<(&'a [usize], &'a [usize])> {
    let parts = |image: &'a SharedImage| -> (&'a [usize], &'a [usize]) { (&image.packages, &image.projects) };
    sharing.images.iter().map(parts).collect()
}

fn assert_seconds(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-9, "{actual} instead of {expected}");
}

#[test]
fn without_projects_there_is_no_image() {
    let sharing = sound(&[], &[], &budget());
    assert!(sharing.images.is_empty());
    assert_seconds(sharing.possible, 0.0);
}

#[test]
fn projects_without_packages_get_no_image() {
    assert!(sound(&[need(5.0, &[])], &distinct(&[(1.0, 1)]), &budget()).images.is_empty());
}

#[test]
fn a_single_image_goes_to_the_set_of_versions_that_is_started_more() {
    let mut packages = distinct(&[(2.0, 10), (3.0, 10), (2.0, 10), (3.0, 10)]);
    packages[2].identity = 0;
    packages[3].identity = 1;
    let projects = [need(3.0, &[0, 1]), need(4.0, &[2, 3]), need(3.0, &[0, 1]), need(1.0, &[2, 3])];
    let sharing = sound(&projects, &packages, &budget());
    assert_eq!(outline(&sharing), [(&[0, 1][..], &[0, 2][..])]);
    assert_seconds(sharing.saved, 30.0);
    assert_seconds(sharing.possible, 55.0);
}

#[test]
fn two_images_serve_two_sets_of_versions() {
    let mut packages = distinct(&[(2.0, 10), (2.0, 10)]);
    packages[1].identity = 0;
    let projects = [need(1.0, &[0]), need(2.0, &[1])];
    let sharing = sound(&projects, &packages, &Budget { images: 2, ..budget() });
    assert_eq!(outline(&sharing), [(&[1][..], &[1][..]), (&[0][..], &[0][..])]);
}

#[test]
fn of_nested_sets_the_inner_one_serves_both() {
    let packages = distinct(&[(5.0, 10), (1.0, 10)]);
    let projects = [need(2.0, &[0]), need(2.0, &[0, 1])];
    let sharing = sound(&projects, &packages, &budget());
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
    assert_seconds(sharing.saved, 20.0);
}

#[test]
fn of_nested_sets_the_outer_one_stays_where_the_inner_projects_hardly_start() {
    let packages = distinct(&[(1.0, 10), (5.0, 10)]);
    let projects = [need(0.5, &[0]), need(2.0, &[0, 1])];
    let sharing = sound(&projects, &packages, &budget());
    assert_eq!(outline(&sharing), [(&[0, 1][..], &[1][..])]);
}

#[test]
fn one_package_in_common_can_be_worth_more_than_any_whole_set() {
    let packages = distinct(&[(5.0, 10), (1.0, 10), (1.0, 10), (1.0, 10)]);
    let projects = [need(1.0, &[0, 1]), need(1.0, &[0, 2]), need(1.0, &[0, 3])];
    let sharing = sound(&projects, &packages, &budget());
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1, 2][..])]);
    assert!(!sharing.images[0].is_union);
}

#[test]
fn a_union_serves_different_sets_in_full() {
    let packages = distinct(&[(5.0, 10), (1.0, 10), (1.0, 10)]);
    let projects = [need(1.0, &[0, 1]), need(1.0, &[0, 2])];
    let sharing = sound(&projects, &packages, &Budget { union: true, foreign_cost: 0.1, ..budget() });
    assert_eq!(outline(&sharing), [(&[0, 1, 2][..], &[0, 1][..])]);
    assert!(sharing.images[0].is_union);
    assert_seconds(sharing.saved, 11.8);
}

#[test]
fn a_union_is_not_made_where_foreign_packages_cost_more_than_own_ones_save() {
    let packages = distinct(&[(5.0, 10), (1.0, 10), (1.0, 10)]);
    let projects = [need(1.0, &[0, 1]), need(1.0, &[0, 2])];
    let sharing = sound(&projects, &packages, &Budget { union: true, foreign_cost: 2.0, ..budget() });
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
}

#[test]
fn a_union_never_holds_two_contents_of_one_package() {
    let mut packages = distinct(&[(5.0, 10), (1.0, 10), (1.0, 10)]);
    packages[2].identity = 1;
    let projects = [need(1.0, &[0, 1]), need(1.0, &[0, 2])];
    let sharing = sound(&projects, &packages, &Budget { union: true, ..budget() });
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
}

#[test]
fn the_disk_limit_holds_for_all_images_together() {
    let packages = distinct(&[(1.0, 50), (1.0, 60), (1.0, 70)]);
    let projects = [need(1.0, &[0]), need(2.0, &[1]), need(2.5, &[2])];
    let limited = |disk| Budget { images: 3, disk: Some(disk), ..budget() };
    assert_eq!(outline(&sound(&projects, &packages, &limited(480))).len(), 3);
    let two = sound(&projects, &packages, &limited(479));
    assert_eq!(outline(&two), [(&[2][..], &[2][..]), (&[1][..], &[1][..])]);
    let one = sound(&projects, &packages, &limited(165));
    assert_eq!(outline(&one), [(&[1][..], &[1][..])]);
    assert!(sound(&projects, &packages, &limited(100)).images.is_empty());
}

#[test]
fn little_of_a_large_project_is_a_loss_where_packages_outside_cost() {
    let packages = distinct(&[(1.0, 10), (0.1, 10), (0.1, 10), (0.1, 10)]);
    let projects = [need(1.0, &[0]), need(1.0, &[0, 1, 2, 3])];
    let free = sound(&projects, &packages, &budget());
    assert_eq!(outline(&free), [(&[0][..], &[0, 1][..])]);
    let dear = sound(&projects, &packages, &Budget { outside_cost: 0.4, ..budget() });
    assert_eq!(outline(&dear), [(&[0, 1, 2, 3][..], &[1][..])]);
}

#[test]
fn packages_outside_cost_once_for_each_of_equal_projects() {
    let packages = distinct(&[(1.0, 10), (0.0, 10)]);
    let budget = Budget { outside_cost: 2.0, ..budget() };
    let busy = need(7.0, &[0, 1]);
    let rare = need(1.0, &[0, 1]);
    let sharing = sound(&[need(10.0, &[0]), busy, rare], &packages, &budget);
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
    assert_seconds(sharing.saved, 15.0);
}

#[test]
fn an_image_that_saves_no_more_than_it_costs_is_not_made() {
    let packages = distinct(&[(1.0, 10), (1.0, 10)]);
    let projects = [need(3.0, &[0]), need(5.0, &[1])];
    let costing = |image_cost| Budget { images: 2, image_cost, ..budget() };
    assert_eq!(sound(&projects, &packages, &costing(2.9)).images.len(), 2);
    assert_eq!(outline(&sound(&projects, &packages, &costing(3.0))), [(&[1][..], &[1][..])]);
    assert!(sound(&projects, &packages, &costing(5.0)).images.is_empty());
}

#[test]
fn projects_that_are_too_rare_alone_justify_an_image_together() {
    let packages = distinct(&[(1.0, 10), (0.1, 10), (0.1, 10)]);
    let projects = [need(2.0, &[0, 1]), need(2.0, &[0, 2])];
    let sharing = sound(&projects, &packages, &Budget { images: 9, image_cost: 3.0, ..budget() });
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
}

#[test]
fn a_project_that_never_starts_joins_an_image_and_justifies_none() {
    let packages = distinct(&[(1.0, 10), (1.0, 10), (1.0, 10)]);
    let projects =
        [need(1.0, &[0]), need(2.0, &[0, 1]), need(0.0, &[0, 1]), need(0.0, &[0, 1, 2]), need(0.0, &[2])];
    let sharing = sound(&projects, &packages, &Budget { images: 9, ..budget() });
    assert_eq!(outline(&sharing), [(&[0, 1][..], &[1, 2, 3][..]), (&[0][..], &[0][..])]);
}

#[test]
fn a_project_that_never_starts_stays_out_where_packages_outside_cost() {
    let packages = distinct(&[(1.0, 10), (1.0, 10)]);
    let projects = [need(5.0, &[0]), need(0.0, &[0]), need(0.0, &[0, 1])];
    let sharing = sound(&projects, &packages, &Budget { outside_cost: 0.1, ..budget() });
    assert_eq!(outline(&sharing), [(&[0][..], &[0, 1][..])]);
}

#[test]
fn no_image_is_made_where_none_is_permitted() {
    let sharing = sound(&[need(1.0, &[0])], &distinct(&[(1.0, 1)]), &Budget { images: 0, ..budget() });
    assert!(sharing.images.is_empty());
    assert_seconds(sharing.possible, 1.0);
}
