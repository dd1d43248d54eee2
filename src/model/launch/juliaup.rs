//! juliaup's settings, and the Julia that its launcher would start: decided here from values, so that `run` pays for
//! one small read and no process.
//!
//! Facts from juliaup 1.23.0: `config_file.rs`, `bin/julialauncher.rs`, `global_paths.rs`, `utils.rs` and
//! `version_selection.rs` in its `src`. Left out here: asking whether a channel is up to date, installing one, and the
//! versions database ([`Config::choose`]).

mod channel;
mod choice;
mod config;
mod location;
mod manifest;

pub(crate) use channel::{Host, System};
pub(crate) use choice::{ChannelError, Request};
pub(crate) use config::{Channel, Config, ConfigError};
pub(crate) use location::{Launcher, LocationError, config_file, is_launcher};
pub(crate) use manifest::{ProjectQuestion, julia_version};

#[cfg(test)]
mod tests;
