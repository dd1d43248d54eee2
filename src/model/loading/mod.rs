//! What Julia loads: environments, projects, manifests, preferences and depots, read by its own rules.

pub(crate) mod dependency_order;
pub(crate) mod depots;
pub(crate) mod early_extension;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod manifest;
pub(crate) mod paths;
pub(crate) mod preferences;
pub(crate) mod project;
pub(crate) mod reach;
pub(crate) mod stack;
pub(crate) mod toml_file;

#[cfg(test)]
pub(crate) mod testing;
