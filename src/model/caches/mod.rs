//! Julia's precompile files: their names, their heads, and whose starts use them.

pub(crate) mod header;
pub(crate) mod name;
pub(crate) mod owner;
pub(crate) mod slug;
