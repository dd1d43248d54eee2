//! jlproj's own options of `run`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use thiserror::Error;

use super::text;
use crate::model::settings::ImagePolicy;

/// Reads the three words that `--sysimage` takes from us. Any other value is a path to an image of the user's own, and
/// Julia's business.
fn image_policy(word: &OsStr) -> Option<ImagePolicy> {
    match word.to_str()? {
        "auto" => Some(ImagePolicy::Auto),
        "none" => Some(ImagePolicy::None),
        "require" => Some(ImagePolicy::Require),
        _ => None,
    }
}

/// Options for jlproj itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnOptions {
    /// A juliaup channel, without its `+`.
    pub(crate) channel: Option<OsString>,
    /// The Julia to start; the last one given.
    pub(crate) julia: Option<PathBuf>,
    /// The last one given.
    pub(crate) sysimage: Option<ImagePolicy>,
    /// Print the command, start nothing.
    pub(crate) dry_run: bool,
    /// No line of ours on stderr.
    pub(crate) quiet: bool,
    /// Record what is compiled, for the next build.
    pub(crate) record: bool,
    /// Number of `-v` that were given.
    pub(crate) verbose: u8,
}

/// Why the arguments of `run` cannot be split.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SplitError {
    /// `--julia` is the last argument, or its value is empty.
    #[error("`--julia` needs the path of a Julia")]
    JuliaWithoutPath,
}

impl OwnOptions {
    /// Takes an option of ours anywhere among Julia's; returns how many of `arguments` it used, 0 for none.
    ///
    /// # Errors
    /// [`SplitError::JuliaWithoutPath`].
    pub(crate) fn take(&mut self, arguments: &[OsString]) -> Result<usize, SplitError> {
        let Some(first) = arguments.first() else { return Ok(0) };
        let next = arguments.get(1).map(OsString::as_os_str);
        match first.as_encoded_bytes() {
            b"--dry-run" => {
                self.dry_run = true;
                Ok(1)
            }
            b"--record" => {
                self.record = true;
                Ok(1)
            }
            b"--julia" => self.take_julia(next).map(|()| 2),
            b"--sysimage" => Ok(2 * self.take_policy(next)),
            bytes if bytes.starts_with(b"--julia=") => {
                self.take_julia(Some(&text::after(first, b"--julia=".len()))).map(|()| 1)
            }
            bytes if bytes.starts_with(b"--sysimage=") => {
                Ok(self.take_policy(Some(&text::after(first, b"--sysimage=".len()))))
            }
            _ => Ok(0),
        }
    }

    /// Takes an option of ours that counts only before Julia's first argument; returns whether `first` was one.
    pub(crate) fn take_leading(&mut self, first: &OsStr) -> bool {
        match first.as_encoded_bytes() {
            b"--quiet" => self.quiet = true,
            b"--verbose" => self.verbose = self.verbose.saturating_add(1),
            [b'-', letters @ ..] if !letters.is_empty() && letters.iter().all(|letter| *letter == b'v') => {
                let times = u8::try_from(letters.len()).unwrap_or(u8::MAX);
                self.verbose = self.verbose.saturating_add(times);
            }
            [b'+', ..] if self.channel.is_none() => self.channel = Some(text::after(first, 1)),
            _ => return false,
        }
        true
    }

    fn take_julia(&mut self, path: Option<&OsStr>) -> Result<(), SplitError> {
        let path = path.filter(|path| !path.is_empty()).ok_or(SplitError::JuliaWithoutPath)?;
        self.julia = Some(PathBuf::from(path));
        Ok(())
    }

    fn take_policy(&mut self, word: Option<&OsStr>) -> usize {
        let named = word.and_then(image_policy);
        self.sysimage = named.or(self.sysimage);
        usize::from(named.is_some())
    }
}
