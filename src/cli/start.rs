//! Julia, Pkg and the tests of packages.

use std::ffi::OsString;

use clap::Args;

use crate::cli::{JuliaArg, ProjectOption};

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
      --record          record what is compiled (first starts are, unasked)
      --dry-run         print the command, quoted for a shell, and do not start it

-v and --quiet are jlproj's own only before the first of Julia's options.

Any other --sysimage, and -J, is Julia's own: then jlproj stands aside.";

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
/// without one the tests run plainly. Bounds are checked, and lines recorded, in what is not in the image.
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
