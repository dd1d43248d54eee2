//! Text written for other programs that start Julia: scripts, and edits of files that are not ours.

pub(crate) mod app_shim;
pub(crate) mod edit;
pub(crate) mod embedding;
pub(crate) mod python_text;
pub(crate) mod seal;
pub(crate) mod wrapper;
