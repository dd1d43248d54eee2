//! Our Julia scripts: embedded in the program, written to disk when they are run.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::model::image::key::Digest;

/// The scripts, by file name. They may include each other, so they are written together.
const SCRIPTS: &[(&str, &str)] = &[
    ("direct.jl", include_str!("../templates/direct.jl")),
    ("direct_steps.jl", include_str!("../templates/direct_steps.jl")),
    ("exchange.jl", include_str!("../templates/exchange.jl")),
    ("import.jl", include_str!("../templates/import.jl")),
    ("install_packagecompiler.jl", include_str!("../templates/install_packagecompiler.jl")),
    ("packagecompiler.jl", include_str!("../templates/packagecompiler.jl")),
    ("pkg.jl", include_str!("../templates/pkg.jl")),
    ("probe.jl", include_str!("../templates/probe.jl")),
    ("test.jl", include_str!("../templates/test.jl")),
    ("unpin.jl", include_str!("../templates/unpin.jl")),
    ("verify.jl", include_str!("../templates/verify.jl")),
];

/// A script of ours; its head describes what it reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    Direct,
    Import,
    InstallPackageCompiler,
    PackageCompiler,
    Pkg,
    Probe,
    Test,
    Unpin,
    Verify,
}

impl Template {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Direct => "direct.jl",
            Self::Import => "import.jl",
            Self::InstallPackageCompiler => "install_packagecompiler.jl",
            Self::PackageCompiler => "packagecompiler.jl",
            Self::Pkg => "pkg.jl",
            Self::Probe => "probe.jl",
            Self::Test => "test.jl",
            Self::Unpin => "unpin.jl",
            Self::Verify => "verify.jl",
        }
    }

    /// Returns the digest of the script and of its includes: part of the key of an image that it made.
    pub(crate) fn digest(self) -> Digest {
        let included: &[&str] = match self {
            Self::Direct => &["exchange.jl", "direct_steps.jl"],
            Self::PackageCompiler => &["exchange.jl", "direct_steps.jl", "unpin.jl"],
            _ => &["exchange.jl"],
        };
        let names = std::iter::once(self.file_name()).chain(included.iter().copied());
        let texts: Vec<&str> = names.map(text_of).collect();
        Digest::of(texts.join("\0").as_bytes())
    }

    /// Path of the script below `folder`, as [`materialise`] returned it.
    pub(crate) fn path_in(self, folder: &Path) -> PathBuf {
        folder.join(self.file_name())
    }
}

fn text_of(name: &str) -> &'static str {
    SCRIPTS.iter().find(|(script, _)| *script == name).map_or("", |(_, text)| text)
}

/// Writes all scripts into a folder below `root` that is named by their digest, so that stack traces name real files;
/// returns that folder. Compares scripts that exist already, and rewrites those that differ.
///
/// # Errors
/// Where the folder cannot be written.
pub(crate) fn materialise(root: &Path) -> std::io::Result<PathBuf> {
    let texts: Vec<&str> = SCRIPTS.iter().map(|(_, text)| *text).collect();
    let folder = root.join(Digest::of(texts.join("\0").as_bytes()).short());
    for (name, text) in SCRIPTS {
        let path = folder.join(name);
        if fs_err::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            fs::replace(&path, text.as_bytes())?;
        }
    }
    Ok(folder)
}
