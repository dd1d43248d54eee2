//! Pure: what jlproj decides, from values alone. No disk, environment, clock, process or terminal.

pub(crate) mod age;
pub(crate) mod bake;
pub(crate) mod cache_name;
pub(crate) mod cache_owner;
pub(crate) mod cache_slug;
pub(crate) mod cpu_target;
pub(crate) mod dependency_order;
pub(crate) mod depots;
pub(crate) mod dialect;
pub(crate) mod difference;
pub(crate) mod elf;
pub(crate) mod embedding;
pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod garbage;
pub(crate) mod image;
pub(crate) mod image_target;
pub(crate) mod ji;
pub(crate) mod julia_options;
pub(crate) mod juliaup;
pub(crate) mod key;
pub(crate) mod manifest;
pub(crate) mod manifest_usage;
pub(crate) mod paths;
pub(crate) mod preferences;
pub(crate) mod processor;
pub(crate) mod project;
pub(crate) mod pycall;
pub(crate) mod python;
pub(crate) mod savings;
pub(crate) mod seal;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod shell;
pub(crate) mod size;
pub(crate) mod stack;
pub(crate) mod statements;
pub(crate) mod terminal_text;
pub(crate) mod text_edit;
pub(crate) mod toml_file;
pub(crate) mod usage;
pub(crate) mod verdict;
pub(crate) mod verification;

#[cfg(test)]
mod testing;
