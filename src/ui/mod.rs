//! Output for people and programs. The only modules that print.

pub(crate) mod count;
pub(crate) mod message;
pub(crate) mod output;
pub(crate) mod pay_off;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod size;
pub(crate) mod stages;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod time;
