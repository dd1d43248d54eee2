//! From the surroundings to a verdict: reads what is needed, and has the model decide.

mod builder_choice;
mod caches;
mod cold;
mod compile_time;
mod compiled;
mod crowded;
mod julia;
mod known;
mod outcome;
mod owners;
mod patience;
mod project;
mod settings;
mod shadow;
mod stores;
mod survey;
mod verdict;
mod wanted;

pub(crate) use builder_choice::{packagecompiler_environment, recorded_packagecompiler};
pub(crate) use caches::{CacheFile, SHIPPED, judge_all};
pub(crate) use cold::Surroundings;
pub(crate) use compiled::list;
pub(crate) use crowded::{Crowded, UNDER_RUN, crowded, limit};
pub(crate) use julia::{describe, find};
pub(crate) use known::{KnownProject, known_project, known_projects};
pub(crate) use outcome::{code, outcome, plain_outcome, reason};
pub(crate) use owners::{Owners, PROJECT_FILES};
pub(crate) use project::{ProjectState, depots, locate_environment};
pub(crate) use settings::{Overrides, settings};
pub(crate) use stores::{answering, distant_stamps, shared, silence};
pub(crate) use survey::{Found, Prospect, Survey, Surveyed};
pub(crate) use verdict::{Assessment, assess};
pub(crate) use wanted::wanted;
