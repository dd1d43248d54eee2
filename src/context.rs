//! The surroundings of this run of jlproj: the only code that reads the environment, the current directory and the
//! clock. Built once; everything else takes values.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

use crate::error::Error;
use crate::fs;
use crate::julia::probe::PROBE_VARIABLE;
use crate::model::image::processor::Processor;
use crate::model::settings::{SettingsError, UserFile, Variables};
use crate::platform;
use crate::store::layout::Layout;

/// Environment variables, folders, time and terminal of this run.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Context {
    pub(crate) layout: Layout,
    /// Whether there is a place for the store: `JLPROJ_HOME`, or a home folder.
    pub(crate) has_store: bool,
    pub(crate) directory: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// The user's `config.toml`; it need not exist.
    pub(crate) config_file: Option<PathBuf>,
    pub(crate) variables: Variables,
    pub(crate) julia_variables: JuliaVariables,
    pub(crate) host_variables: HostVariables,
    /// `PATH`
    pub(crate) search_path: Option<OsString>,
    /// This program.
    pub(crate) own_program: Option<PathBuf>,
    /// The fingerprint of this machine's processor; tests can set another.
    pub(crate) processor_fingerprint: String,
    /// The processor of the machine that builds, if that is another machine.
    pub(crate) building_processor: Option<Processor>,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) stderr_is_terminal: bool,
    pub(crate) stdin_is_terminal: bool,
    /// Whether somebody reads our stderr: it is a terminal, or a test says so.
    pub(crate) is_read: bool,
    /// Columns of the terminal on stdout; `None` if stdout is no terminal.
    pub(crate) width: Option<usize>,
    /// Whether a command without a project takes the one above the current folder, and passes it to Julia; `false` if
    /// we are started as `julia`.
    pub(crate) looks_upward: bool,
    /// Whether we were started by a Julia that we are probing: that Julia is a wrapper around jlproj.
    pub(crate) inside_probe: bool,
}

/// Variable with the names of those that `jlproj env` set, separated by spaces.
pub(crate) const SET: &str = "JLPROJ_SET";
/// Prefix of the variables that keep earlier values.
pub(crate) const OLD: &str = "JLPROJ_OLD_";
/// Variables that `jlproj env` may set.
pub(crate) const OURS: [&str; 5] = [
    "JULIA_PROJECT",
    "PATH",
    "PYTHON_JULIACALL_EXE",
    "PYTHON_JULIACALL_PROJECT",
    "PYTHON_JULIACALL_SYSIMAGE",
];

/// Julia's own environment variables that decide what it loads, and juliaup's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JuliaVariables {
    pub(crate) project: Option<OsString>,
    pub(crate) load_path: Option<OsString>,
    pub(crate) depot_path: Option<OsString>,
    pub(crate) precompile_limit: Option<OsString>,
    /// `JULIA_NUM_PRECOMPILE_TASKS`
    pub(crate) precompile_tasks: Option<OsString>,
    /// `JULIA_IMAGE_THREADS`
    pub(crate) image_threads: Option<OsString>,
    /// `JULIA_CPU_TARGET`: names of caches depend on it.
    pub(crate) cpu_target: Option<String>,
    /// `JULIAUP_DEPOT_PATH` and `JULIAUP_CHANNEL`.
    pub(crate) juliaup_depot: Option<OsString>,
    pub(crate) juliaup_channel: Option<OsString>,
}

/// Variables of other programs that start Julia.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostVariables {
    /// `SHELL`
    pub(crate) shell: Option<OsString>,
    /// `ZDOTDIR`
    pub(crate) zsh_folder: Option<PathBuf>,
    /// `VIRTUAL_ENV`, or `CONDA_PREFIX`: the active Python environment.
    pub(crate) environment: Option<PathBuf>,
    /// The user's data folder of Jupyter: `JUPYTER_DATA_DIR`, or the platform's folder.
    pub(crate) jupyter: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`
    pub(crate) configuration: Option<PathBuf>,
    /// Present values of [`OURS`].
    pub(crate) current: Vec<(String, OsString)>,
    /// Names of those that `jlproj env` set (`JLPROJ_SET`).
    pub(crate) set: Option<OsString>,
    /// Their earlier values (`JLPROJ_OLD_…`).
    pub(crate) old: Vec<(String, OsString)>,
}

/// Where the program really is: only Linux looks through symlinks itself.
fn resolved(program: PathBuf) -> PathBuf {
    if cfg!(any(target_os = "linux", windows)) {
        return program;
    }
    fs::canonicalize(&program).unwrap_or(program)
}

impl Context {
    /// Reads the surroundings.
    ///
    /// # Errors
    /// Where there is no current directory.
    pub(crate) fn read() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
        let directory = std::env::current_dir().map_err(Error::NoDirectory)?;
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let store = store_root(&directory);
        let jupyter = jupyter_folder(&directory);
        Ok(Self {
            has_store: store.is_some(),
            layout: store.map_or_else(Layout::nowhere, Layout::new),
            directory,
            home,
            config_file: config_file(),
            variables: Variables {
                julia: variable("JLPROJ_JULIA"),
                builder: variable("JLPROJ_BUILDER"),
                packagecompiler: variable("JLPROJ_PACKAGECOMPILER"),
                sysimage: variable("JLPROJ_SYSIMAGE"),
                auto: variable("JLPROJ_AUTO"),
                record: variable("JLPROJ_RECORD"),
                cpu_target: variable("JLPROJ_CPU_TARGET"),
                disable: variable("JLPROJ_DISABLE").is_some_and(|value| value != "0"),
            },
            julia_variables: JuliaVariables {
                // Set to an empty value is not the same as not set.
                project: raw_variable("JULIA_PROJECT"),
                load_path: raw_variable("JULIA_LOAD_PATH"),
                depot_path: raw_variable("JULIA_DEPOT_PATH"),
                precompile_limit: raw_variable("JULIA_MAX_NUM_PRECOMPILE_FILES"),
                precompile_tasks: variable("JULIA_NUM_PRECOMPILE_TASKS"),
                image_threads: variable("JULIA_IMAGE_THREADS"),
                cpu_target: raw_variable("JULIA_CPU_TARGET").and_then(|value| value.into_string().ok()),
                juliaup_depot: variable("JULIAUP_DEPOT_PATH"),
                juliaup_channel: raw_variable("JULIAUP_CHANNEL"),
            },
            host_variables: HostVariables {
                shell: variable("SHELL"),
                zsh_folder: variable("ZDOTDIR").map(PathBuf::from),
                environment: variable("VIRTUAL_ENV").or_else(|| variable("CONDA_PREFIX")).map(PathBuf::from),
                jupyter,
                configuration: variable("XDG_CONFIG_HOME").map(PathBuf::from),
                current: each_of_ours(""),
                set: variable(SET),
                old: each_of_ours(OLD),
            },
            search_path: variable("PATH"),
            own_program: std::env::current_exe().ok().map(resolved),
            building_processor: None,
            processor_fingerprint: fixed_processor().unwrap_or_else(platform::processor_fingerprint),
            now: now(),
            stderr_is_terminal: io::stderr().is_terminal(),
            stdin_is_terminal: io::stdin().is_terminal(),
            is_read: io::stderr().is_terminal() || raw_variable("__JLPROJ_READ").is_some(),
            width: terminal_width(),
            looks_upward: true,
            inside_probe: raw_variable(PROBE_VARIABLE).is_some(),
        })
    }

    /// Reads the user's settings file.
    ///
    /// # Errors
    /// Where it exists and cannot be read, or is invalid.
    pub(crate) fn user_file(&self) -> Result<UserFile, Error> {
        let Some(path) = &self.config_file else { return Ok(UserFile::default()) };
        let contents = fs::read_limited(path).map_err(Error::Io)?;
        let parsed = contents.map_or(Ok(UserFile::default()), |contents| UserFile::parse(&contents));
        parsed.map_err(|source| Error::settings_file(path, source))
    }

    /// Returns the time zone in which Pkg writes its times. Not called at each start: it reads files.
    pub(crate) fn time_zone() -> TimeZone {
        TimeZone::system()
    }

    /// Shortens the home folder in a path (as path text) to `~`: paths need the most room.
    pub(crate) fn home_relative(&self, path: &str) -> String {
        let home = self.home.as_deref().map(crate::path_text::encode).filter(|home| home.len() > 1);
        match home.and_then(|home| path.strip_prefix(&home)) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => path.to_owned(),
        }
    }

    /// Returns `JULIA_CPU_TARGET`, else `native`: names of caches depend on it from Julia 1.9 on.
    pub(crate) fn cpu_target(&self) -> &str {
        self.julia_variables.cpu_target.as_deref().unwrap_or("native")
    }

    /// Returns this context for builds on a machine with another processor.
    pub(crate) fn on_processor(&self, processor: Processor) -> Self {
        let processor_fingerprint = processor.fingerprint.clone();
        Self { processor_fingerprint, building_processor: Some(processor), ..self.clone() }
    }

    /// Returns the processor that images are for. Not called at each start: it reads the processor's features.
    pub(crate) fn processor(&self) -> Processor {
        if let Some(processor) = &self.building_processor {
            return processor.clone();
        }
        match fixed_processor() {
            Some(fixed) => Processor::of_fingerprint(&fixed),
            None => Processor {
                fingerprint: self.processor_fingerprint.clone(),
                features: platform::processor_features(),
            },
        }
    }

    /// Returns the C compiler that the user names: `JULIA_CC`, as for PackageCompiler, else `CC`.
    pub(crate) fn compiler() -> Option<OsString> {
        variable("JULIA_CC").or_else(|| variable("CC"))
    }
}

/// Reads those of [`OURS`] that are set, with `prefix` before their names.
fn each_of_ours(prefix: &str) -> Vec<(String, OsString)> {
    let value = |name: &&str| Some(((*name).to_owned(), raw_variable(&format!("{prefix}{name}"))?));
    OURS.iter().filter_map(value).collect()
}

/// Nanoseconds since 1970, by the clock that files are stamped with.
pub(crate) fn clock() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Seconds since 1970; tests can set them.
pub(crate) fn now() -> i64 {
    let fixed = raw_variable("__JLPROJ_NOW").and_then(|value| value.to_str()?.parse().ok());
    fixed.unwrap_or_else(|| clock() / 1_000_000_000)
}

/// Bytes of memory that a build can take; `None` if unknown. A test can set another number.
pub(crate) fn free_memory() -> Option<u64> {
    let fixed = raw_variable("__JLPROJ_FREE_MEMORY").and_then(|value| value.to_str()?.parse().ok());
    fixed.or_else(platform::free_memory)
}

/// Returns the processor's fingerprint that a test sets.
fn fixed_processor() -> Option<String> {
    raw_variable("__JLPROJ_PROCESSOR").and_then(|value| value.into_string().ok())
}

/// Reads a variable; `None` if it is not set or empty.
fn variable(name: &str) -> Option<OsString> {
    raw_variable(name).filter(|value| !value.is_empty())
}

fn raw_variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var_os(OsStr::new(name))
}

/// `JLPROJ_HOME`, else the platform's data folder.
fn store_root(directory: &Path) -> Option<PathBuf> {
    match variable("JLPROJ_HOME") {
        Some(path) => Some(directory.join(path)),
        None => Some(directories::ProjectDirs::from("", "", "jlproj")?.data_dir().to_owned()),
    }
}

/// Returns the user's data folder of Jupyter (`jupyter_data_dir` in `jupyter_core/paths.py`).
fn jupyter_folder(directory: &Path) -> Option<PathBuf> {
    if let Some(folder) = variable("JUPYTER_DATA_DIR") {
        return Some(directory.join(folder));
    }
    let folders = directories::BaseDirs::new()?;
    Some(match std::env::consts::OS {
        "macos" => folders.home_dir().join("Library/Jupyter"),
        _ => folders.data_dir().join("jupyter"),
    })
}

/// `JLPROJ_CONFIG`, else `config.toml` in the platform's configuration folder.
fn config_file() -> Option<PathBuf> {
    match variable("JLPROJ_CONFIG") {
        Some(path) => Some(PathBuf::from(path)),
        None => Some(directories::ProjectDirs::from("", "", "jlproj")?.config_dir().join("config.toml")),
    }
}

/// The width that tests set, else that of the terminal.
fn terminal_width() -> Option<usize> {
    let fixed = raw_variable("__JLPROJ_WIDTH").and_then(|value| value.to_str()?.parse().ok());
    fixed.or_else(|| io::stdout().is_terminal().then(crate::ui::terminal::width))
}

impl From<SettingsError> for Error {
    fn from(source: SettingsError) -> Self {
        Self::Settings(source)
    }
}
