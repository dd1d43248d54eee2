//! Julia as a program: finding it, asking it, and having it build images.

pub(crate) mod builder;
pub(crate) mod command;
pub(crate) mod exchange;
pub(crate) mod import;
pub(crate) mod linker;
pub(crate) mod loaded_modules;
pub(crate) mod locate;
pub(crate) mod log_text;
pub(crate) mod probe;
pub(crate) mod process;
pub(crate) mod script;
pub(crate) mod session;
pub(crate) mod stage;
pub(crate) mod starts;
pub(crate) mod startup_statements;
pub(crate) mod verify;
