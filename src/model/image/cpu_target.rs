//! The processors that code is generated for.

use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

/// Setting for the processors that code is generated for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum CpuTarget {
    /// The processor of the building machine.
    #[default]
    Native,
    /// All processors of the architecture, as far as this Julia can.
    Portable,
    /// A value for Julia's `--cpu-target`.
    ///
    /// Since 1.13 (`3b29187855`; `parse_cmdline`, `src/processor.cpp`) also `sysimage`, alone or before further
    /// targets: it stands for the targets of the loaded image, in a build Julia's own. Earlier Julias take it for the
    /// name of an unknown processor, and end. An image that 1.13.0 made for it holds the word instead of the targets,
    /// so that `JULIA_CPU_TARGET=sysimage` fails under it (JuliaLang/julia#63220).
    Named(String),
}

impl CpuTarget {
    /// Parses a setting.
    ///
    /// # Errors
    /// A message, if Julia would refuse the text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "native" => Ok(Self::Native),
            "portable" => Ok(Self::Portable),
            _ if is_sensible(text) => Ok(Self::Named(text.to_owned())),
            _ => Err(format!(
                "`{text}` is no target: `native`, `portable`, or what `julia --cpu-target` takes"
            )),
        }
    }

    /// Returns the value for Julia's `--cpu-target`.
    ///
    /// Before 1.12 the image of a session gets only the first target, whatever else is given
    /// (`jl_get_llvm_clone_targets` took the target of the loaded image): there only `generic` runs everywhere.
    #[must_use]
    pub(crate) fn resolve(&self, julia: &Version, architecture: &str, system: &str) -> String {
        let takes_several = (julia.major, julia.minor) >= (1, 12);
        match self {
            Self::Native => "native",
            Self::Named(text) => text,
            Self::Portable => match (architecture, system) {
                ("x86_64", _) if takes_several => {
                    "generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)"
                }
                ("aarch64", "Darwin") if takes_several => "generic;apple-m1,clone_all",
                ("aarch64", _) if takes_several => {
                    "generic;cortex-a57;thunderx2t99;carmel,clone_all;apple-m1,base(3)"
                }
                ("i686", _) => "pentium4",
                _ => "generic",
            },
        }
        .to_owned()
    }
}

/// Whether a text can be a list of targets: names and features of processors, and nothing that Julia would take for
/// a request (`help`).
fn is_sensible(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,;+()".contains(&byte);
    let is_name = |target: &str| {
        let mut parts = target.split(',');
        let name = parts.next().unwrap_or_default();
        !name.is_empty()
            && !name.starts_with(['-', '+'])
            && name != "help"
            && parts.all(|part| part != "help")
    };
    text.len() <= 500 && text.bytes().all(is_allowed) && text.split(';').all(is_name)
}

impl fmt::Display for CpuTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Native => "native",
            Self::Portable => "portable",
            Self::Named(text) => text,
        })
    }
}

impl TryFrom<String> for CpuTarget {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<CpuTarget> for String {
    fn from(target: CpuTarget) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_is_what_fits_the_julia() {
        let portable = |minor, architecture, system| {
            CpuTarget::Portable.resolve(&Version::new(1, minor, 0), architecture, system)
        };
        assert_eq!(portable(5, "x86_64", "Linux"), "generic");
        assert_eq!(portable(11, "aarch64", "Darwin"), "generic");
        assert!(portable(12, "x86_64", "Linux").starts_with("generic;sandybridge,"));
        assert_eq!(portable(12, "aarch64", "Darwin"), "generic;apple-m1,clone_all");
        assert_eq!(portable(12, "i686", "Linux"), "pentium4");
        for target in ["x86_64", "aarch64", "i686"].map(|architecture| portable(13, architecture, "Linux")) {
            assert_eq!(CpuTarget::parse(&target), Ok(CpuTarget::Named(target)));
        }
    }

    #[test]
    fn only_what_julia_takes_for_a_target_is_one() {
        assert_eq!(CpuTarget::parse("native"), Ok(CpuTarget::Native));
        assert_eq!(CpuTarget::parse("portable"), Ok(CpuTarget::Portable));
        for text in ["haswell", "generic;haswell,clone_all", "sysimage", "sysimage;haswell,clone_all"] {
            assert_eq!(CpuTarget::parse(text), Ok(CpuTarget::Named(text.to_owned())));
        }
        for text in ["", "help", "haswell,help", "a b", "$(x)", "a\n", "-v", ";", "haswell;", ",avx"] {
            assert!(CpuTarget::parse(text).is_err(), "{text:?}");
        }
    }
}
