//! One verb a file.

pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod pkg;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod subject;
pub(crate) mod which;
