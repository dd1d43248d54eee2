//! A Julia on this machine, as it described itself.

use semver::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fs::Stamp;
use crate::model::image::key::JuliaIdentity;
use crate::path_text::PathText;

/// The version of the form that is kept: another one is asked for again.
pub(crate) const FORMAT: u32 = 1;

/// A Julia, as it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installation {
    pub(crate) format: u32,
    /// How it was started.
    pub(crate) binary: PathText,
    pub(crate) identity: JuliaIdentity,
    /// The folder of the real binary.
    pub(crate) binary_folder: PathText,
    /// The real binary: another one than `binary` where that is a script.
    pub(crate) real_binary: PathText,
    pub(crate) default_image: PathText,
    /// Folders where a linker finds `libjulia`.
    pub(crate) library_folders: Vec<PathText>,
    /// Names for a linker's `-l`.
    pub(crate) libraries: Vec<String>,
    pub(crate) standard_library_folder: PathText,
    /// All standard libraries, by UUID.
    pub(crate) standard_libraries: Vec<(Uuid, String)>,
    /// Those of them that the default image holds.
    pub(crate) in_default_image: Vec<Uuid>,
    /// The files that must be unchanged for all this to hold: the binary, the real binary, the image.
    pub(crate) files: Vec<(PathText, Stamp)>,
}

impl Installation {
    /// Its version.
    pub(crate) fn version(&self) -> Version {
        // It was checked when the installation was asked; a cache that lies gets the oldest behaviour.
        Version::parse(&self.identity.version).unwrap_or(Version::new(1, 4, 0))
    }

    /// Names of the modules that its default image holds.
    pub(crate) fn names_in_default_image(&self) -> impl Iterator<Item = String> {
        let libraries =
            self.standard_libraries.iter().filter(|(uuid, _)| self.in_default_image.contains(uuid));
        let names = libraries.map(|(_, name)| name.as_str());
        ["Base", "Core"].into_iter().chain(names).map(str::to_owned)
    }

    /// Whether it is of this release or a later one; a development version counts as its release.
    pub(crate) fn is_at_least(&self, major: u64, minor: u64) -> bool {
        let version = self.version();
        (version.major, version.minor) >= (major, minor)
    }

    /// Whether it keeps native code in the caches of packages (1.9 and later): then each image has caches of
    /// its own.
    pub(crate) fn has_package_images(&self) -> bool {
        self.is_at_least(1, 9)
    }

    /// Whether Pkg installs apps, and where a package's code begins is read from a project file (1.12 and later).
    pub(crate) fn has_apps(&self) -> bool {
        self.is_at_least(1, 12)
    }

    /// Whether several projects can share a manifest as a workspace (1.12 and later).
    pub(crate) fn has_workspaces(&self) -> bool {
        self.is_at_least(1, 12)
    }
}
