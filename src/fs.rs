//! The disk: atomic replacement of files, and reads that record the state of every file they asked for.

mod observed;
mod read;
mod replace;

pub(crate) use observed::{Observations, ObservedFiles, Stamp};
pub(crate) use read::{Lines, beginning_digest, canonicalize, contents_digest, is_absence, read_limited};
pub(crate) use replace::{
    is_abandoned, is_older, replace, replace_as_it_is, replace_by, replace_by_link, replace_durably,
    replace_program, sweep_abandoned, sync_folder,
};
