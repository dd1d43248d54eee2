//! One build, as values.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::julia::command::Invocation;
use crate::julia::exchange::PackageRequest;
use crate::julia::linker::Linker;
use crate::julia::session::Session;
use crate::template::Template;

/// The builder of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Builder {
    Direct,
    /// The folder of the private environment, and the version in it.
    PackageCompiler {
        environment: PathBuf,
        version: String,
    },
}

/// Version of the direct builder's procedure, apart from its script.
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

/// Everything that a build needs.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) session: Session<'a>,
    /// A project of ours that has exactly the packages to bake.
    pub(crate) bake_project: &'a Path,
    /// The image to make.
    pub(crate) image: &'a Path,
    pub(crate) packages: &'a [PackageRequest],
    /// Files of statements to replay.
    pub(crate) statements: &'a [PathBuf],
    pub(crate) cpu_target: &'a str,
    /// Flags for the Julia that generates the code.
    pub(crate) arguments: &'a [String],
    pub(crate) linker: Option<&'a Linker>,
}

impl Job<'_> {
    /// A Julia that generates code, or starts one that does. By itself Julia takes half of the cores, from 1.10 on
    /// (`compute_image_thread_count`, src/aotcompile.cpp 1.10.8:1411).
    pub(super) fn generating_julia(&self) -> Invocation {
        match self.limits.image_threads {
            Some(threads) => self.julia_invocation().set("JULIA_IMAGE_THREADS", threads.to_string()),
            None => self.julia_invocation(),
        }
    }
}

impl<'a> Deref for Job<'a> {
    type Target = Session<'a>;

    fn deref(&self) -> &Session<'a> {
        &self.session
    }
}
