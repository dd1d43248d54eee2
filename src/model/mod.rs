//! Pure: what jlproj decides, from values alone. No disk, environment, clock, process or terminal.
//!
//! One folder for each thing that is decided about. Each uses those above it only; `tests/layers.rs` fails where one
//! does not.

pub(crate) mod text;

pub(crate) mod loading;

pub(crate) mod image;

pub(crate) mod settings;

pub(crate) mod launch;

pub(crate) mod caches;

pub(crate) mod hosts;

pub(crate) mod usage;

pub(crate) mod sharing;
