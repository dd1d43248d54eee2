//! One verb a file.

pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod forget;
pub(crate) mod gc;
mod inventory;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod pkg;
pub(crate) mod plan;
pub(crate) mod processor;
mod ranking;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod scan;
mod script;
pub(crate) mod setup;
pub(crate) mod status;
pub(crate) mod subject;
mod survey;
pub(crate) mod test;
pub(crate) mod warm;
pub(crate) mod which;
