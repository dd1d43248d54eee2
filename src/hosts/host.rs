//! The interface of every host.

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::plan::Plan;

/// One way into Julia, with all values that its setup needs.
pub(crate) trait Host {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Distinguishes hosts of one name (a venv, a project); empty if there is only one.
    fn target(&self) -> String;

    /// Returns its setup.
    ///
    /// # Errors
    /// Where it cannot be set up.
    fn plan(&self) -> Result<Plan, HostError>;

    /// Lists what is wrong with it besides its files.
    fn check(&self) -> Vec<Trouble>;

    /// The command that sets it up again.
    fn command(&self) -> String;
}
