//! The command line: types and help texts, no logic.

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(test)]
mod documented;
mod hosts;

use clap::{Args, Parser, Subcommand};

pub(crate) use crate::cli::hosts::{
    AppsArgs, EnvArgs, ExecArgs, HostCommand, JuliaupArgs, JupyterArgs, PythonArgs, QuartoArgs, SetupArgs,
    SetupOptions, ShellArgs, VscodeArgs,
};
use crate::model::image::cpu_target::CpuTarget;
use crate::model::settings::BuilderChoice;
use crate::model::text::{age, size};
use crate::ui::output::Format;

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  failed; the reason is on stderr
    2  wrong usage
    3  no image in force (status --check, which)
   70  a bug in jlproj
  125  run failed before Julia was started
  126  Julia cannot be started
  127  no Julia found
Otherwise `run` ends with the exit code of Julia.

Julia 1.4 and later; tested with 1.5.3, 1.10.8 and 1.12.5, on Linux.";

/// Start Julia with the system image that matches the project, and build that image.
#[derive(Debug, Parser)]
#[command(name = "jlproj", version, about, after_help = EXIT_CODES, disable_help_subcommand = false)]
#[command(max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Build(BuildArgs),
    Status(StatusArgs),
    List(ListArgs),
    Plan(PlanArgs),
    Warm(WarmArgs),
    Scan(ScanArgs),
    Forget(ForgetArgs),
    Cache(CacheArgs),
    Gc(GcArgs),
    Report(ReportArgs),
    Pkg(PkgArgs),
    Test(TestArgs),
    Which(WhichArgs),
    Key(KeyArgs),
    Log(LogArgs),
    Setup(SetupArgs),
    Env(EnvArgs),
    Exec(ExecArgs),
    Doctor(DoctorArgs),
    #[command(hide = true)]
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Man,
    #[command(hide = true)]
    Processor(ProcessorArgs),
    /// What wrappers start: a Julia that is used while it is there, then Julia's own arguments
    #[command(hide = true)]
    Julia(RunArgs),
}

/// Start Julia, with the image of the project where there is one that fits
///
/// Everything after `run` goes to Julia as it is, but for the options below, which are jlproj's own. A
/// first `--` ends them: `jlproj run -- --help` is Julia's help.
#[derive(Debug, Args)]
#[command(
    override_usage = "jlproj run [+CHANNEL] [OPTIONS] [JULIA OPTIONS] [-- | PROGRAM [ARGS]…]",
    after_help = RUN_OPTIONS,
    disable_help_flag = true
)]
pub(crate) struct RunArgs {
    #[arg(allow_hyphen_values = true, trailing_var_arg = true, hide = true)]
    pub(crate) arguments: Vec<OsString>,
}

const RUN_OPTIONS: &str = "\
Options:
  +CHANNEL              a channel of juliaup (first)
  -v, --verbose         say which image is used and why; -vv the command too
      --quiet           say nothing; Julia gets it as well
      --julia <JULIA>   a path, a name on PATH, or +CHANNEL
      --sysimage=auto   the image that matches, none where none does (default)
      --sysimage=none   no image
      --sysimage=require  fail where no image matches
      --record          record what is compiled, for the next build
      --dry-run         print the command, quoted for a shell, and do not start it

-v and --quiet are jlproj's own only before the first of Julia's options.

Any other --sysimage, and -J, is Julia's own: then jlproj stands aside.";

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

/// Run a command of Julia's package manager without the image, then print the new verdict
#[derive(Debug, Args)]
pub(crate) struct PkgArgs {
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// The command, as at the `pkg>` prompt
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) arguments: Vec<OsString>,
}

/// Test a package as Pkg does, under an image that never holds what is tested
///
/// Pkg makes a project of its own for the tests. The image is one whose packages are all in that, with equal contents;
/// without one the tests run plainly.
#[derive(Debug, Args)]
#[command(override_usage = "jlproj test [OPTIONS] [PACKAGE]… [-- TEST ARGUMENTS…]")]
pub(crate) struct TestArgs {
    /// Packages of the project; without any its own
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<OsString>,
    /// Arguments for the tests
    #[arg(last = true, value_name = "TEST ARGUMENTS", hide = true)]
    pub(crate) arguments: Vec<OsString>,
    /// Record which lines of the package are run
    #[arg(long)]
    pub(crate) coverage: bool,
    #[command(flatten)]
    pub(crate) project: ProjectOption,
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

/// Write what this machine's processor is into a file
#[derive(Debug, Args)]
pub(crate) struct ProcessorArgs {
    pub(crate) file: PathBuf,
}

/// Print a script that completes jlproj's commands in a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectArg {
    /// A folder, a Project.toml or `@name`; without it as Julia finds it, or upward from here
    #[arg(value_name = "PROJECT")]
    pub(crate) project: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectsArg {
    /// Folders, files Project.toml or `@name`; without any as Julia finds it, or upward from here
    #[arg(value_name = "PROJECT")]
    pub(crate) projects: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectOption {
    /// A folder, a Project.toml or `@name`; without it as Julia finds it, or upward from here
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct JuliaArg {
    /// A path of a Julia, a name on PATH, or a channel of juliaup as `+CHANNEL`
    #[arg(long, value_name = "JULIA")]
    pub(crate) julia: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct FormatArg {
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
}
