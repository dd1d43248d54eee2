//! Pure: the decisions of jlproj, from values alone. No disk, environment, clock, process or terminal.
//!
//! One folder for each subject of a decision. Each uses only those above it; `tests/layers.rs` fails otherwise.

pub(crate) mod text;

pub(crate) mod loading;

pub(crate) mod image;

pub(crate) mod settings;

pub(crate) mod launch;

pub(crate) mod caches;

pub(crate) mod hosts;

pub(crate) mod usage;

pub(crate) mod sharing;
