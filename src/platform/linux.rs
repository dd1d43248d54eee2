//! Linux: what it says of the machine and of running processes.

mod control_group;
mod machine;
mod processes;

pub(crate) use machine::*;
pub(crate) use processes::*;
