//! One verb a file.

pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod exec;
pub(crate) mod forget;
pub(crate) mod gc;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod overview;
pub(crate) mod pkg;
pub(crate) mod plan;
pub(crate) mod processor;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod setup;
pub(crate) mod shim;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod warm;
pub(crate) mod which;
