//! What goes: projects, images, precompile files.

use std::ffi::OsString;

use clap::Args;

use crate::cli::{FormatArg, JuliaArg};
use crate::model::text::{age, size};

/// Drop projects from the list until they are used again, or drop their images
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Folders of projects, which may be gone, files Project.toml or `@name`
    #[arg(required = true, value_name = "PROJECT")]
    pub(crate) projects: Vec<OsString>,
    /// Remove the image only, and propose no other
    #[arg(long)]
    pub(crate) image: bool,
}

/// Collect the garbage: images that no project gets, and precompile files that nobody loads
///
/// Shows what would go, and why, before it does anything. Never removed: an image in use, the image that a project's starts
/// get, the last one that was built for a project, files that no known project wrote, anything behind a symbolic link.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(crate) struct GcArgs {
    /// Only show what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(short, long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Images that no project gets stay this long after their last use (`60d`, `8w`, `12h`)
    #[arg(long, value_name = "AGE", value_parser = age::parse, default_value = "60d")]
    pub(crate) older_than: i64,
    /// Where images take more than this (`20GB`), those that no project gets go earlier
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(crate) keep_size: Option<u64>,
    /// Only precompile files
    #[arg(long, conflicts_with = "images")]
    pub(crate) caches: bool,
    /// Only images, folders of builds that died, and the journal
    #[arg(long)]
    pub(crate) images: bool,
    /// Those of other installed Julias too; those of Julias that are gone always go
    #[arg(long)]
    pub(crate) all_julias: bool,
    /// List each file
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}
