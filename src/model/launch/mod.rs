//! The start of Julia: its arguments, taken apart and put together, and the channel that juliaup chooses.

pub(crate) mod juliaup;
pub(crate) mod options;
