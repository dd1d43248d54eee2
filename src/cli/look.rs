//! What is known: of one project, of all, of files and of the machine.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::cli::{FormatArg, JuliaArg, ProjectArg};

/// Which image a project gets, and why
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArg,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
    /// End with exit code 3 where no image is in force
    #[arg(long)]
    pub(crate) check: bool,
    /// List the packages too
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// The projects that you use, ranked by what an image saves
///
/// Projects are known from `jlproj run`, from what Pkg wrote down in your depots, from Julia's caches and from
/// `jlproj scan`. `saves` is what the image in force saves at a start, or what one would save; `~` marks an estimate.
/// `cold` counts packages that the next start would have to compile (`jlproj warm`).
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// Also those without an image that were not used for 30 days
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Find projects below folders, for `list`, `plan` and `build --frequent`
///
/// Looks for folders with a project and a manifest. Follows no links, passes over hidden folders and what a
/// .gitignore leaves out, and stops after 100,000 folders.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Folders, each with all that is below it
    #[arg(required = true, value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,
}

/// Whose precompile file is whose
///
/// Lists the files below `compiled` in your depots. `used` is when Julia last loaded a file. A file is `live` if an existing
/// project loads it or may; an `orphan` if its project, image or Julia is gone; `superseded` if its project has got another
/// image; a `leftover` of a compilation that broke off; `unknown` if no known project would give it this name: those are
/// never deleted. `jlproj gc` deletes the rest.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// Only files of this project, which may be gone
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project: Option<OsString>,
    /// Only files of this package
    #[arg(long, value_name = "NAME")]
    pub(crate) package: Option<String>,
    /// Only the sums by project and by verdict
    #[arg(long)]
    pub(crate) totals: bool,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Write one page for a browser: projects by worth, images and who shares them, disk use
///
/// Everything in it is in the file; it asks for nothing from elsewhere.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The file, or a folder to put it into; `-` for stdout
    #[arg(value_name = "FILE", default_value = "jlproj-report.html")]
    pub(crate) file: OsString,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
}

/// Print the path of the image that `run` would use
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArg,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Print the key of the image that `build` would make
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArg,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// Print what the key is made from
    #[arg(long)]
    pub(crate) inputs: bool,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Print the log of the project's last build
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArg,
    /// Print the path of the log instead
    #[arg(long)]
    pub(crate) path: bool,
}

/// What is wrong on this machine, each with its remedy
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArg,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
    /// Read every image and compare its contents with what was recorded
    #[arg(long)]
    pub(crate) thorough: bool,
}
