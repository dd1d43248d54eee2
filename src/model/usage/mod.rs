//! What was used, how often and when: the journal, Pkg's logs, and what follows from them.

pub(crate) mod garbage;
pub(crate) mod journal;
pub(crate) mod manifest_usage;
pub(crate) mod own_folder;
pub(crate) mod savings;
