//! The project that a command looks at, as `run` would see it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::assessment::{Assessment, ForProject, Toolchain};
use crate::context::Context;
use crate::error::Error;
use crate::fs::{self, ObservedFiles};
use crate::installation::Installation;
use crate::julia::locate::Located;
use crate::model::loading::environment::ProjectFlag;
use crate::model::loading::paths;
use crate::model::settings::{Flags, ImagePolicy, Setting};
use crate::store::project_record;

/// A project with its Julia.
#[derive(Debug)]
pub(crate) struct TargetProject {
    pub(crate) located: Located,
    pub(crate) installation: Installation,
    pub(crate) assessment: Assessment,
    /// Says what switched images off, if something did: then none is in force, whatever the assessment.
    pub(crate) switched_off: Option<String>,
}

impl TargetProject {
    /// Reads and assesses a project.
    ///
    /// # Errors
    /// Where there is no Julia, no project, or a file of it cannot be read.
    pub(crate) fn read(
        context: &Context,
        julia: Option<OsString>,
        project: Option<&OsStr>,
    ) -> Result<Self, Error> {
        let flag = project.map(|project| ProjectFlag::Value(project.to_owned()));
        let overrides = Flags { julia, ..Flags::default() };
        let toolchain = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?;
        let assessment = toolchain.assess(flag.as_ref())?;
        let Toolchain { located, installation, settings, .. } = toolchain;
        let Setting { value, origin } = settings.sysimage;
        let switched_off =
            (value == ImagePolicy::None).then(|| format!("images are switched off by {origin}"));
        Ok(Self { located, installation, assessment, switched_off })
    }
}

/// The canonical folder of a project, whatever state its files are in.
///
/// # Errors
/// Where there is no Julia to say where projects are, or no project.
pub(crate) fn project_folder(context: &Context, project: Option<&OsStr>) -> Result<PathBuf, Error> {
    let flag = project.map(|project| ProjectFlag::Value(project.to_owned()));
    // If the Julia that the manifest names is not installed, any other one finds the project as well.
    let toolchain = Toolchain::open(context, Flags::default(), ForProject::This(flag.as_ref()))
        .or_else(|_| Toolchain::open_for_records(context, Flags::default(), ForProject::None))?;
    let files = ObservedFiles::default();
    let (environment, _) = toolchain.environment(flag.as_ref(), &files)?;
    let no_project = || Error::NoProject { directory: context.directory.clone() };
    if environment.is_absent_default(&files) {
        return Err(no_project());
    }
    let project_file = environment.project_file.ok_or_else(no_project)?;
    let folder = project_file.parent().ok_or_else(no_project)?;
    fs::canonicalize(folder).map_err(|_| Error::NoProjectFile { path: project_file.clone() })
}

/// Folder of a project that may be gone: then the path as it is written.
///
/// # Errors
/// As [`project_folder`].
pub(crate) fn project_folder_even_gone(context: &Context, project: &OsStr) -> Result<PathBuf, Error> {
    let written = context.directory.join(project);
    if written.exists() || project.to_str().is_some_and(|text| text.starts_with('@')) {
        return project_folder(context, Some(project));
    }
    let is_known = |path: &Path| project_record::read(&context.layout, path).is_some();
    let plain = paths::absolute(&context.directory, project);
    Ok(if is_known(&written) { written } else { plain })
}
