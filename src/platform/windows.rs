//! Windows. What it has no need of does nothing, and has the form of what Unix does.

#![allow(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "the functions are those of Unix"
)]

mod files;
mod owners;
mod process;

pub(crate) use files::*;
pub(crate) use owners::*;
pub(crate) use process::*;
