//! Builders: what turns packages into an image file.

mod direct;
mod failure;
mod job;
mod packagecompiler;

pub(crate) use direct::direct;
pub(crate) use failure::BuildError;
pub(crate) use job::{Builder, Job};
pub(crate) use packagecompiler::{Source, Work, install, packagecompiler};
