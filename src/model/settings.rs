//! Settings: flag over environment over project file over user file over default, each with its origin.

mod source;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::image::cpu_target::CpuTarget;
use crate::model::text::shell;

pub(crate) use source::{Flags, ProjectFile, UserFile, Variables};

/// Origin of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    Flag,
    /// The name of the variable.
    Environment(&'static str),
    User,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("command line"),
            Self::Environment(name) => write!(formatter, "environment variable {name}"),
            Self::User => formatter.write_str("config.toml of the user"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A value and its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Setting<T> {
    /// The first of `candidates` that is set, else the default.
    fn first(candidates: impl IntoIterator<Item = (Option<T>, Origin)>, default: T) -> Self {
        candidates
            .into_iter()
            .find_map(|(value, origin)| Some(Self { value: value?, origin }))
            .unwrap_or(Self { value: default, origin: Origin::Default })
    }
}

/// The builder of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BuilderChoice {
    /// PackageCompiler.jl if it is available, else direct.
    #[default]
    Auto,
    /// PackageCompiler.jl, in an environment of jlproj's own.
    #[value(name = "packagecompiler")]
    PackageCompiler,
    /// Julia and a linker alone.
    Direct,
}

/// Whether `run` uses an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImagePolicy {
    /// The one that matches; none if none does.
    #[default]
    Auto,
    /// None.
    None,
    /// The one that matches; a failure if none does.
    Require,
}

/// Reaction of `run` to a project that has no image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auto {
    /// Nothing.
    Off,
    /// Prints on a terminal, once a day, that one could be built.
    #[default]
    Suggest,
    /// Builds it in the background.
    Background,
}

/// Why a settings file or variable cannot be followed.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum SettingsError {
    #[error("not valid UTF-8")]
    NotText,
    #[error("{0}")]
    Syntax(String),
    #[error("`{path}` in `{key}` leads out of the project's folder")]
    OutsideProject { key: &'static str, path: String },
    #[error("a quote in `{key}` is not closed: `{text}`")]
    OpenQuote { key: &'static str, text: String },
    #[error("`{path}` in `{key}` is not an absolute path")]
    NotAbsolute { key: &'static str, path: String },
    #[error("`{argument}` in `build_arguments` makes no sound image: {reason}")]
    Unsound { argument: String, reason: &'static str },
    #[error("{variable} is `{value}`, but can only be {allowed}")]
    Variable { variable: &'static str, value: String, allowed: &'static str },
    #[error("{variable} cannot be followed: {text}")]
    VariableText { variable: &'static str, text: String },
}

/// Settings, resolved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Settings {
    pub(crate) julia: Setting<Option<OsString>>,
    pub(crate) builder: Setting<BuilderChoice>,
    pub(crate) packagecompiler: Setting<Option<PathBuf>>,
    pub(crate) sysimage: Setting<ImagePolicy>,
    pub(crate) outside_limit: Setting<f64>,
    /// The user's list of packages that are never baked.
    pub(crate) exclude: Setting<Vec<String>>,
    /// Flags for the Julia that generates code (the direct builder's).
    pub(crate) build_arguments: Setting<Vec<String>>,
    /// Whether the environments below a project in the load path are baked too, unless the project says otherwise.
    pub(crate) stacked: Setting<bool>,
    pub(crate) auto: Setting<Auto>,
    /// Whether starts are recorded for the next build: each one, or none; `None`: the first ones. A project may say
    /// otherwise.
    pub(crate) record: Setting<Option<bool>>,
    /// The processors that images are for, unless the project says otherwise.
    pub(crate) cpu_target: Setting<CpuTarget>,
    /// Stores of others, which are read and never written.
    pub(crate) stores: Setting<Vec<PathBuf>>,
    /// The words of a command that runs another one on a build machine; none to build on this machine.
    pub(crate) runner: Setting<Vec<String>>,
    /// Minutes that an image must save in a month for each minute of its build, for `build --frequent`.
    pub(crate) worth_building: Setting<f64>,
}

/// Seconds that Julia may spend compiling what a contained image leaves outside, unless the user says otherwise.
pub(crate) const DEFAULT_OUTSIDE_LIMIT: f64 = 60.0;

/// An image is worth building if it saves as much within a month as its build takes.
const DEFAULT_WORTH_BUILDING: f64 = 1.0;

impl Settings {
    /// Resolves the settings of the user's file, the environment and the command line.
    ///
    /// # Errors
    /// If a variable has an invalid value.
    pub(crate) fn resolve(
        flags: &Flags,
        variables: &Variables,
        user: &UserFile,
    ) -> Result<Self, SettingsError> {
        let builder = variables.builder.as_ref().map(parse_builder).transpose()?;
        let mut sysimage = variables.sysimage.as_ref().map(parse_policy).transpose()?;
        let mut policy_variable = "JLPROJ_SYSIMAGE";
        if variables.disable {
            (sysimage, policy_variable) = (Some(ImagePolicy::None), "JLPROJ_DISABLE");
        }
        let environment = Origin::Environment;
        Ok(Self {
            julia: Setting::first(
                [
                    (flags.julia.clone().map(Some), Origin::Flag),
                    (variables.julia.clone().map(Some), environment("JLPROJ_JULIA")),
                    (user.julia.clone().map(|text| Some(text.into())), Origin::User),
                ],
                None,
            ),
            builder: Setting::first(
                [
                    (flags.builder, Origin::Flag),
                    (builder, environment("JLPROJ_BUILDER")),
                    (user.builder, Origin::User),
                ],
                BuilderChoice::default(),
            ),
            packagecompiler: Setting::first(
                [
                    (flags.packagecompiler.clone().map(Some), Origin::Flag),
                    (
                        variables.packagecompiler.clone().map(|path| Some(path.into())),
                        environment("JLPROJ_PACKAGECOMPILER"),
                    ),
                    (user.packagecompiler.clone().map(Some), Origin::User),
                ],
                None,
            ),
            sysimage: Setting::first(
                [
                    (flags.sysimage, Origin::Flag),
                    (sysimage, environment(policy_variable)),
                    (user.sysimage, Origin::User),
                ],
                ImagePolicy::default(),
            ),
            outside_limit: Setting::first([(user.outside_limit, Origin::User)], DEFAULT_OUTSIDE_LIMIT),
            exclude: Setting::first([(user.exclude.clone(), Origin::User)], Vec::new()),
            build_arguments: Setting::first([(user.build_arguments.clone(), Origin::User)], Vec::new()),
            stacked: Setting::first([(user.stacked, Origin::User)], false),
            auto: Setting::first(
                [
                    (variables.auto.as_ref().map(parse_auto).transpose()?, environment("JLPROJ_AUTO")),
                    (user.auto, Origin::User),
                ],
                Auto::default(),
            ),
            record: Setting::first(
                [
                    (
                        variables.record.as_ref().map(parse_record).transpose()?.map(Some),
                        environment("JLPROJ_RECORD"),
                    ),
                    (user.record.map(Some), Origin::User),
                ],
                None,
            ),
            cpu_target: Setting::first(
                [
                    (flags.cpu_target.clone(), Origin::Flag),
                    (
                        variables.cpu_target.as_ref().map(parse_cpu_target).transpose()?,
                        environment("JLPROJ_CPU_TARGET"),
                    ),
                    (user.cpu_target.clone(), Origin::User),
                ],
                CpuTarget::default(),
            ),
            runner: Setting::first(
                [
                    (flags.runner.as_deref().map(parse_runner).transpose()?, Origin::Flag),
                    (user.runner.as_deref().map(parse_runner).transpose()?, Origin::User),
                ],
                Vec::new(),
            ),
            stores: Setting::first([(user.stores.clone(), Origin::User)], Vec::new()),
            worth_building: Setting::first([(user.worth_building, Origin::User)], DEFAULT_WORTH_BUILDING),
        })
    }
}

fn parse_builder(value: &OsString) -> Result<BuilderChoice, SettingsError> {
    match value.to_str() {
        Some("auto") => Ok(BuilderChoice::Auto),
        Some("packagecompiler") => Ok(BuilderChoice::PackageCompiler),
        Some("direct") => Ok(BuilderChoice::Direct),
        _ => Err(not_allowed("JLPROJ_BUILDER", value, "`auto`, `packagecompiler` or `direct`")),
    }
}

fn parse_policy(value: &OsString) -> Result<ImagePolicy, SettingsError> {
    match value.to_str() {
        Some("auto") => Ok(ImagePolicy::Auto),
        Some("none") => Ok(ImagePolicy::None),
        Some("require") => Ok(ImagePolicy::Require),
        _ => Err(not_allowed("JLPROJ_SYSIMAGE", value, "`auto`, `none` or `require`")),
    }
}

fn parse_auto(value: &OsString) -> Result<Auto, SettingsError> {
    match value.to_str() {
        Some("off") => Ok(Auto::Off),
        Some("suggest") => Ok(Auto::Suggest),
        Some("background") => Ok(Auto::Background),
        _ => Err(not_allowed("JLPROJ_AUTO", value, "`off`, `suggest` or `background`")),
    }
}

fn parse_record(value: &OsString) -> Result<bool, SettingsError> {
    match value.to_str() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(not_allowed("JLPROJ_RECORD", value, "`true` or `false`")),
    }
}

fn parse_runner(text: &str) -> Result<Vec<String>, SettingsError> {
    shell::words(text).ok_or_else(|| SettingsError::OpenQuote { key: "runner", text: text.to_owned() })
}

fn parse_cpu_target(value: &OsString) -> Result<CpuTarget, SettingsError> {
    let variable = "JLPROJ_CPU_TARGET";
    CpuTarget::parse(&value.to_string_lossy()).map_err(|text| SettingsError::VariableText { variable, text })
}

fn not_allowed(variable: &'static str, value: &OsString, allowed: &'static str) -> SettingsError {
    SettingsError::Variable { variable, value: value.to_string_lossy().into_owned(), allowed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_setting_wins_and_says_where_it_was_set() {
        let user = UserFile { builder: Some(BuilderChoice::PackageCompiler), ..UserFile::default() };
        let variables = Variables { builder: Some("direct".into()), ..Variables::default() };
        let flags = Flags { builder: Some(BuilderChoice::Auto), ..Flags::default() };
        let resolve = |flags: &Flags, variables: &Variables| {
            Settings::resolve(flags, variables, &user).expect("valid").builder
        };
        let set = |value, origin| Setting { value, origin };
        assert_eq!(resolve(&flags, &variables), set(BuilderChoice::Auto, Origin::Flag));
        assert_eq!(
            resolve(&Flags::default(), &variables),
            set(BuilderChoice::Direct, Origin::Environment("JLPROJ_BUILDER"))
        );
        assert_eq!(
            resolve(&Flags::default(), &Variables::default()),
            set(BuilderChoice::PackageCompiler, Origin::User)
        );
    }

    #[test]
    fn a_runner_may_be_named_as_it_was_once() {
        let file: UserFile = toml::from_str("launcher = \"srun\"").expect("settings");
        assert_eq!(file.runner.as_deref(), Some("srun"));
    }

    #[test]
    fn disabling_is_stronger_than_the_policy_of_the_environment() {
        let variables = Variables { sysimage: Some("require".into()), disable: true, ..Variables::default() };
        let settings = Settings::resolve(&Flags::default(), &variables, &UserFile::default()).expect("valid");
        assert_eq!(settings.sysimage.value, ImagePolicy::None);
    }

    #[test]
    fn a_project_cannot_name_a_program_or_a_file_outside() {
        assert!(ProjectFile::parse(b"julia = \"/tmp/evil\"").is_err());
        assert!(ProjectFile::parse(b"builder = \"direct\"").is_err());
        for path in ["../x.jl", "/x.jl", "a/../../x.jl", "", "."] {
            let text = format!("precompile_workload = [\"{path}\"]");
            assert!(ProjectFile::parse(text.as_bytes()).is_err(), "{path}");
        }
        let good = ProjectFile::parse(b"precompile_workload = [\"test/work.jl\"]\nexclude = [\"A\"]");
        assert_eq!(good.expect("valid").precompile_workload, ["test/work.jl"]);
    }

    #[test]
    fn an_argument_that_makes_unsound_images_is_refused() {
        let parse = |argument: &str| {
            UserFile::parse(format!("build_arguments = [\"-O1\", \"{argument}\"]").as_bytes())
        };
        assert!(parse("-g0").is_ok());
        assert!(parse("--pkgimages=no").is_ok());
        for argument in ["--strip-ir", "--strip-metadata", "--pkgimages=yes", "--pkgimages=existing"] {
            let error = parse(argument).expect_err("unsound").to_string();
            let expected = format!("`{argument}` in `build_arguments` makes no sound image: ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = UserFile::parse(b"bulider = \"direct\"").expect_err("misspelt").to_string();
        assert!(error.contains("bulider"), "{error}");
    }
}
