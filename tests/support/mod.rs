//! What tests have in common: a real Julia with packages and an image, folders of a test's own, other programs.

pub mod caches;
pub mod depot;
pub mod host_programs;
pub mod hosts;
pub mod juliaup;
pub mod listing;
pub mod packages;
pub mod sandbox;
pub mod starts;
pub mod world;
