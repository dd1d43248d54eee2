//! From the surroundings to a verdict: reads what is needed, and has the model decide.

mod builder_choice;
mod julia;
mod outcome;
mod project;
mod settings;
mod shadow;
mod verdict;
mod wanted;

pub(crate) use builder_choice::{packagecompiler_environment, recorded_packagecompiler};
pub(crate) use julia::{describe, find};
pub(crate) use outcome::{code, outcome, plain_outcome, reason};
pub(crate) use project::{ProjectState, locate_environment};
pub(crate) use settings::{Overrides, settings};
pub(crate) use verdict::{Assessment, assess};
pub(crate) use wanted::wanted;
