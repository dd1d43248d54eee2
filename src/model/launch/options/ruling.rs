//! Options under which no image of ours is used, and why.
//!
//! An option that changes how code is compiled rules an image out if Julia compiles packages anew for it without an
//! image too (their caches carry `--check-bounds` and `--inline`: `jl_cache_flags`, `src/staticdata_utils.c` 1.10), or
//! if results or counts differ. `-O`, `-g` and `--compile` do not: code in an image runs as it was built, which is as
//! fast as `-O2`, and gives the same results.

use std::ffi::{OsStr, OsString};
use std::fmt;

use super::step::Given;

/// Why an image is not used, whatever the project. The text fits after "no image: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Julia prints something and ends: the long name of the option.
    Prints(&'static str),
    /// The user names an image.
    ImageGiven,
    /// Julia writes an image or a cache file: the long name of the option.
    Output(&'static str),
    /// `--lisp`: the prompt of Julia's parser.
    Lisp,
    /// `--bug-report`: the report is to be about Julia.
    BugReport,
    /// `--home`: another folder than that of the Julia we know.
    Home,
    /// `-C` other than `native`: Julia refuses an image made for another target. `sysimage` (1.13 and later) too: a
    /// session takes it only where the image has one target (`check_cmdline`, `src/processor.cpp`).
    CpuTarget(OsString),
    /// `--sysimage-native-code=no`.
    NativeCode,
    /// `--code-coverage`: compiled code counts nothing.
    CodeCoverage,
    /// `--track-allocation`: compiled code counts nothing.
    TrackAllocation,
    /// `--check-bounds=yes` or `no`: compiled code keeps the checks that it was built with.
    CheckBounds(&'static str),
    /// `--inline=no`: compiled code keeps its inlined calls.
    Inline,
    /// `--math-mode=ieee`: compiled code keeps its `@fastmath`.
    MathMode,
}

impl fmt::Display for Ruling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prints(option) => write!(formatter, "`--{option}` needs none"),
            Self::ImageGiven => formatter.write_str("`--sysimage` names another"),
            Self::Output(option) => write!(formatter, "`--{option}` starts from Julia's own"),
            Self::Lisp => formatter.write_str("`--lisp` needs none"),
            Self::BugReport => formatter.write_str("`--bug-report` is to show Julia as it is"),
            Self::Home => formatter.write_str("`--home` points to another Julia"),
            Self::CpuTarget(target) => {
                write!(formatter, "`--cpu-target={}` may not be what it was built for", target.display())
            }
            Self::NativeCode => formatter.write_str("`--sysimage-native-code=no` makes it useless"),
            Self::CodeCoverage => formatter.write_str("`--code-coverage` sees no code inside one"),
            Self::TrackAllocation => formatter.write_str("`--track-allocation` sees no code inside one"),
            Self::CheckBounds(word) => {
                write!(formatter, "`--check-bounds={word}` does not reach the code inside one")
            }
            Self::Inline => formatter.write_str("`--inline=no` does not reach the code inside one"),
            Self::MathMode => formatter.write_str("`--math-mode=ieee` does not reach the code inside one"),
        }
    }
}

impl Ruling {
    /// Returns the ruling of these options, in order of weight. If an option is given more than once, the last counts,
    /// as in Julia.
    #[must_use]
    pub(crate) fn of(given: &[Given]) -> Option<Self> {
        let has = |name: &str| given.iter().any(|one| one.option.long == name);
        let last = |name: &str| given.iter().rev().find(|one| one.option.long == name);
        let last_is = |name: &str, word: &str| {
            last(name).is_some_and(|one| one.value.as_deref() == Some(OsStr::new(word)))
        };
        let counts = |name: &str| has(name) && !last_is(name, "none");
        let prints = |one: &&Given| matches!(one.option.long, "version" | "help" | "help-hidden");
        let output = |one: &&Given| one.option.long.starts_with("output-");
        let target = || last("cpu-target").and_then(|one| one.value.clone()).filter(|name| name != "native");
        None.or_else(|| given.iter().find(prints).map(|one| Self::Prints(one.option.long)))
            .or_else(|| has("sysimage").then_some(Self::ImageGiven))
            .or_else(|| given.iter().find(output).map(|one| Self::Output(one.option.long)))
            .or_else(|| has("lisp").then_some(Self::Lisp))
            .or_else(|| has("bug-report").then_some(Self::BugReport))
            .or_else(|| has("home").then_some(Self::Home))
            .or_else(|| target().map(Self::CpuTarget))
            .or_else(|| last_is("sysimage-native-code", "no").then_some(Self::NativeCode))
            .or_else(|| counts("code-coverage").then_some(Self::CodeCoverage))
            .or_else(|| counts("track-allocation").then_some(Self::TrackAllocation))
            .or_else(|| {
                ["yes", "no"].into_iter().find(|word| last_is("check-bounds", word)).map(Self::CheckBounds)
            })
            .or_else(|| last_is("inline", "no").then_some(Self::Inline))
            .or_else(|| last_is("math-mode", "ieee").then_some(Self::MathMode))
    }
}
