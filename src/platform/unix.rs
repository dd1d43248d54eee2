//! Unix.

mod copies;
mod files;
mod owners;
mod process;

pub(crate) use copies::*;
pub(crate) use files::*;
pub(crate) use owners::*;
pub(crate) use process::*;
