//! Julia's command line: which options there are, where they end, what they mean for an image.
//!
//! [`split()`] parts the arguments of `jlproj run` as Julia's own getopt does, [`Split::effects`] says
//! what the options mean for us, [`compose()`] writes the final argument vector. Whether a value is any
//! good is left to Julia: what it would refuse is passed on, and Julia says so itself.

mod compose;
mod effects;
mod own;
mod ruling;
mod split;
mod step;
mod table;
mod text;

pub(crate) use compose::{Additions, compose};
pub(crate) use effects::Effects;
pub(crate) use own::SplitError;
pub(crate) use ruling::Ruling;
pub(crate) use split::{Split, split};

#[cfg(test)]
mod tests;
