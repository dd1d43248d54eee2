//! The settings that are in force.

use crate::context::Context;
use crate::error::Error;
use crate::model::settings::{Flags, Settings};

/// Resolves the settings.
///
/// # Errors
/// Where the user's file or a variable cannot be followed.
pub(crate) fn settings(context: &Context, flags: Flags) -> Result<Settings, Error> {
    let packagecompiler = flags.packagecompiler.as_ref().map(|path| context.directory.join(path));
    let flags = Flags { packagecompiler, ..flags };
    Ok(Settings::resolve(&flags, &context.variables, &context.user_file()?)?)
}
