//! The exit codes of jlproj, as documented in its manual.

/// All is well.
pub(crate) const SUCCESS: u8 = 0;
/// An expected failure, told on stderr.
pub(crate) const FAILURE: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// `status --check`: no image is in force for the project.
pub(crate) const NOT_FRESH: u8 = 3;
/// A bug in jlproj.
pub(crate) const BUG: u8 = 70;
/// `run` itself failed, before Julia was started.
pub(crate) const RUN_FAILED: u8 = 125;
/// `run`: Julia was found but cannot be started.
pub(crate) const JULIA_NOT_RUNNABLE: u8 = 126;
/// `run`: no Julia was found.
pub(crate) const JULIA_NOT_FOUND: u8 = 127;
/// Added to the number of the signal that ended the work.
pub(crate) const SIGNAL_BASE: u8 = 128;
