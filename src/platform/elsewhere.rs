//! macOS and Windows: what they say of the machine and of running processes.

mod machine;
mod processes;

pub(crate) use machine::*;
pub(crate) use processes::*;
