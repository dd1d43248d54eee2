//! Checks whether juliaup's settings are as one of its commands would leave them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::error::HostError;
use crate::model::launch::juliaup::{Channel, Config};
use crate::path_text::PathText;

/// State of juliaup's settings which shows that a command of juliaup's was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "kebab-case")]
pub(crate) enum Proof {
    /// The channel leads to this program.
    Channel { settings: PathText, channel: String, program: PathText },
    /// The folder has this channel as its override.
    Override { settings: PathText, channel: String, folder: PathText },
}

impl Proof {
    /// Whether the settings are so now.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Channel { settings, channel, program } => {
                let leads = |found: &Channel| matches!(found, Channel::Linked { command, .. } if Path::new(command) == &**program);
                config(settings).is_ok_and(|config| config.installed_channels.get(channel).is_some_and(leads))
            }
            Self::Override { settings, channel, folder } => config(settings).is_ok_and(|config| {
                config
                    .overrides
                    .iter()
                    .any(|one| Path::new(&one.path) == &**folder && one.channel == *channel)
            }),
        }
    }
}

/// Reads juliaup's settings.
pub(super) fn config(path: &Path) -> Result<Config, HostError> {
    let contents = fs::read_limited(path)?.unwrap_or_default();
    Config::parse(&contents).map_err(|error| HostError::Refused {
        text: format!("`{}` is not what juliaup writes: {error}", path.display()),
        hints: vec!["`juliaup status` may say more".to_owned()],
    })
}
