//! Text as people, shells and terminals read it.

pub(crate) mod age;
pub(crate) mod dialect;
pub(crate) mod shell;
pub(crate) mod size;
pub(crate) mod terminal;
