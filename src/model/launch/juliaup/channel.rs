//! Finds the binary of a channel (`get_julia_path_from_channel` in src/bin/julialauncher.rs and
//! `resolve_julia_binary_path` in src/utils.rs, juliaup 1.23.0).

use std::path::{Path, PathBuf};

use super::choice::{ChannelError, Choice, Source};
use super::config::{Channel, Config, Version};

/// The kind of operating system, as far as juliaup's folders differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Macos,
    Windows,
    /// Linux, `FreeBSD`.
    Other,
}

impl System {
    /// The one that this program was compiled for.
    pub(crate) const HOST: Self = if cfg!(target_os = "macos") {
        Self::Macos
    } else if cfg!(windows) {
        Self::Windows
    } else {
        Self::Other
    };
}

/// The machine that juliaup installed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    pub(crate) system: System,
    /// In Rust's words: `x86_64`, `x86`, `aarch64`.
    pub(crate) architecture: &'a str,
}

/// The Julia that juliaup's launcher would start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The binary. Links in it are not resolved; juliaup does (`normalize` of crate normpath).
    pub(crate) binary: PathBuf,
    /// Where to look if it is not there: on macOS an installation without `BinaryPath` is a folder, or holds an app
    /// bundle.
    pub(crate) otherwise: Option<PathBuf>,
    /// Arguments that the channel puts before the user's.
    pub(crate) arguments: Vec<String>,
}

impl Config {
    /// Returns the binary and the arguments of a channel. `folder` is the folder of `juliaup.json`.
    ///
    /// # Errors
    /// All of [`ChannelError`] but `NoDefault`.
    pub(crate) fn resolve(
        &self,
        choice: &Choice,
        folder: &Path,
        host: Host<'_>,
    ) -> Result<Resolved, ChannelError> {
        let (name, mut arguments) = match self.installed_channels.get(&choice.channel) {
            Some(Channel::Alias { target, arguments }) => (target, arguments.clone()),
            _ => (&choice.channel, Vec::new()),
        };
        let place = |installed: &Version, version: &str| place(installed, version, folder, host.system);
        let (binary, otherwise) = match self.installed_channels.get(name) {
            Some(Channel::Installed { version }) => {
                let installed = self.installed_versions.get(version).ok_or_else(|| {
                    ChannelError::VersionNotInstalled { channel: name.clone(), version: version.clone() }
                })?;
                place(installed, version)
            }
            Some(Channel::Download { installed, version }) => place(installed, version),
            Some(Channel::Linked { command, arguments: linked }) => {
                arguments.extend(linked.iter().cloned());
                (PathBuf::from(command), None)
            }
            Some(Channel::Alias { .. }) => {
                let (channel, target) = (choice.channel.clone(), name.clone());
                return Err(ChannelError::AliasOfAlias { channel, target });
            }
            Some(Channel::Unknown) => return Err(ChannelError::UnknownKind { channel: name.clone() }),
            None => {
                let (version, installed) =
                    self.release_of_manifest(name, choice.source, host).ok_or_else(|| {
                        ChannelError::NotInstalled { channel: name.clone(), chosen_by: choice.source }
                    })?;
                place(installed, version)
            }
        };
        Ok(Resolved { binary, otherwise, arguments })
    }

    /// Returns an installed version with the number that a manifest asks for, whatever its channel is called.
    fn release_of_manifest(&self, name: &str, source: Source, host: Host<'_>) -> Option<(&str, &Version)> {
        let architecture = match host.architecture {
            "x86_64" => "x64",
            other => other,
        };
        self.installed_versions.iter().map(|(version, installed)| (version.as_str(), installed)).find(
            |(version, _)| {
                let mut build = version.split_once('+').map_or("", |(_, build)| build).split('.');
                source == Source::Manifest
                    && version.split('+').next() == Some(name)
                    && build.any(|part| part == architecture)
            },
        )
    }
}

/// Returns the path of an installation's binary: as recorded, else as it was before juliaup recorded it.
fn place(installed: &Version, version: &str, folder: &Path, system: System) -> (PathBuf, Option<PathBuf>) {
    if let Some(binary) = &installed.binary_path {
        return (joined(folder, binary), None);
    }
    let root = joined(folder, &installed.path);
    let file = if system == System::Windows { "julia.exe" } else { "julia" };
    let plain = root.join("bin").join(file);
    let mut numbers = version.split('.');
    match (system, numbers.next(), numbers.next()) {
        (System::Macos, Some(major), Some(minor)) => {
            let bundle = root.join(format!("Julia-{major}.{minor}.app"));
            (plain, Some(bundle.join("Contents/Resources/julia/bin/julia")))
        }
        _ => (plain, None),
    }
}

/// The path below the folder, without the `./` that juliaup writes.
fn joined(folder: &Path, path: &str) -> PathBuf {
    folder.join(path).components().collect()
}
