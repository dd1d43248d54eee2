//! Where settings come from: files, variables and flags, each as it was written.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::model::image::cpu_target::CpuTarget;
use crate::model::settings::{Auto, BuilderChoice, ImagePolicy, SettingsError};

/// The user's `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserFile {
    /// A path of a Julia, or `+channel`.
    pub(crate) julia: Option<String>,
    pub(crate) builder: Option<BuilderChoice>,
    /// A folder that holds PackageCompiler.jl.
    pub(crate) packagecompiler: Option<PathBuf>,
    pub(crate) sysimage: Option<ImagePolicy>,
    /// Names of packages that are never baked, in any project.
    pub(crate) exclude: Option<Vec<String>>,
    /// Seconds that Julia may spend compiling what a contained image leaves outside, from Julia 1.9 on.
    pub(crate) outside_limit: Option<f64>,
    /// Flags for the Julia that generates code, such as `-O1`.
    pub(crate) build_arguments: Option<Vec<String>>,
    /// Bake the packages of the environments below the project in the load path too.
    pub(crate) stacked: Option<bool>,
    pub(crate) auto: Option<Auto>,
    /// Whether to record what starts compile: each one, or none; not set: the first ones.
    pub(crate) record: Option<bool>,
    /// The processors that images are for.
    pub(crate) cpu_target: Option<CpuTarget>,
    /// Stores of others, which are read and never written.
    pub(crate) stores: Option<Vec<PathBuf>>,
    /// A command that runs another one on a build machine: `srun --mem=8G`.
    #[serde(alias = "launcher")]
    pub(crate) runner: Option<String>,
    /// Minutes that an image must save in a month for each minute of its build, for `build --frequent`.
    pub(crate) worth_building: Option<f64>,
}

/// A project's `jlproj.toml`: what gets baked, and nothing else. It names no program, no variable and no path outside
/// of the project, so that a cloned repository cannot choose what is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProjectFile {
    pub(crate) include: Option<Vec<String>>,
    pub(crate) exclude: Option<Vec<String>>,
    pub(crate) precompile_workload: Vec<String>,
    pub(crate) precompile_statements: Vec<String>,
    /// Bake the packages of the environments below the project in the load path too.
    pub(crate) stacked: Option<bool>,
    /// Whether to record what starts compile, for the next build: each one, or none; not set: the first ones.
    pub(crate) record: Option<bool>,
    /// The processors that images are for: names of processors and of their features, nothing that could be run.
    pub(crate) cpu_target: Option<CpuTarget>,
}

/// Flags with which no sound image can be made, and why.
///
/// `--strip-ir` drops the source of all methods from an image, and what would have to be compiled again when one of them is
/// replaced (`strip_all_codeinfos_`, src/staticdata.c 1.10.8:2250): 1.10.8 ran no script under an image of 34 packages
/// ("source missing for method that needs to be compiled"). `--strip-metadata` makes an image of 34 packages a fifth
/// smaller with 1.10.8 (276 MB, then 214), and takes all help and the names of arguments. With caches that hold native code
/// Julia 1.10.8 crashed while it wrote an image of 34 packages (signal 11); one of Example alone was made.
const UNSOUND: [(&str, &str); 3] = [
    (
        "--strip-ir",
        "nothing more could be compiled under it, so that Julia 1.10.8 ran no script, and what calls a method that is replaced would go on with the old one",
    ),
    (
        "--strip-metadata",
        "`hasmethod` finds no keyword any more, which packages ask it for, and there is no help",
    ),
    ("--pkgimages", "Julia 1.10.8 crashed when it wrote one from precompile files with native code"),
];

/// Why no sound image can be made with this argument.
fn unsoundness(argument: &str) -> Option<&'static str> {
    let flag = argument.split('=').next().filter(|_| argument != "--pkgimages=no")?;
    UNSOUND.iter().find(|(unsound, _)| *unsound == flag).map(|(_, reason)| *reason)
}

/// Variables of the process environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// `JLPROJ_JULIA`
    pub(crate) julia: Option<OsString>,
    /// `JLPROJ_BUILDER`
    pub(crate) builder: Option<OsString>,
    /// `JLPROJ_PACKAGECOMPILER`
    pub(crate) packagecompiler: Option<OsString>,
    /// `JLPROJ_SYSIMAGE`
    pub(crate) sysimage: Option<OsString>,
    /// `JLPROJ_AUTO`
    pub(crate) auto: Option<OsString>,
    /// `JLPROJ_RECORD`
    pub(crate) record: Option<OsString>,
    /// `JLPROJ_CPU_TARGET`
    pub(crate) cpu_target: Option<OsString>,
    /// `JLPROJ_DISABLE`
    pub(crate) disable: bool,
}

/// Flags of the command line; each command fills in those that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) julia: Option<OsString>,
    pub(crate) builder: Option<BuilderChoice>,
    pub(crate) packagecompiler: Option<PathBuf>,
    pub(crate) sysimage: Option<ImagePolicy>,
    pub(crate) cpu_target: Option<CpuTarget>,
    pub(crate) runner: Option<String>,
}

impl UserFile {
    /// Reads the contents of `config.toml`.
    ///
    /// # Errors
    /// If they are no TOML, or hold an unknown key.
    pub(crate) fn parse(contents: &[u8]) -> Result<Self, SettingsError> {
        let file: Self = parse_toml(contents)?;
        let stores = file.stores.iter().flatten();
        if let Some(store) = stores.into_iter().find(|store| !store.is_absolute()) {
            return Err(SettingsError::NotAbsolute { key: "stores", path: store.display().to_string() });
        }
        for argument in file.build_arguments.iter().flatten() {
            if let Some(reason) = unsoundness(argument) {
                return Err(SettingsError::Unsound { argument: argument.clone(), reason });
            }
        }
        Ok(file)
    }
}

impl ProjectFile {
    /// Reads the contents of `jlproj.toml`.
    ///
    /// # Errors
    /// If they are no TOML, hold a key that a project may not set, or a path that leads outside.
    pub(crate) fn parse(contents: &[u8]) -> Result<Self, SettingsError> {
        let file: Self = parse_toml(contents)?;
        for (key, paths) in [
            ("precompile_workload", &file.precompile_workload),
            ("precompile_statements", &file.precompile_statements),
        ] {
            if let Some(path) = paths.iter().find(|path| !stays_inside(Path::new(path))) {
                return Err(SettingsError::OutsideProject { key, path: path.clone() });
            }
        }
        Ok(file)
    }
}

/// Whether a relative path, taken as written, cannot climb out of the folder that it starts from.
fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && path.components().any(|part| matches!(part, Component::Normal(_)))
}

fn parse_toml<T: serde::de::DeserializeOwned>(contents: &[u8]) -> Result<T, SettingsError> {
    let text = std::str::from_utf8(contents).map_err(|_| SettingsError::NotText)?;
    toml::from_str(text).map_err(|error| SettingsError::Syntax(error.to_string().trim_end().to_owned()))
}
