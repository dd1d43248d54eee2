//! Julia's command line: its options, where they end, and their meaning for an image.
//!
//! [`split()`] divides the arguments of `jlproj run` as Julia's own getopt does, [`Split::effects`] returns what the
//! options mean for us, [`compose()`] builds the final argument vector. Values are not checked: Julia gets those that
//! it would refuse too, and reports them itself.

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
