//! Why a build failed, in plain words.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use thiserror::Error;

use crate::julia::exchange::ExchangeError;
use crate::julia::linker;
use crate::julia::log_text::GeneratorError;
use crate::julia::process::ProcessError;
use crate::julia::stage::Stage;
use crate::model::image::verification::Fault;
use crate::model::text::shell;

/// Hint for a store that cannot be used.
const OTHER_STORE: &str = "set JLPROJ_HOME to another folder";

/// Why there is no image.
#[derive(Debug, Error)]
pub(crate) enum BuildError {
    #[error("interrupted")]
    Interrupted(u8),
    #[error("{name} does not load in this project")]
    PackageFailed { name: String, text: String },
    #[error("{} cannot be in an image: `__precompile__(false)` says that no code is to be kept", names.join(" and "))]
    NeverCompiled { names: Vec<String> },
    #[error("the workload `{path}` failed (exit code {code})")]
    WorkloadFailed { path: String, code: u8 },
    #[error("Julia was killed while {}: most likely there was not enough memory", stage.name())]
    Killed { stage: Stage },
    #[error("Julia failed while {} (exit code {code})", stage.name())]
    JuliaFailed { stage: Stage, code: u8, text: String },
    #[error("no code can be generated for the processors of the image{}", in_function(.0))]
    NoCode(GeneratorError),
    #[error("PackageCompiler failed")]
    PackageCompilerFailed { text: String },
    #[error("another build of this image was waited for, and failed: {message}")]
    FailedElsewhere {
        message: String,
        details: String,
        hints: Vec<String>,
        /// PackageCompiler failed.
        is_packagecompilers: bool,
    },
    #[error("PackageCompiler is not available")]
    NoPackageCompiler { text: String },
    #[error("no program to link the image with: no C compiler, no `ld`, no `lld`")]
    NoLinker,
    #[error("`{program}` could not link the image (exit code {code})")]
    LinkFailed { program: String, code: u8, text: String },
    #[error("{name} loads, but Julia does not start with it in an image: its `__init__` fails there")]
    InitFailed { name: String, text: String },
    #[error("Julia does not start with the new image: the `__init__` of a package fails there")]
    SomeInitFailed { text: String },
    #[error("Julia does not start with the new image (exit code {code})")]
    DoesNotStart { code: u8, text: String },
    #[error("worker processes die under the new image, by what {} does with Distributed when it is loaded", names.join(" or "))]
    WorkersDie { names: Vec<String>, text: String },
    #[error("the packages load something that is not to be baked")]
    LoadsOthers(Vec<Fault>),
    #[error("the new image is not what it should be")]
    Wrong(Vec<Fault>),
    #[error("the new image has the wrong contents: {0}")]
    Odd(String),
    #[error("the image is for another processor than the one that it was to be for")]
    OtherProcessor,
    #[error("the store cannot be trusted: `{folder}` {risk}")]
    StoreNotOurs { folder: String, risk: String },
    #[error("the store `{folder}` cannot be written")]
    StoreNotWritable { folder: String, source: std::io::Error },
    #[error(transparent)]
    Exchange(ExchangeError),
    #[error("the build could not write its files")]
    Files(#[from] std::io::Error),
}

impl BuildError {
    /// Returns PackageCompiler's output if PackageCompiler failed: the direct builder may succeed then.
    pub(crate) fn of_packagecompiler(&self) -> Option<&str> {
        match self {
            Self::PackageCompilerFailed { text } => Some(text),
            Self::FailedElsewhere { details, is_packagecompilers: true, .. } => Some(details),
            _ => None,
        }
    }

    /// Returns the output around the failure, for display below the message.
    pub(crate) fn details(&self) -> String {
        match self {
            Self::PackageFailed { text, .. }
            | Self::JuliaFailed { text, .. }
            | Self::PackageCompilerFailed { text }
            | Self::NoPackageCompiler { text }
            | Self::LinkFailed { text, .. }
            | Self::InitFailed { text, .. }
            | Self::SomeInitFailed { text }
            | Self::WorkersDie { text, .. }
            | Self::DoesNotStart { text, .. } => text.clone(),
            Self::FailedElsewhere { details, .. } => details.clone(),
            Self::NoCode(error) => error.text.clone(),
            Self::LoadsOthers(faults) | Self::Wrong(faults) => {
                faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }

    /// Returns hints on what to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let exclude = |name: &str| format!("leave it out: put `exclude = [\"{name}\"]` into jlproj.toml");
        match self {
            Self::PackageFailed { name, .. } => vec![
                format!("see whether `julia --project -e 'import {name}'` works, and fix that first"),
                exclude(name),
            ],
            Self::InitFailed { name, .. } => vec![exclude(name)],
            Self::WorkersDie { names, .. } => names.iter().map(|name| exclude(name)).collect(),
            Self::NeverCompiled { names } => {
                let names = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
                vec![format!("leave out what says so: put `exclude = [{names}]` into jlproj.toml")]
            }
            Self::SomeInitFailed { .. } => vec![
                "leave packages out, one after the other, to find it: `exclude = [\"NAME\"]` in jlproj.toml"
                    .to_owned(),
            ],
            Self::WorkloadFailed { path, .. } => {
                vec![format!("run it by hand: `julia --project {path}`")]
            }
            Self::Killed { .. } => vec![
                "close other programs, or leave large packages out with `exclude` in jlproj.toml".to_owned(),
            ],
            Self::NoPackageCompiler { .. } => vec![
                "`jlproj build --builder direct` needs no package to be downloaded".to_owned(),
                "or name a folder that holds it: `jlproj build --packagecompiler FOLDER`".to_owned(),
            ],
            Self::NoLinker => vec![linker::INSTALL.to_owned()],
            Self::LinkFailed { .. } => {
                vec!["choose another compiler with the variable CC, as in `CC=clang jlproj build`".to_owned()]
            }
            Self::FailedElsewhere { hints, .. } => hints.clone(),
            Self::NoCode(error) => vec![
                "build for this machine alone, or for a processor by name: `jlproj build --cpu-target native`"
                    .to_owned(),
                match &error.package {
                    Some(name) => exclude(name),
                    None => "or leave out the package of that function: `exclude = [\"NAME\"]` in jlproj.toml"
                        .to_owned(),
                },
            ],
            Self::PackageCompilerFailed { .. } => vec![
                "build without it: `jlproj build --builder direct`".to_owned(),
                "or read the whole log: `jlproj log`".to_owned(),
            ],
            Self::JuliaFailed { .. } | Self::DoesNotStart { .. } | Self::Wrong(_) => {
                vec!["read the whole log: `jlproj log`".to_owned()]
            }
            Self::OtherProcessor => vec![
                "name machines of one kind to the runner: `--constraint` of srun".to_owned(),
                "or build for all of them: `--cpu-target portable`".to_owned(),
            ],
            Self::StoreNotOurs { folder, .. } => {
                let folder = shell::quote(OsStr::new(folder));
                vec![format!("make it yours: `chown $USER {folder}`; or {OTHER_STORE}")]
            }
            Self::StoreNotWritable { .. } => vec![OTHER_STORE.to_owned()],
            Self::LoadsOthers(faults) => {
                let named: BTreeSet<&String> = faults.iter().filter_map(Fault::culprit).collect();
                named.into_iter().map(|name| exclude(name)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Suffix for the message: the function, and its package.
fn in_function(error: &GeneratorError) -> String {
    match (&error.function, &error.package) {
        (Some(function), Some(package)) => format!(": `{function}` of {package}"),
        (Some(function), None) => format!(": `{function}`"),
        (None, Some(package)) => format!(": {package}"),
        (None, None) => String::new(),
    }
}

impl From<ProcessError> for BuildError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Interrupted(signal) => Self::Interrupted(signal),
            other => Self::Exchange(ExchangeError::Process(other)),
        }
    }
}

impl From<ExchangeError> for BuildError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Process(process) => process.into(),
            other => Self::Exchange(other),
        }
    }
}
