//! Differences between operating systems, behind one set of functions.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::*;

mod processor;
pub(crate) use processor::{processor_features, processor_fingerprint};
