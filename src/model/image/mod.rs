//! System images: what one is made from, the key that names it, and whether a project may use it.

pub(crate) mod bake;
pub(crate) mod cpu_target;
pub(crate) mod difference;
pub(crate) mod git_tree;
pub(crate) mod key;
pub(crate) mod library;
pub(crate) mod processor;
pub(crate) mod pycall;
pub(crate) mod record;
pub(crate) mod statements;
pub(crate) mod target;
pub(crate) mod tracked;
pub(crate) mod verdict;
pub(crate) mod verification;
pub(crate) mod wanted;
