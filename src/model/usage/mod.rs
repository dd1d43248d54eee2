//! Use of projects and images: the journal, Pkg's logs, and the consequences for `gc` and builds.

pub(crate) mod garbage;
pub(crate) mod journal;
pub(crate) mod manifest_usage;
pub(crate) mod own_folder;
pub(crate) mod savings;
