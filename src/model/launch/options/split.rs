//! Divides the arguments of `jlproj run` into ours, Julia's options and the rest.

use std::ffi::OsString;

use super::effects::Effects;
use super::own::{OwnOptions, SplitError};
use super::step::{step, steps};

/// The arguments of `run`, divided. `julia` followed by `rest` is what was typed without our options, byte for byte and
/// in order; Julia reads it as it was read here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) own: OwnOptions,
    /// Julia's options with their values.
    pub(crate) julia: Vec<OsString>,
    /// The first argument that is no option and everything after it, with a `--` before it if one was typed; after
    /// `-m MODULE` everything that follows.
    pub(crate) rest: Vec<OsString>,
}

/// Divides the arguments after `jlproj run`.
///
/// `-v`, `--verbose`, `--quiet` and `+channel` are ours before the first argument that is not;
/// `--quiet` is passed on as well. A `--` there ends ours for good and is not passed on. `--dry-run`,
/// `--julia` and `--sysimage=auto|none|require` are ours as far as Julia's options reach.
///
/// # Errors
/// A `--julia` without a path.
pub(crate) fn split(arguments: &[OsString]) -> Result<Split, SplitError> {
    let mut split = Split::default();
    let mut left = arguments;
    let mut ours = true;
    while let Some(first) = left.first() {
        let taken = if first == "--" {
            ours = false;
            1
        } else if split.own.take_leading(first) {
            split.julia.extend((first == "--quiet").then(|| first.clone()));
            1
        } else {
            split.own.take(left)?
        };
        left = left.get(taken..).unwrap_or_default();
        if taken == 0 || !ours {
            break;
        }
    }
    divide(left, ours, &mut split)?;
    Ok(split)
}

/// Separates Julia's options from the rest; `ours` says whether options of ours may stand among them.
fn divide(mut left: &[OsString], ours: bool, split: &mut Split) -> Result<(), SplitError> {
    let mut ended = false;
    while !ended {
        let taken = if ours { split.own.take(left)? } else { 0 };
        if taken > 0 {
            left = left.get(taken..).unwrap_or_default();
            continue;
        }
        let Some(step) = step(left) else { break };
        ended = step.ends_options();
        let (typed, after) = left.split_at(step.used);
        split.julia.extend_from_slice(typed);
        left = after;
    }
    split.rest.extend_from_slice(left);
    Ok(())
}

impl Split {
    /// Puts arguments of a juliaup channel (`juliaup link NAME +CHANNEL -- ARGS`) before Julia's, as
    /// juliaup's launcher does, and reads the whole anew: they may be options, or hold a script.
    #[must_use]
    pub(crate) fn with_channel_arguments(self, arguments: &[String]) -> Self {
        if arguments.is_empty() {
            return self;
        }
        let Self { own, julia, rest } = self;
        let whole: Vec<OsString> = arguments.iter().map(OsString::from).chain(julia).chain(rest).collect();
        let mut split = Self { own, ..Self::default() };
        for (_, typed) in steps(&whole) {
            split.julia.extend_from_slice(typed);
        }
        split.rest.extend_from_slice(whole.get(split.julia.len()..).unwrap_or_default());
        split
    }

    /// Returns the meaning of Julia's options for jlproj.
    #[must_use]
    pub(crate) fn effects(&self) -> Effects {
        Effects::of(&self.julia, &self.rest)
    }
}
