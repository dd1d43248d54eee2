//! Unix.

mod files;
mod machine;
mod owners;
mod process;

pub(crate) use files::*;
pub(crate) use machine::*;
pub(crate) use owners::*;
pub(crate) use process::*;
