//! The command line: types and help texts, no logic.

mod build;
mod clean;
#[cfg(test)]
mod documented;
mod hosts;
mod look;
mod start;

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub(crate) use crate::cli::build::{BuildArgs, PlanArgs, ProcessorArgs, WarmArgs};
pub(crate) use crate::cli::clean::{ForgetArgs, GcArgs};
pub(crate) use crate::cli::hosts::{
    AppsArgs, EnvArgs, ExecArgs, HostCommand, JuliaupArgs, JupyterArgs, PythonArgs, QuartoArgs, SetupArgs,
    SetupOptions, ShellArgs, VscodeArgs,
};
pub(crate) use crate::cli::look::{
    CacheArgs, DoctorArgs, KeyArgs, ListArgs, LogArgs, ReportArgs, ScanArgs, StatusArgs, WhichArgs,
};
pub(crate) use crate::cli::start::{PkgArgs, RunArgs, TestArgs};
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
    /// Without one: what is here, and what to type.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands by what people want.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Start", &["run", "pkg", "test"]),
    ("Build", &["build", "plan", "warm"]),
    ("Look", &["status", "list", "scan", "cache", "report", "which", "key", "log", "doctor"]),
    ("Set up", &["setup", "env", "exec"]),
    ("Clean up", &["forget", "gc"]),
];

/// The command line, with its commands in groups.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let mut text = String::new();
    for (group, names) in GROUPS {
        let _ = writeln!(text, "{group}:");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let _ = writeln!(text, "  {name:<6}  {}", about.map(ToString::to_string).unwrap_or_default());
        }
        text.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}{{after-help}}\n"
    );
    command.help_template(template)
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
