//! Images, and what is compiled ahead.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{FormatArg, JuliaArg, ProjectsArg};
use crate::model::image::cpu_target::CpuTarget;
use crate::model::settings::BuilderChoice;
use crate::model::text::size;

/// Build the image of one or more projects
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) projects: ProjectsArg,
    /// For the projects that you use, most worth first, while an image saves in a month what its build takes
    #[arg(long, conflicts_with_all = ["all", "projects"])]
    pub(crate) frequent: bool,
    /// With --frequent: at most this many projects
    #[arg(long, requires = "frequent", value_name = "N")]
    pub(crate) top: Option<usize>,
    /// With --frequent: all images together stay below this size, existing ones included (`20GB`)
    #[arg(long, requires = "frequent", value_name = "SIZE", value_parser = size::parse)]
    pub(crate) disk: Option<u64>,
    /// For all known projects
    #[arg(long, conflicts_with = "projects")]
    pub(crate) all: bool,
    /// For all projects of the workspace that the project is in (Julia 1.12 and later)
    ///
    /// Each gets an image of what it can load itself; projects that load the same share one.
    #[arg(long, conflicts_with_all = ["all", "frequent"])]
    pub(crate) workspace: bool,
    /// How many builds at once, as far as there is memory
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) jobs: usize,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// What makes the image
    #[arg(long, value_enum, value_name = "BUILDER")]
    pub(crate) builder: Option<BuilderChoice>,
    /// A folder that holds PackageCompiler.jl, instead of the registry's
    #[arg(long, value_name = "FOLDER")]
    pub(crate) packagecompiler: Option<PathBuf>,
    /// The processors that the image is for: `native`, `portable`, or as for Julia
    ///
    /// `native` is the processor that builds, and no image of it is used on another one. `portable` is what runs on every
    /// processor of the architecture: from Julia 1.12 on with faster code for newer ones beside it, before that `generic`
    /// alone. An image that does not fit the processor is never used.
    #[arg(long, value_name = "TARGET", value_parser = CpuTarget::parse)]
    pub(crate) cpu_target: Option<CpuTarget>,
    /// A command before each Julia that builds, to run it on another machine (`srun --mem=8G`)
    #[arg(long, alias = "launcher", value_name = "COMMAND")]
    pub(crate) runner: Option<String>,
    /// Measure afterwards, in the background, what the image saves at each start
    ///
    /// At low priority. `jlproj status` shows the figures once they are there, and an estimate until then.
    #[arg(long)]
    pub(crate) measure: bool,
    /// Build even where the image is there already
    #[arg(long)]
    pub(crate) force: bool,
    /// Say what would be built, and from what, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show each command of the build, and no progress bar
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Beside a launch: at low priority, one at a time, and only where it pays
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

/// Find the few images that save most over all known projects
///
/// An image may serve many projects: all that have its packages, with equal contents. Without a limit as many images
/// are planned as pay for their builds within 60 days of present use.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// At most this many images
    #[arg(long, value_name = "N")]
    pub(crate) images: Option<usize>,
    /// At most this size of all images together (`20GB`)
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(crate) disk: Option<u64>,
    /// Propose images too that hold more than some of their projects have
    #[arg(long)]
    pub(crate) union: bool,
    /// Build the images
    #[arg(long)]
    pub(crate) build: bool,
    /// With --build --union: do not ask
    #[arg(long, requires = "build")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Compile now what the next start of a project would
///
/// Under the image in force, or under none. For what is in no image: after an update, after a switch to another project.
#[derive(Debug, Args)]
pub(crate) struct WarmArgs {
    #[command(flatten)]
    pub(crate) projects: ProjectsArg,
    /// All known projects that are used and cold, most used first
    #[arg(long, conflicts_with = "projects")]
    pub(crate) frequent: bool,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
}

/// Write what this machine's processor is into a file
#[derive(Debug, Args)]
pub(crate) struct ProcessorArgs {
    pub(crate) file: PathBuf,
}
