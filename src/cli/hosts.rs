//! Other ways into Julia, on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{JuliaArg, ProjectOption};
use crate::model::text::dialect::Dialect;

/// Set up another way into Julia, so that it gets the image of the project
///
/// What is written asks jlproj for the image whenever it is started, and starts Julia plainly where there is none, or no
/// jlproj any more. `JLPROJ_DISABLE=1` switches it off. Setting up twice changes nothing the second time; `--undo` leaves
/// all files as they were.
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    #[command(subcommand)]
    pub(crate) host: HostCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    Shell(ShellArgs),
    /// Have PyJulia (`import julia`) of a Python environment use the image of a project
    Pyjulia(PythonArgs),
    /// Have JuliaCall (`import juliacall`) of a Python environment use the image of a project
    Juliacall(PythonArgs),
    Jupyter(JupyterArgs),
    Vscode(VscodeArgs),
    Quarto(QuartoArgs),
    Juliaup(JuliaupArgs),
    Apps(AppsArgs),
}

impl HostCommand {
    /// What is to be done with it.
    pub(crate) fn options(&self) -> &SetupOptions {
        match self {
            Self::Shell(arguments) => &arguments.options,
            Self::Pyjulia(arguments) | Self::Juliacall(arguments) => &arguments.options,
            Self::Jupyter(arguments) => &arguments.options,
            Self::Vscode(arguments) => &arguments.options,
            Self::Quarto(arguments) => &arguments.options,
            Self::Juliaup(arguments) => &arguments.options,
            Self::Apps(arguments) => &arguments.options,
        }
    }
}

/// What is common to all hosts.
#[derive(Debug, Args)]
pub(crate) struct SetupOptions {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take back what was done
    #[arg(long)]
    pub(crate) undo: bool,
    /// Say whether it still is as it was set up; ends with exit code 1 where it is not
    #[arg(long, conflicts_with_all = ["undo", "dry_run"])]
    pub(crate) check: bool,
}

/// Have `julia` be jlproj in a shell
///
/// Makes a folder with a `julia` in it that starts the next one on PATH, with the image of the project that it would have
/// anyway. Prints the line that puts the folder on PATH; with `--shell` puts it into the file that the shell reads at its
/// start.
#[derive(Debug, Args)]
pub(crate) struct ShellArgs {
    /// A shell whose start file is edited; may be given more than once
    #[arg(long = "shell", value_enum, value_name = "SHELL")]
    pub(crate) shells: Vec<Dialect>,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// An environment of Python.
#[derive(Debug, Args)]
pub(crate) struct PythonArgs {
    /// The environment's folder, or its Python; without it the one that is active (`VIRTUAL_ENV`)
    #[arg(long, value_name = "FOLDER")]
    pub(crate) venv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    /// Write into a Python that is no environment too
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what does the same in a program of yours, and write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "undo", "check"])]
    pub(crate) snippet: bool,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// Make a Jupyter kernel that uses the image of a project
///
/// A kernel of a name of its own, beside those that IJulia makes. It needs IJulia in the project, or in the default
/// environment.
#[derive(Debug, Args)]
pub(crate) struct JupyterArgs {
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// Put it where the user's kernels are (the default)
    #[arg(long, conflicts_with = "prefix")]
    pub(crate) user: bool,
    /// Put it into an environment of Python, such as a venv
    #[arg(long, value_name = "FOLDER")]
    pub(crate) prefix: Option<PathBuf>,
    /// The kernel's name: a-z, 0-9, `.`, `_`, `-`; without it made from the project's and the version of Julia
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// Have VS Code's Julia extension use the image of a project, in the project's folder
///
/// Sets `julia.executablePath` in `.vscode/settings.json`. The Julia is the one that was there before (`+lts`,
/// `julia +lts`, a path), else the usual one. Without a juliaup sets `julia.languageServerExecutablePath` too, where it is
/// not set: the language server would follow the other.
#[derive(Debug, Args)]
pub(crate) struct VscodeArgs {
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// Edit the settings although git tracks them
    #[arg(long)]
    pub(crate) shared: bool,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// Have Quarto's engine for Julia use the image of a project
///
/// Adds `julia: exeflags:` to `_quarto.yml.local`, which Quarto reads last and keeps out of git.
#[derive(Debug, Args)]
pub(crate) struct QuartoArgs {
    /// The folder of the Quarto project; without it the nearest upward from here that has a `_quarto.yml`
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// Make a channel of juliaup's that uses the image of a project, and have it be the one of the project's folder
#[derive(Debug, Args)]
pub(crate) struct JuliaupArgs {
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// The channel's name; without it made from the project's
    #[arg(long, value_name = "NAME", value_parser = plain_name)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// Have apps that Pkg installed start on their images (Julia 1.12 and later)
///
/// Edits one line of each app's script in the first depot's `bin`. Pkg writes the script anew when it updates the app: then
/// set it up again. The image of an app is that of its environment, which holds the app itself too.
#[derive(Debug, Args)]
pub(crate) struct AppsArgs {
    /// Names of apps; without any all that are installed
    #[arg(value_name = "APP")]
    pub(crate) apps: Vec<String>,
    #[command(flatten)]
    pub(crate) options: SetupOptions,
}

/// A name that Jupyter takes for a kernel, and juliaup for a channel.
fn plain_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if text.bytes().all(is_plain) && text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    Err("only a-z, 0-9, `.`, `_` and `-` can be in it".to_owned())
}

/// Print variables for a shell, so that what it starts gets the project and its image
///
/// `eval "$(jlproj env)"` in bash and zsh; `jlproj env --shell fish | source` in fish. Sets `JULIA_PROJECT`, puts a folder
/// first on PATH in which `julia` is jlproj, and sets `PYTHON_JULIACALL_EXE`, `_PROJECT` and `_SYSIMAGE` where the project
/// has PythonCall and an image that any juliacall can start.
#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    /// For which shell; without it the one that SHELL names, else bash
    #[arg(long, value_enum, value_name = "SHELL")]
    pub(crate) shell: Option<Dialect>,
    /// Print what a program needs that starts Julia by itself
    #[arg(long, conflicts_with_all = ["shell", "unset"])]
    pub(crate) json: bool,
    /// Print what puts all variables back
    #[arg(long)]
    pub(crate) unset: bool,
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// The libpython of the Python that asks; `static` where that is inside of it
    #[arg(long, hide = true, requires = "json", value_name = "PATH")]
    pub(crate) libpython: Option<PathBuf>,
    /// The version of its juliacall
    #[arg(long, hide = true, requires = "libpython", value_name = "VERSION")]
    pub(crate) juliacall: Option<String>,
}

/// Run a program with the environment that `jlproj env` prints
#[derive(Debug, Args)]
#[command(override_usage = "jlproj exec [OPTIONS] -- COMMAND [ARGUMENTS]…")]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) project: ProjectOption,
    #[command(flatten)]
    pub(crate) julia: JuliaArg,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
