//! One build, as values.

use std::path::{Path, PathBuf};

use crate::installation::Installation;
use crate::julia::command::Invocation;
use crate::julia::exchange::PackageRequest;
use crate::julia::linker::Linker;
use crate::julia::process::Watcher;
use crate::template::Template;

/// What makes the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Builder {
    Direct,
    /// The folder of the private environment, and the version in it.
    PackageCompiler {
        environment: PathBuf,
        version: String,
    },
}

/// The version of how the direct builder works, apart from its script.
const DIRECT_VERSION: u32 = 1;

impl Builder {
    /// Its name and version, as in the key.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Direct => format!("direct {DIRECT_VERSION}"),
            Self::PackageCompiler { version, .. } => format!("packagecompiler {version}"),
        }
    }

    /// Its script.
    pub(crate) const fn template(&self) -> Template {
        match self {
            Self::Direct => Template::Direct,
            Self::PackageCompiler { .. } => Template::PackageCompiler,
        }
    }
}

/// What a build needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) julia: &'a Installation,
    /// Arguments that the channel adds.
    pub(crate) julia_arguments: &'a [String],
    /// The user's project: read, never written.
    pub(crate) project_file: &'a Path,
    /// A folder of ours for whatever is made on the way.
    pub(crate) folder: &'a Path,
    /// A project of ours that has exactly the packages to bake.
    pub(crate) bake_project: &'a Path,
    /// The folder of our scripts.
    pub(crate) scripts: &'a Path,
    pub(crate) log: &'a Path,
    /// The image to make.
    pub(crate) image: &'a Path,
    pub(crate) packages: &'a [PackageRequest],
    /// Files of the user's that are run while what they compile is recorded.
    pub(crate) workload: &'a [PathBuf],
    /// Files of statements to replay.
    pub(crate) statements: &'a [PathBuf],
    pub(crate) cpu_target: &'a str,
    /// Flags for the Julia that generates the code.
    pub(crate) arguments: &'a [String],
    pub(crate) linker: Option<&'a Linker>,
    pub(crate) watcher: &'a dyn Watcher,
}

/// The steps of a build, as they are shown and timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Import,
    Trace,
    Compile,
    Link,
    Verify,
    Measure,
    Precompile,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Import => "loading packages",
            Self::Trace => "recording what is compiled",
            Self::Compile => "generating code",
            Self::Link => "linking",
            Self::Verify => "verifying the image",
            Self::Measure => "measuring load time",
            Self::Precompile => "precompiling what is not in the image",
        }
    }
}

impl Job<'_> {
    /// A Julia of ours, under the default image.
    pub(crate) fn julia_invocation(&self) -> Invocation {
        let mut invocation = Invocation::julia(&self.julia.binary);
        invocation.arguments.splice(0..0, self.julia_arguments.iter().map(Into::into));
        invocation
    }

    /// The path of a script.
    pub(crate) fn script(&self, template: Template) -> PathBuf {
        template.path_in(self.scripts)
    }
}
