//! `juliaup.json`, as juliaup up to 1.23.0 writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// The parts of `juliaup.json` that a launch needs. Unknown keys are ignored; missing ones are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Config {
    /// The channel of a plain `julia`.
    pub(crate) default: Option<String>,
    /// By full version, such as `1.10.4+0.x64.linux.gnu`.
    pub(crate) installed_versions: BTreeMap<String, Version>,
    /// By channel name, such as `release` or `1.10`.
    pub(crate) installed_channels: BTreeMap<String, Channel>,
    settings: Settings,
    /// Channels of folders.
    pub(crate) overrides: Vec<Override>,
}

/// An installed version. Both paths are relative to the folder of `juliaup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Version {
    pub(crate) path: String,
    /// The binary; juliaup before 1.19.8 does not write it.
    #[serde(default)]
    pub(crate) binary_path: Option<String>,
}

/// Meaning of a channel name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// One of [`Config::installed_versions`].
    Installed { version: String },
    /// A nightly or a pull request's build, with a folder of its own.
    Download { installed: Version, version: String },
    /// `juliaup link NAME FILE -- ARGS`.
    Linked { command: String, arguments: Vec<String> },
    /// `juliaup link NAME +TARGET -- ARGS`.
    Alias { target: String, arguments: Vec<String> },
    /// A kind that a later juliaup may know.
    Unknown,
}

/// `juliaup override set`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Override {
    /// A canonical folder; the channel holds for everything inside.
    pub(crate) path: String,
    pub(crate) channel: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    manifest_version_detect: bool,
}

/// All keys that a channel may have; the kind shows in the keys that are present.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnyChannel {
    path: Option<String>,
    url: Option<String>,
    version: Option<String>,
    binary_path: Option<String>,
    command: Option<String>,
    target: Option<String>,
    args: Option<Vec<String>>,
}

/// Why `juliaup.json` cannot be used.
#[derive(Debug, Error)]
#[error("juliaup's settings cannot be read")]
pub(crate) struct ConfigError(#[from] serde_json::Error);

impl Config {
    /// Reads the text of `juliaup.json`. An empty file counts as a missing one, as in juliaup.
    ///
    /// # Errors
    /// Text that is no JSON, or no settings of juliaup's; the cause has line and column.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// Whether the manifest's `julia_version` may choose the channel (`ManifestVersionDetect`).
    #[must_use]
    pub(crate) fn follows_manifest(&self) -> bool {
        self.settings.manifest_version_detect
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AnyChannel { path, url, version, binary_path, command, target, args } =
            AnyChannel::deserialize(deserializer)?;
        let arguments = args.unwrap_or_default();
        Ok(match (path, url, version, command, target) {
            (Some(path), Some(_), Some(version), _, _) => {
                Self::Download { installed: Version { path, binary_path }, version }
            }
            (_, _, Some(version), _, _) => Self::Installed { version },
            (_, _, None, Some(command), _) => Self::Linked { command, arguments },
            (_, _, None, None, Some(target)) => Self::Alias { target, arguments },
            _ => Self::Unknown,
        })
    }
}
