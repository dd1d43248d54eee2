//! Chooses a channel in juliaup's own order (`run_app` in src/bin/julialauncher.rs 1.23.0).

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use thiserror::Error;

use super::config::Config;

/// Requests for a channel, besides the settings.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Request<'a> {
    /// `+channel`, without the `+`.
    pub(crate) command_line: Option<&'a OsStr>,
    /// `JULIAUP_CHANNEL`. An empty one counts, and names no channel; one that is not UTF-8 does not.
    pub(crate) environment: Option<&'a OsStr>,
    /// The canonical current directory, for the overrides.
    pub(crate) directory: Option<&'a Path>,
}

/// Origin of the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    CommandLine,
    Environment,
    Override,
    Manifest,
    Default,
}

/// A channel, and the origin of its choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) channel: String,
    pub(crate) source: Source,
}

/// Why juliaup has no Julia for us.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ChannelError {
    #[error("juliaup has no default channel")]
    NoDefault,
    #[error("juliaup channel `{channel}`{} is not installed", chosen_by.clause())]
    NotInstalled { channel: String, chosen_by: Source },
    /// The settings contradict themselves.
    #[error("juliaup channel `{channel}` stands for Julia `{version}`, which is not installed")]
    VersionNotInstalled { channel: String, version: String },
    /// juliaup follows one alias, not two.
    #[error("juliaup channel `{channel}` is an alias of `{target}`, which is an alias itself")]
    AliasOfAlias { channel: String, target: String },
    #[error("juliaup channel `{channel}` is of a kind that is not known here")]
    UnknownKind { channel: String },
}

impl Source {
    /// Returns a clause for the middle of a sentence, after the channel's name.
    fn clause(self) -> &'static str {
        match self {
            Self::CommandLine | Self::Default => "",
            Self::Environment => " (from `JULIAUP_CHANNEL`)",
            Self::Override => " (from a directory override)",
            Self::Manifest => " (from `julia_version` in the manifest)",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CommandLine => "command line",
            Self::Environment => "JULIAUP_CHANNEL",
            Self::Override => "juliaup's directory override",
            Self::Manifest => "julia_version of the manifest",
            Self::Default => "juliaup's default",
        })
    }
}

impl ChannelError {
    /// Returns the whole command to type.
    #[must_use]
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NoDefault => "juliaup default release".to_owned(),
            Self::NotInstalled { channel, .. } if channel.is_empty() => "juliaup status".to_owned(),
            Self::NotInstalled { channel, .. } => format!("juliaup add {channel}"),
            Self::VersionNotInstalled { channel, .. } => format!("juliaup update {channel}"),
            Self::AliasOfAlias { channel, .. } => format!("juliaup remove {channel}"),
            Self::UnknownKind { .. } => "juliaup status".to_owned(),
        }
    }
}

impl Config {
    /// Returns the channel that juliaup's launcher would take: `+channel`, `JULIAUP_CHANNEL`, the longest override that
    /// holds the directory, the manifest's `julia_version` if the settings say so (`manifest` is called only then), the
    /// default.
    ///
    /// juliaup looks a manifest's version up in its versions database: a version of no release becomes a nightly
    /// channel, or is skipped. Without the database, only `-DEV` versions become nightlies here, text that is no
    /// version is skipped, and any other version is taken as the name of a channel.
    ///
    /// # Errors
    /// [`ChannelError::NoDefault`].
    pub(crate) fn choose(
        &self,
        request: Request<'_>,
        manifest: impl FnOnce() -> Option<String>,
    ) -> Result<Choice, ChannelError> {
        let named = |name: Option<&OsStr>| name.map(|name| name.to_string_lossy().into_owned());
        let environment = request.environment.filter(|name| name.to_str().is_some());
        let detect = || if self.follows_manifest() { manifest() } else { None };
        let (channel, source) = None
            .or_else(|| Some((named(request.command_line)?, Source::CommandLine)))
            .or_else(|| Some((named(environment)?, Source::Environment)))
            .or_else(|| Some((self.override_of(request.directory?)?, Source::Override)))
            .or_else(|| Some((self.channel_of_manifest(&detect()?)?, Source::Manifest)))
            .or_else(|| Some((self.default.clone()?, Source::Default)))
            .ok_or(ChannelError::NoDefault)?;
        Ok(Choice { channel, source })
    }

    /// Returns the channel of the longest override that holds `directory`; of equally long ones the last.
    fn override_of(&self, directory: &Path) -> Option<String> {
        let holding = self.overrides.iter().filter(|one| directory.starts_with(&one.path));
        holding.max_by_key(|one| one.path.len()).map(|one| one.channel.clone())
    }

    fn channel_of_manifest(&self, julia_version: &str) -> Option<String> {
        if self.installed_channels.contains_key(julia_version) {
            return Some(julia_version.to_owned());
        }
        let version = semver::Version::parse(julia_version).ok()?;
        if !version.pre.as_str().starts_with("DEV") {
            return Some(julia_version.to_owned());
        }
        let nightly = format!("{}.{}-nightly", version.major, version.minor);
        let is_there = self.installed_channels.contains_key(&nightly);
        Some(if is_there { nightly } else { "nightly".to_owned() })
    }
}
