//! Asks a Julia about itself: one start, not repeated while its files stay the same.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use semver::Version;
use serde::Deserialize;
use thiserror::Error;
use uuid::Uuid;

use crate::fs::{self, Stamp};
use crate::installation::{FORMAT, Installation};
use crate::julia::command::Invocation;
use crate::julia::exchange::{self, ExchangeError};
use crate::julia::process::{ProcessError, Unwatched};
use crate::model::image::key::JuliaIdentity;
use crate::path_text::PathText;
use crate::template::{self, Template};

/// Set in the environment of a Julia that is probed: a jlproj that it starts must not probe again.
pub(crate) const PROBE_VARIABLE: &str = "__JLPROJ_PROBE";

/// Message of a jlproj that is started by a probed Julia; distinguishes this from other failures.
const WRAPPER: &str = "is a wrapper that starts jlproj again";

/// The oldest Julia that we know how to build images for.
const OLDEST: (u64, u64) = (1, 4);

/// Why a Julia could not be asked.
#[derive(Debug, Error)]
pub(crate) enum ProbeError {
    #[error("`{program}` does not behave like Julia: it ended with exit code {code} and without an answer")]
    NotJulia { program: String, code: u8, output: String },
    #[error("`{program}` {WRAPPER}")]
    Wrapper { program: String },
    #[error("`{program}` did not answer within {} seconds", limit.as_secs())]
    TimedOut { program: String, limit: Duration },
    #[error("`{program}` is Julia {version}: jlproj needs Julia 1.4 or later")]
    TooOld { program: String, version: Version },
    #[error("`{program}` says that it is version `{version}`, which is none")]
    OddVersion { program: String, version: String },
    #[error("cannot ask `{program}` what it is")]
    Failed { program: String, source: ExchangeError },
    #[error("cannot read what `{program}` rests on")]
    Files { program: String, source: io::Error },
}

/// The script's answer.
#[derive(Debug, Deserialize)]
struct Answer {
    version: String,
    commit: String,
    arch: String,
    kernel: String,
    julia_bin: String,
    bin_dir: String,
    image_file: String,
    library_dirs: Vec<String>,
    link_libraries: Vec<String>,
    stdlib_dir: String,
    #[serde(default)]
    modules: Vec<Module>,
    #[serde(default)]
    stdlibs: Vec<Module>,
}

#[derive(Debug, Deserialize)]
struct Module {
    name: String,
    #[serde(default)]
    uuid: String,
}

/// Asks the Julia that `binary` starts.
///
/// # Errors
/// Where it is no Julia, too old, or does not answer within 30 seconds.
pub(crate) fn probe(binary: &Path, arguments: &[String]) -> Result<Installation, ProbeError> {
    const LIMIT: Duration = Duration::from_secs(30);
    let program = binary.display().to_string();
    let files = |source: io::Error| ProbeError::Files { program: program.clone(), source };
    let folder = tempfile::tempdir().map_err(files)?;
    let scripts = template::materialise(folder.path()).map_err(files)?;
    let (result, log) = (folder.path().join("result.toml"), folder.path().join("log"));
    let mut invocation = Invocation::julia(binary).set(PROBE_VARIABLE, "1");
    invocation.arguments.splice(0..0, arguments.iter().map(Into::into));
    let invocation = invocation.argument(Template::Probe.path_in(&scripts)).argument(&result);
    let answer: Answer =
        exchange::ask(&invocation, &result, &log, Some(LIMIT), &Unwatched).map_err(|error| match error {
            ExchangeError::Process(ProcessError::TimedOut { limit, .. }) => {
                ProbeError::TimedOut { program: program.clone(), limit }
            }
            ExchangeError::NoAnswer { .. } if names_us(&log) => {
                ProbeError::Wrapper { program: program.clone() }
            }
            ExchangeError::NoAnswer { code, .. } => {
                ProbeError::NotJulia { program: program.clone(), code, output: last_lines(&log) }
            }
            source => ProbeError::Failed { program: program.clone(), source },
        })?;
    let odd = |_| ProbeError::OddVersion { program: program.clone(), version: answer.version.clone() };
    let version = Version::parse(&answer.version).map_err(odd)?;
    record(binary, &version, answer).map_err(files)
}

/// Refuses a Julia that we know no way to build images for.
///
/// # Errors
/// Where it is too old.
pub(crate) fn check_age(installation: &Installation) -> Result<(), ProbeError> {
    let (major, minor) = OLDEST;
    if installation.is_at_least(major, minor) {
        return Ok(());
    }
    let program = installation.binary.display().to_string();
    Err(ProbeError::TooOld { program, version: installation.version() })
}

/// Makes an installation of an answer.
fn record(binary: &Path, version: &Version, answer: Answer) -> io::Result<Installation> {
    let default_image = PathBuf::from(answer.image_file);
    let real_binary = PathBuf::from(answer.julia_bin);
    let mut files = Vec::new();
    for path in [binary, &real_binary, &default_image] {
        files.push((PathText(path.to_owned()), Stamp::read(path)?));
    }
    let uuid = |module: &Module| Uuid::parse_str(&module.uuid).ok();
    Ok(Installation {
        format: FORMAT,
        binary: PathText(binary.to_owned()),
        identity: JuliaIdentity {
            version: version.to_string(),
            commit: answer.commit,
            architecture: answer.arch,
            system: answer.kernel,
            default_image: fs::contents_digest(&default_image)?,
        },
        binary_folder: PathText(answer.bin_dir.into()),
        real_binary: PathText(real_binary),
        default_image: PathText(default_image),
        library_folders: answer.library_dirs.into_iter().map(|path| PathText(path.into())).collect(),
        libraries: answer.link_libraries,
        standard_library_folder: PathText(answer.stdlib_dir.into()),
        standard_libraries: answer
            .stdlibs
            .iter()
            .filter_map(|module| Some((uuid(module)?, module.name.clone())))
            .collect(),
        in_default_image: answer.modules.iter().filter_map(uuid).collect(),
        files,
    })
}

/// Whether jlproj was started, according to the log. The exit code says less: a wrapper may end with one of its own.
fn names_us(log: &Path) -> bool {
    let bytes = fs_err::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).contains(WRAPPER)
}

/// The last lines of what it printed, for the message.
fn last_lines(log: &Path) -> String {
    let bytes = fs_err::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().map(|line| line.chars().filter(|c| !c.is_control()).take(200).collect()).fold(
        String::new(),
        |text: String, line: String| if text.is_empty() { line } else { text + "\n" + &line },
    )
}
