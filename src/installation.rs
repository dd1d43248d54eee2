//! A Julia on this machine, as it described itself.

use semver::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fs::Stamp;
use crate::model::image::key::JuliaIdentity;
use crate::path_text::PathText;

/// Version of the cached form; a Julia with another one is probed again.
pub(crate) const FORMAT: u32 = 1;

/// A Julia's answers about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installation {
    pub(crate) format: u32,
    /// The program that starts it.
    pub(crate) binary: PathText,
    pub(crate) identity: JuliaIdentity,
    /// The folder of the real binary.
    pub(crate) binary_folder: PathText,
    /// The real binary; differs from `binary` if that is a script.
    pub(crate) real_binary: PathText,
    pub(crate) default_image: PathText,
    /// Folders where a linker finds `libjulia`.
    pub(crate) library_folders: Vec<PathText>,
    /// Names for a linker's `-l`.
    pub(crate) libraries: Vec<String>,
    pub(crate) standard_library_folder: PathText,
    /// All standard libraries: UUIDs and names.
    pub(crate) standard_libraries: Vec<(Uuid, String)>,
    /// Standard libraries in the default image.
    pub(crate) in_default_image: Vec<Uuid>,
    /// Files whose change makes all this invalid: the binary, the real binary, the image.
    pub(crate) files: Vec<(PathText, Stamp)>,
}

impl Installation {
    /// Its version.
    pub(crate) fn version(&self) -> Version {
        // Checked when the installation was probed; a wrong cache gets the oldest behaviour.
        Version::parse(&self.identity.version).unwrap_or(Version::new(1, 4, 0))
    }

    /// Names of the modules in its default image.
    pub(crate) fn names_in_default_image(&self) -> impl Iterator<Item = String> {
        let libraries =
            self.standard_libraries.iter().filter(|(uuid, _)| self.in_default_image.contains(uuid));
        let names = libraries.map(|(_, name)| name.as_str());
        ["Base", "Core"].into_iter().chain(names).map(str::to_owned)
    }

    /// Whether it is this release or a later one; a development version counts as its release.
    pub(crate) fn is_at_least(&self, major: u64, minor: u64) -> bool {
        let version = self.version();
        (version.major, version.minor) >= (major, minor)
    }

    /// Whether the caches of packages hold native code (1.9 and later): then each image has caches of its own.
    pub(crate) fn has_package_images(&self) -> bool {
        self.is_at_least(1, 9)
    }

    /// Whether Pkg precompiles the packages of a project in parallel, without loading them (1.6 and later).
    pub(crate) fn has_parallel_precompile(&self) -> bool {
        self.is_at_least(1, 6)
    }

    /// Whether several threads can generate the code of an image (`compute_image_thread_count`, src/aotcompile.cpp 1.10 and
    /// later).
    pub(crate) fn has_image_threads(&self) -> bool {
        self.is_at_least(1, 10)
    }

    /// Whether Pkg installs apps, and a project file says where a package's code begins (1.12 and later).
    pub(crate) fn has_apps(&self) -> bool {
        self.is_at_least(1, 12)
    }

    /// Whether several projects can share a manifest as a workspace (1.12 and later).
    pub(crate) fn has_workspaces(&self) -> bool {
        self.is_at_least(1, 12)
    }
}
