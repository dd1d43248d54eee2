//! All errors of commands, with hints and exit codes.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

use crate::exit;
use crate::hosts::HostError;
use crate::julia::builder::BuildError;
use crate::julia::locate::LocateError;
use crate::julia::probe::ProbeError;
use crate::model::launch::options::SplitError;
use crate::model::loading::environment::EnvironmentError;
use crate::model::settings::{Origin, SettingsError};
use crate::ui::message;
use crate::ui::size::size;

/// Why a command failed.
#[derive(Debug, ThisError)]
pub(crate) enum Error {
    #[error("the current directory cannot be found")]
    NoDirectory(#[source] io::Error),
    #[error("there is no place for jlproj's files: HOME is not set")]
    NoHome,
    #[error("cannot read or write a file")]
    Io(#[from] io::Error),
    #[error("the settings in `{}` cannot be followed", path.display())]
    SettingsFile { path: PathBuf, source: SettingsError },
    #[error("a setting cannot be followed")]
    Settings(#[source] SettingsError),
    #[error(transparent)]
    Arguments(#[from] SplitError),
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("`{program}` is a wrapper that starts jlproj again")]
    Recursion { program: String },
    #[error("cannot start `{}`", program.display())]
    NotStarted { program: PathBuf, source: io::Error },
    #[error("the project cannot be found")]
    Environment(#[from] EnvironmentError),
    #[error("there is no project here: no Project.toml in `{}` or above", directory.display())]
    NoProject { directory: PathBuf },
    #[error("`{}` does not exist", path.display())]
    NoProjectFile { path: PathBuf },
    #[error("`{}` is in no workspace", project.display())]
    NoWorkspace { project: PathBuf, julia: String, has_workspaces: bool },
    #[error("`{}` has no manifest", project.display())]
    NoManifest { project: PathBuf },
    #[error("cannot read `{}`: {text}", path.display())]
    ProjectFile { path: PathBuf, text: String },
    #[error("the manifest was resolved by Julia {manifest}, and this is Julia {julia}")]
    OtherJulia { manifest: String, julia: String, project: PathBuf },
    #[error("{} not installed", listed(packages))]
    NotInstalled { packages: Vec<String>, project: PathBuf },
    #[error("no package of this project can be baked")]
    NothingToBake { reasons: Vec<String> },
    /// Sizes in bytes.
    #[error("not enough room in `{}`: {} free, about {} needed", folder.display(), size(*free), size(*needed))]
    DiskFull {
        folder: PathBuf,
        /// The variable that names the folder, or one that it is in.
        variable: &'static str,
        free: u64,
        needed: u64,
    },
    /// Sizes in bytes.
    #[error("not enough memory: {} free, about {} needed", size(*free), size(*needed))]
    MemoryLow { free: u64, needed: u64 },
    #[error("the linker cannot find `libjulia` of `{}`", julia.display())]
    NoLibrary { julia: PathBuf },
    #[error("the image was not built")]
    Build { source: BuildError, log: Option<PathBuf> },
    #[error("`{runner}` did not start jlproj where it is to build")]
    Runner { runner: String, text: String },
    #[error("no image is in force: {reason}")]
    NoImage { reason: String, is_missing: bool },
    #[error("`{}` cannot be looked through", folder.display())]
    NotScanned { folder: PathBuf, source: io::Error },
    #[error("no build of this project is on record")]
    NoLog,
    #[error("no image was built for `{project}`")]
    NothingToDrop { project: String },
    #[error("there is no folder `{project}`, and no project of that name is known")]
    UnknownProject { project: String },
    #[error("the image of `{project}` was not removed: {reason}")]
    NotDropped { project: String, reason: String },
    #[error("the packages of `{project}` cannot be compiled")]
    Warm { project: String, source: BuildError },
    #[error("{failed} of {all} projects are still cold")]
    SomeNotWarmed { failed: usize, all: usize },
    #[error("nothing was removed: not confirmed")]
    NotConfirmed,
    #[error("{failed} of {all} things were not removed")]
    SomeNotRemoved { failed: usize, all: usize },
    #[error("cannot start `{}`", program.display())]
    ProgramNotStarted { program: PathBuf, source: io::Error },
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("{failed} of {all} images were not built")]
    SomeFailed { failed: usize, all: usize },
}

impl Error {
    pub(crate) fn settings_file(path: &Path, source: SettingsError) -> Self {
        Self::SettingsFile { path: path.to_owned(), source }
    }

    /// Returns the exit code for the error.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Arguments(_) => exit::USAGE,
            Self::Locate(error) if error.is_no_julia() => exit::JULIA_NOT_RUNNABLE,
            Self::NotStarted { .. } => exit::JULIA_NOT_RUNNABLE,
            Self::ProgramNotStarted { source, .. } if source.kind() != io::ErrorKind::NotFound => {
                exit::JULIA_NOT_RUNNABLE
            }
            Self::Locate(_) | Self::ProgramNotStarted { .. } => exit::JULIA_NOT_FOUND,
            Self::Build { source: BuildError::Interrupted(signal), .. } => {
                exit::SIGNAL_BASE.saturating_add(*signal)
            }
            _ => exit::FAILURE,
        }
    }

    /// Prints the error with its hints.
    pub(crate) fn print(&self) {
        if let Self::Build { source: BuildError::Interrupted(_), .. } = self {
            message::note("interrupted; nothing was left behind");
            return;
        }
        message::error(self, &self.details(), &self.hints());
    }

    /// Returns another program's output about the error; empty if there is none.
    pub(crate) fn details(&self) -> String {
        match self {
            Self::Build { source, .. } | Self::Warm { source, .. } => source.details(),
            Self::Probe(ProbeError::NotJulia { output, .. }) => output.clone(),
            Self::Runner { text, .. } => text.clone(),
            Self::Host(error) => error.details(),
            _ => String::new(),
        }
    }

    /// Returns the error and its causes in one line. Of a cause with many lines it has the first, which says where, and
    /// the last, which says what.
    pub(crate) fn in_one_line(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let lines = cause.to_string();
            let mut lines = lines.lines();
            for line in lines.next().into_iter().chain(lines.next_back()) {
                text = format!("{text}: {}", line.trim());
            }
            source = cause.source();
        }
        text
    }

    /// Returns commands to type, or other advice.
    pub(crate) fn hints(&self) -> Vec<String> {
        let one = |text: String| vec![text];
        match self {
            Self::NoHome => one("set HOME, or JLPROJ_HOME to a folder for jlproj's files".to_owned()),
            Self::SettingsFile { .. } => one("fix the line, or remove it".to_owned()),
            Self::Settings(
                SettingsError::Variable { variable, .. } | SettingsError::VariableText { variable, .. },
            ) => one(format!("set it to what it can be, or `unset {variable}`")),
            Self::Locate(error) => locate_hints(error),
            Self::Probe(_) | Self::Recursion { .. } | Self::NotStarted { .. } => {
                one("name another Julia: `jlproj run --julia /path/to/julia`".to_owned())
            }
            Self::NoProject { .. } => vec![
                "go to a project, or name one, as in `jlproj status PROJECT`".to_owned(),
                "or make one here: `jlproj pkg --project . add PACKAGE`".to_owned(),
            ],
            Self::NoProjectFile { path } => one(match channel_in(path) {
                Some(channel) => format!("a channel is named by a flag: `--julia {channel}`"),
                None => {
                    format!("make a project there: `jlproj pkg --project {} add PACKAGE`", folder_of(path))
                }
            }),
            Self::NoWorkspace { has_workspaces: false, julia, .. } => one(format!(
                "Julia 1.12 and later know workspaces, and this is Julia {julia}: leave `--workspace` out"
            )),
            Self::NoWorkspace { .. } => {
                one("leave `--workspace` out, or list its projects in the root's Project.toml: `[workspace]`"
                    .to_owned())
            }
            Self::NoManifest { project } | Self::NotInstalled { project, .. } => {
                one(format!("`jlproj pkg --project {} instantiate`", folder_of(project)))
            }
            Self::OtherJulia { project, .. } => vec![
                format!("`jlproj pkg --project {} resolve`", folder_of(project)),
                "or name the other Julia: `jlproj build --julia JULIA`".to_owned(),
            ],
            Self::NothingToBake { reasons } => reasons.clone(),
            Self::DiskFull { variable, .. } => {
                one(format!("free some space, or set {variable} to a folder on another disk"))
            }
            Self::MemoryLow { .. } => one("close other programs and try again".to_owned()),
            Self::NoLibrary { .. } => {
                one("install its development files (Debian: `sudo apt-get install libjulia-dev`)".to_owned())
            }
            Self::Build { source, log } => {
                let mut hints = source.hints();
                if let Some(log) = log {
                    hints.push(format!("the whole log is in {}", log.display()));
                }
                hints
            }
            Self::Warm { source, .. } => source.hints(),
            Self::Runner { runner, .. } => vec![
                format!("see whether `{runner} jlproj --version` works"),
                "`--cpu-target portable` does not ask which processor is there".to_owned(),
            ],
            Self::Host(error) => error.hints(),
            Self::NotConfirmed => one("`jlproj gc --yes` does it without a question".to_owned()),
            Self::UnknownProject { .. } => one("`jlproj list --all` shows what is known".to_owned()),
            Self::NothingToDrop { .. } => one("`jlproj list` shows which projects have one".to_owned()),
            Self::NoImage { is_missing: true, .. } | Self::NoLog => one("`jlproj build`".to_owned()),
            Self::NoImage { is_missing: false, .. } => vec![
                "`jlproj status` says what to do about it".to_owned(),
                "or start without an image: `jlproj run --sysimage=auto`".to_owned(),
            ],
            Self::NotScanned { .. } => one("name a folder that is there: `jlproj scan FOLDER`".to_owned()),
            _ => Vec::new(),
        }
    }
}

fn locate_hints(error: &LocateError) -> Vec<String> {
    match error {
        LocateError::Named { by: Origin::Environment(variable), error } => {
            let first = format!("{variable} names it: set it to a Julia that is there, or `unset {variable}`");
            std::iter::once(first).chain(locate_hints(error)).collect()
        }
        LocateError::Named { error, .. } => {
            let first = "`julia` in your config.toml names it".to_owned();
            std::iter::once(first).chain(locate_hints(error)).collect()
        }
        LocateError::Channel(error) => vec![format!("`{}`", error.hint())],
        LocateError::ChannelGone { channel, is_linked: true, .. } => {
            let link = format!("`juliaup link {channel} /path/to/julia`");
            vec![format!("`juliaup remove {channel}`, then {link} with a Julia that is there")]
        }
        LocateError::ChannelGone { channel, .. } => {
            vec![format!("`juliaup remove {channel}`, then `juliaup add {channel}`")]
        }
        LocateError::NoJuliaup { .. } => {
            vec!["install juliaup, or name a Julia: `jlproj run --julia /path/to/julia`".to_owned()]
        }
        _ => vec![
            "install Julia (https://julialang.org/downloads), or name one: `jlproj run --julia /path/to/julia`"
                .to_owned(),
        ],
    }
}

/// The folder of a project file, for a command line.
fn folder_of(project_file: &Path) -> String {
    let folder = project_file.parent().unwrap_or(project_file);
    crate::model::text::shell::quote(folder.as_os_str())
}

/// Returns a `+channel` in the place of a project: only `run` takes a channel there.
fn channel_in(project_file: &Path) -> Option<&str> {
    let name = project_file.parent()?.file_name()?.to_str()?;
    name.strip_prefix('+').map(|_| name)
}

/// `A is`, `A, B and 3 more are`.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        1 => format!("{shown} is"),
        count if count > SHOWN => format!("{shown} and {} more are", count - SHOWN),
        _ => format!("{shown} are"),
    }
}
