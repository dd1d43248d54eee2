//! What the commands about many projects share.

use std::ffi::OsString;
use std::sync::Arc;

use crate::assessment::{self, ForProject, Overrides, Survey, Surveyed, Toolchain};
use crate::context::Context;
use crate::error::Error;

/// Where there is no project to look at: what to type.
pub(crate) const NO_PROJECT: &str = "no project is known yet; `jlproj run` in one, or `jlproj scan FOLDER`";

/// Reads what all known projects are looked at with.
///
/// # Errors
/// Where there is no Julia, or a setting cannot be followed.
pub(crate) fn read(
    context: &Context,
    julia: Option<OsString>,
    looks_at_caches: bool,
) -> Result<Arc<Survey>, Error> {
    let overrides = Overrides { julia, ..Overrides::default() };
    let Toolchain { settings, installation, .. } = Toolchain::open(context, overrides, ForProject::None)?;
    let mut survey = Survey::new(context, &installation, &settings);
    survey.looks_at_caches = looks_at_caches;
    Ok(Arc::new(survey))
}

/// Looks at all known projects.
///
/// # Errors
/// Where the journal cannot be read.
pub(crate) fn all(survey: &Arc<Survey>) -> Result<Vec<Surveyed>, Error> {
    let depots = assessment::depots(&survey.context, &survey.installation)?;
    let known = assessment::known_projects(&survey.context, survey.clock, &depots)?;
    Ok(survey.of(known))
}
