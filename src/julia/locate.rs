//! Finds the Julia that the user means.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::fs::{self, ObservedFiles};
use crate::model::hosts::wrapper;
use crate::model::launch::juliaup::{
    self, Channel, ChannelError, Config, ConfigError, Host, Launcher, LocationError,
};
use crate::model::settings::{Origin, Setting};
use crate::path_text;
use crate::platform;

/// Everything that the choice of a Julia depends on.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// `+channel` on the command line, without the plus.
    pub(crate) channel: Option<&'a OsStr>,
    /// `--julia`, `JLPROJ_JULIA` or the setting: a path, a name on PATH, or `+channel`.
    pub(crate) wanted: &'a Setting<Option<OsString>>,
    pub(crate) search_path: Option<&'a OsStr>,
    pub(crate) directory: &'a Path,
    pub(crate) home: Option<&'a Path>,
    pub(crate) juliaup_depot: Option<&'a OsStr>,
    pub(crate) juliaup_channel: Option<&'a OsStr>,
    /// The project of the command: its manifest may choose, if juliaup's settings say so. `None` if the command has no
    /// single project.
    pub(crate) project: Option<&'a juliaup::ProjectQuestion<'a>>,
    /// This program, which is never a Julia, under whatever name.
    pub(crate) own_program: Option<&'a Path>,
}

/// A Julia that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) binary: PathBuf,
    /// Arguments that a channel of juliaup's adds before the user's.
    pub(crate) arguments: Vec<String>,
    /// Why this one, in a few words.
    pub(crate) reason: String,
}

/// Reason for a Julia behind a wrapper of ours.
pub(crate) const BEHIND_WRAPPER: &str = "behind jlproj's wrapper";

/// Why no Julia was found.
#[derive(Debug, Error)]
pub(crate) enum LocateError {
    #[error("no Julia found: there is no `julia` on PATH and no juliaup")]
    Nowhere,
    #[error("no `{name}` on PATH")]
    NotOnPath { name: String },
    #[error("juliaup's channel `{channel}` leads to `{}`, which does not exist", path.display())]
    ChannelGone { channel: String, path: PathBuf, is_linked: bool },
    #[error("`{}` is not a program", path.display())]
    NotAProgram { path: PathBuf },
    #[error("`{}` does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("`{}` is jlproj itself, not a Julia", path.display())]
    Ourselves { path: PathBuf },
    #[error("`+{channel}` names a channel of juliaup, and there is no juliaup here")]
    NoJuliaup { channel: String },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not what juliaup writes", path.display())]
    Configuration { path: PathBuf, source: ConfigError },
    /// The Julia that a variable or the user's settings name cannot be started.
    #[error("{error}")]
    Named { by: Origin, error: Box<LocateError> },
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl LocateError {
    /// The error of a Julia that was named, with what named it unless that was just typed.
    fn named_by(self, origin: &Origin) -> Self {
        let is_typed = matches!(origin, Origin::Flag | Origin::Default);
        match self {
            Self::Missing { .. }
            | Self::NotAProgram { .. }
            | Self::Ourselves { .. }
            | Self::NotOnPath { .. }
            | Self::NoJuliaup { .. }
                if !is_typed =>
            {
                Self::Named { by: origin.clone(), error: Box::new(self) }
            }
            other => other,
        }
    }

    /// Whether something is there that cannot be started as Julia.
    pub(crate) fn is_no_julia(&self) -> bool {
        match self {
            Self::Named { error, .. } => error.is_no_julia(),
            _ => matches!(self, Self::NotAProgram { .. } | Self::Ourselves { .. }),
        }
    }
}

/// Finds the Julia: `+channel`; else the one named by flag, variable or setting; else the one that `julia` would start
/// if it were typed: the one on PATH, or for juliaup's launcher the channel that juliaup's own rules choose; with none
/// on PATH, juliaup's.
///
/// # Errors
/// Where there is none, or the named one cannot be used.
pub(crate) fn locate(request: &Request<'_>) -> Result<Located, LocateError> {
    if let Some(channel) = request.channel {
        return by_juliaup(request, Some(channel), None);
    }
    if let Some(wanted) = &request.wanted.value {
        return by_name(request, wanted).map_err(|error| error.named_by(&request.wanted.origin));
    }
    match on_path(request, OsStr::new("julia")) {
        Some(path) if is_juliaup_launcher(&path) => by_juliaup(request, None, Some(path)),
        Some(path) => Ok(Located { binary: path, arguments: Vec::new(), reason: "on PATH".to_owned() }),
        None => by_juliaup(request, None, None),
    }
}

/// The Julia that a flag, a variable or a setting names.
fn by_name(request: &Request<'_>, wanted: &OsStr) -> Result<Located, LocateError> {
    if let Some(channel) = wanted.to_str().and_then(|text| text.strip_prefix('+')) {
        return by_juliaup(request, Some(OsStr::new(channel)), None);
    }
    let is_bare_name = Path::new(wanted).components().count() == 1;
    // A file of that name in the current folder is somebody else's choice: it may be a project that was just cloned.
    let path = if is_bare_name {
        let name = || wanted.to_string_lossy().into_owned();
        on_path(request, wanted).ok_or_else(|| LocateError::NotOnPath { name: name() })?
    } else {
        let path = request.directory.join(wanted);
        check_program(request, &path)?;
        path
    };
    if is_juliaup_launcher(&path) {
        return by_juliaup(request, None, Some(path));
    }
    Ok(Located { binary: path, arguments: Vec::new(), reason: "as named".to_owned() })
}

/// Returns the Julia that juliaup's rules choose; `launcher` itself if there is no configuration yet.
fn by_juliaup(
    request: &Request<'_>,
    channel: Option<&OsStr>,
    launcher: Option<PathBuf>,
) -> Result<Located, LocateError> {
    let none = || match channel {
        Some(channel) => LocateError::NoJuliaup { channel: channel.to_string_lossy().into_owned() },
        None => LocateError::Nowhere,
    };
    let file = match juliaup::config_file(request.juliaup_depot, request.home) {
        Err(LocationError::NoHome) => return Err(none()),
        other => other?,
    };
    let Some(config) = read_config(&file)? else {
        // The launcher makes its configuration when it is first started.
        let fresh =
            |binary| Located { binary, arguments: Vec::new(), reason: "juliaup's launcher".to_owned() };
        return launcher.filter(|_| channel.is_none()).map(fresh).ok_or_else(none);
    };
    let directory = fs::canonicalize(request.directory).ok();
    let wish = juliaup::Request {
        command_line: channel,
        environment: request.juliaup_channel,
        directory: directory.as_deref(),
    };
    let manifest = || juliaup::julia_version(request.project?, &ObservedFiles::default());
    let choice = config.choose(wish, manifest)?;
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let host = Host { system: juliaup::System::HOST, architecture: std::env::consts::ARCH };
    let resolved = config.resolve(&choice, folder, host)?;
    let binary = Some(resolved.binary.clone())
        .into_iter()
        .chain(resolved.otherwise)
        .find(|path| path.exists())
        .unwrap_or(resolved.binary);
    if is_wrapper(&binary) {
        return behind_wrapper(request, &config, folder, &binary, resolved.arguments);
    }
    if !binary.exists() {
        let channel = match config.installed_channels.get(&choice.channel) {
            Some(Channel::Alias { target, .. }) => target.clone(),
            _ => choice.channel,
        };
        let is_linked = matches!(config.installed_channels.get(&channel), Some(Channel::Linked { .. }));
        return Err(LocateError::ChannelGone { channel, path: binary, is_linked });
    }
    check_program(request, &binary)?;
    Ok(Located {
        binary: fs::canonicalize(&binary).unwrap_or(binary),
        arguments: resolved.arguments,
        reason: format!("juliaup's channel {} ({})", choice.channel, choice.source),
    })
}

/// Returns the Julia behind a wrapper of ours that is the program of a juliaup channel. If that Julia is gone, returns
/// the one of juliaup's default channel, or the one on PATH.
fn behind_wrapper(
    request: &Request<'_>,
    config: &Config,
    folder: &Path,
    wrapper: &Path,
    arguments: Vec<String>,
) -> Result<Located, LocateError> {
    let note = wrapper::note(wrapper);
    let contents = fs::read_limited(if note.is_file() { &note } else { wrapper })
        .map_err(|source| LocateError::Unreadable { path: wrapper.to_owned(), source })?;
    let text = String::from_utf8_lossy(&contents.unwrap_or_default()).into_owned();
    let behind = wrapper::julia(&text).map(path_text::decode);
    let by_default = || {
        let choice = config.choose(juliaup::Request::default(), || None).ok()?;
        let host = Host { system: juliaup::System::HOST, architecture: std::env::consts::ARCH };
        Some(config.resolve(&choice, folder, host).ok()?.binary)
    };
    let is_julia = |path: &PathBuf| check_program(request, path).is_ok() && !is_juliaup_launcher(path);
    let found = behind.filter(is_julia).or_else(|| by_default().filter(is_julia));
    let found = found.or_else(|| on_path(request, OsStr::new("julia")).filter(is_julia));
    let binary = found.ok_or(LocateError::Nowhere)?;
    let binary = fs::canonicalize(&binary).unwrap_or(binary);
    Ok(Located { binary, arguments, reason: BEHIND_WRAPPER.to_owned() })
}

/// Whether this is a wrapper of ours, of this store or of another one.
fn is_wrapper(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::parent).and_then(Path::file_name);
    folder == Some(OsStr::new(wrapper::FOLDER))
}

/// Reads juliaup's configuration; once more where an older juliaup may be writing it.
fn read_config(path: &Path) -> Result<Option<Config>, LocateError> {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);
    let read = || {
        let contents = fs::read_limited(path)
            .map_err(|source| LocateError::Unreadable { path: path.to_owned(), source })?;
        let parse = |bytes: Vec<u8>| {
            Config::parse(&bytes)
                .map_err(|source| LocateError::Configuration { path: path.to_owned(), source })
        };
        contents.filter(|bytes| !bytes.is_empty()).map(parse).transpose()
    };
    match read() {
        Err(LocateError::Configuration { .. }) => {
            std::thread::sleep(PAUSE);
            read()
        }
        other => other,
    }
}

/// The first program of this name on PATH that is not jlproj.
fn on_path(request: &Request<'_>, name: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(request.search_path?)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| request.directory.join(folder).join(platform::program_name(name)))
        .find(|path| check_program(request, path).is_ok())
}

/// Checks that the path leads to a program other than this one.
fn check_program(request: &Request<'_>, path: &Path) -> Result<(), LocateError> {
    let metadata = fs_err::metadata(path).map_err(|_| LocateError::Missing { path: path.to_owned() })?;
    if !platform::is_executable(&metadata) {
        return Err(LocateError::NotAProgram { path: path.to_owned() });
    }
    if is_wrapper(path) || request.own_program.is_some_and(|own| is_this_program(own, path, &metadata)) {
        return Err(LocateError::Ourselves { path: path.to_owned() });
    }
    Ok(())
}

/// Whether the program at `path` is `own` under another name: a link to it, or a copy. Contents are compared only if
/// the sizes are equal, so a start that finds a Julia reads neither file.
fn is_this_program(own: &Path, path: &Path, metadata: &std::fs::Metadata) -> bool {
    if same_file::is_same_file(own, path).unwrap_or(false) || leads_to_jlproj(path) {
        return true;
    }
    let Ok(own_metadata) = fs_err::metadata(own) else { return false };
    let is_copy = || Some(fs_err::read(own).ok()? == fs_err::read(path).ok()?);
    own_metadata.len() == metadata.len() && is_copy().unwrap_or(false)
}

/// Whether this is a symlink to a jlproj, which may be another one than this.
fn leads_to_jlproj(path: &Path) -> bool {
    fs_err::read_link(path).is_ok_and(|target| target.file_stem() == Some(OsStr::new("jlproj")))
}

/// Whether the program is a script for an interpreter, which may start anything.
pub(crate) fn is_script(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 2];
    let read = fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
}

/// Whether the program is juliaup's launcher, which only starts another one.
fn is_juliaup_launcher(path: &Path) -> bool {
    let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = |name: &str| canonical.with_file_name(platform::program_name(OsStr::new(name))).exists();
    let around =
        canonical.parent().and_then(Path::parent).is_some_and(|prefix| prefix.join("lib/julia").exists());
    juliaup::is_launcher(Launcher {
        canonical: &canonical,
        juliaup_beside: beside("juliaup"),
        julia_around: around,
    })
}
