//! The settings that are in force.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::context::Context;
use crate::error::Error;
use crate::model::image::cpu_target::CpuTarget;
use crate::model::settings::{BuilderChoice, Flags, ImagePolicy, Settings};

/// Settings from the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) julia: Option<OsString>,
    pub(crate) builder: Option<BuilderChoice>,
    pub(crate) packagecompiler: Option<PathBuf>,
    pub(crate) sysimage: Option<ImagePolicy>,
    pub(crate) cpu_target: Option<CpuTarget>,
    pub(crate) runner: Option<String>,
}

/// Resolves the settings.
///
/// # Errors
/// Where the user's file or a variable cannot be followed.
pub(crate) fn settings(context: &Context, overrides: Overrides) -> Result<Settings, Error> {
    let Overrides { julia, builder, packagecompiler, sysimage, cpu_target, runner } = overrides;
    let packagecompiler = packagecompiler.map(|path| context.directory.join(path));
    let flags = Flags { julia, builder, packagecompiler, sysimage, cpu_target, runner };
    Ok(Settings::resolve(&flags, &context.variables, &context.user_file()?)?)
}
