//! Paths in the store. Every folder's name carries the version of its format.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::model::hosts::wrapper;
use crate::model::image::key::{Digest, JuliaIdentity};
use crate::model::usage::own_folder::BUILDERS;
use crate::path_text;

/// File beside an image with the recorded statements that were replayed in its build.
pub(crate) const REPLAYED: &str = "recorded.jl";

/// The paths below the store's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`, with symlinks resolved if it exists: Julia resolves them, and the path of an image
    /// decides which caches Julia keeps for it.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root: fs::canonicalize(&root).unwrap_or(root) }
    }

    /// A layout for a user without a home: nothing is there, and nothing can be written.
    pub(crate) fn nowhere() -> Self {
        Self { root: PathBuf::from("/dev/null/jlproj") }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// One folder for each image, named by its key.
    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("images-v1")
    }

    pub(crate) fn image_folder(&self, key: &Digest) -> PathBuf {
        self.images().join(key.as_str())
    }

    pub(crate) fn image_file(&self, key: &Digest) -> PathBuf {
        self.image_folder(key).join(image_file_name())
    }

    /// Load time of each package of an image without the image.
    pub(crate) fn load_times(&self, key: &Digest) -> PathBuf {
        self.image_folder(key).join("loads.json")
    }

    /// Recorded statements that were replayed when an image was built.
    pub(crate) fn replayed(&self, key: &Digest) -> PathBuf {
        self.image_folder(key).join(REPLAYED)
    }

    /// Record of a project that was built for, found or forgotten: one file each.
    pub(crate) fn project_record(&self, project: &Path) -> PathBuf {
        self.root.join("projects-v1").join(format!("{}.toml", name_of(project)))
    }

    /// Log of a project's last build, if that failed.
    pub(crate) fn failed_log(&self, project: &Path) -> PathBuf {
        self.root.join("projects-v1").join(format!("{}.log", name_of(project)))
    }

    pub(crate) fn projects(&self) -> PathBuf {
        self.root.join("projects-v1")
    }

    /// One line for each start.
    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("usage-v1.log")
    }

    /// The journal's older part, in which starts of long ago are counted together.
    pub(crate) fn old_journal(&self) -> PathBuf {
        self.root.join("usage-v1.old")
    }

    /// The former journal, while it is merged into the older part.
    pub(crate) fn closed_journal(&self) -> PathBuf {
        self.root.join("usage-v1.closed")
    }

    /// Environments of builders. Files that Julia writes there have the modes that the user's umask leaves.
    pub(crate) fn builders(&self) -> PathBuf {
        self.root.join(BUILDERS)
    }

    /// Files of PackageCompiler for one version of Julia.
    pub(crate) fn builder(&self, julia_version: &str) -> PathBuf {
        self.builders().join(julia_version)
    }

    /// The project that images of a project are built from.
    pub(crate) fn bake_project(&self, julia_version: &str, project: &Path) -> PathBuf {
        self.builder(julia_version).join("projects").join(name_of(project))
    }

    /// What one Julia compiles at a plain start.
    pub(crate) fn startup_statements(&self, julia: &JuliaIdentity) -> PathBuf {
        self.builder(&julia.version).join(format!("startup-{}.jl", julia.default_image.short()))
    }

    /// Our scripts, as files.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.root.join("scripts-v1")
    }

    pub(crate) fn installations(&self) -> PathBuf {
        self.root.join("julias-v1")
    }

    /// A Julia's answers about itself.
    pub(crate) fn installation(&self, binary: &Path) -> PathBuf {
        self.installations().join(format!("{}.json", name_of(binary)))
    }

    /// Lock held while this Julia is probed.
    pub(crate) fn installation_lock(&self, binary: &Path) -> PathBuf {
        self.lock(&format!("julia-{}", name_of(binary)))
    }

    /// Marks of the starts under an image that have begun: a file each.
    pub(crate) fn starts(&self, key: &Digest) -> PathBuf {
        self.root.join("starts-v1").join(key.as_str())
    }

    /// Number of starts in a row that died under an image.
    pub(crate) fn failures(&self, key: &Digest) -> PathBuf {
        self.starts(key).join("failures")
    }

    pub(crate) fn verdicts(&self) -> PathBuf {
        self.root.join("verdicts-v1")
    }

    /// A verdict with the state of all files that it depends on.
    pub(crate) fn verdict(&self, question: &Digest) -> PathBuf {
        self.verdicts().join(format!("{}.json", question.short()))
    }

    /// Time of the last notice that a project has no image.
    pub(crate) fn notice(&self, project: &Path) -> PathBuf {
        self.root.join("notices-v1").join(name_of(project))
    }

    /// Key and time of the last build begun in the background for a project.
    pub(crate) fn attempt(&self, project: &Path) -> PathBuf {
        self.root.join("attempts-v1").join(name_of(project))
    }

    /// Recordings of a project's runs: one file each.
    pub(crate) fn recordings(&self, project: &Path) -> PathBuf {
        self.root.join("recordings-v1").join(name_of(project))
    }

    /// State of a shared image's file when its contents were compared with its record.
    pub(crate) fn compared(&self, image: &Path) -> PathBuf {
        self.root.join("compared-v1").join(name_of(image))
    }

    /// Time at which a shared store did not answer.
    pub(crate) fn silent_store(&self, store: &Path) -> PathBuf {
        self.root.join("compared-v1").join(format!("{}.silent", name_of(store)))
    }

    /// Records of the hosts that were set up.
    pub(crate) fn host_records(&self) -> PathBuf {
        self.root.join("hosts-v1")
    }

    /// The record of one host, by its name and by the target that distinguishes it from others of that name.
    pub(crate) fn host_record(&self, (name, target): &(&str, String)) -> PathBuf {
        let digest = Digest::of(target.as_bytes());
        self.host_records().join(format!("{name}-{}.json", digest.short()))
    }

    /// A folder for PATH, in which `julia` is jlproj.
    pub(crate) fn shims(&self) -> PathBuf {
        self.root.join("shims-v1")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// Folder of the files for a program that starts Julia by a path; `name` identifies the program.
    pub(crate) fn wrapper_folder(&self, name: &str) -> PathBuf {
        self.root.join(wrapper::FOLDER).join(name)
    }

    pub(crate) fn lock(&self, name: &str) -> PathBuf {
        self.locks().join(format!("{name}.lock"))
    }

    /// Work in progress.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

/// The name of the image file on this system.
pub(crate) const fn image_file_name() -> &'static str {
    if cfg!(target_os = "macos") {
        "sys.dylib"
    } else if cfg!(windows) {
        "sys.dll"
    } else {
        "sys.so"
    }
}

/// Makes a file name from a path.
pub(crate) fn name_of(path: &Path) -> String {
    let digest = path_digest(path);
    digest.as_str().get(..20).unwrap_or_default().to_owned()
}

/// The digest of a path.
pub(crate) fn path_digest(path: &Path) -> Digest {
    Digest::of(path_text::encode(path).as_bytes())
}
