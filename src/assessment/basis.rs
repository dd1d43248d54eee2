//! The basis of every assessment.

use crate::context::Context;
use crate::installation::Installation;
use crate::model::settings::Settings;

/// A Julia and the settings in force: the basis of every assessment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis<'a> {
    pub(crate) context: &'a Context,
    pub(crate) installation: &'a Installation,
    pub(crate) settings: &'a Settings,
}
