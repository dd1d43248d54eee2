//! What every host has.

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::plan::Plan;

/// One way into Julia, with all that it has to know.
pub(crate) trait Host {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What tells two of one name apart (a venv, a project); empty where there is only one.
    fn target(&self) -> String;

    /// What it takes.
    ///
    /// # Errors
    /// Where it cannot be set up.
    fn plan(&self) -> Result<Plan, HostError>;

    /// What is wrong with it besides its files.
    fn check(&self) -> Vec<Trouble>;

    /// The command that sets it up again.
    fn command(&self) -> String;
}
