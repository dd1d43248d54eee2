//! `jlproj setup`: other ways into Julia.

mod apps;
mod juliaup;
mod jupyter;
mod python;
mod quarto;
mod vscode;
mod wrapper;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::{HostCommand, SetupArgs, SetupOptions, ShellArgs};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::hosts::{self, Bridge, Changes, HostError, Setup, Shell, Trouble};
use crate::model::text::dialect::Dialect;
use crate::path_text::PathText;
use crate::store::lock::Lock;
use crate::ui::{message, output};

pub(crate) fn run(arguments: &SetupArgs, context: &Context) -> Result<u8, Error> {
    if !context.has_store {
        return Err(Error::NoHome);
    }
    match &arguments.host {
        HostCommand::Pyjulia(python) if python.snippet => {
            return python::snippet(Bridge::PyJulia, python, context);
        }
        HostCommand::Juliacall(python) if python.snippet => {
            return python::snippet(Bridge::JuliaCall, python, context);
        }
        _ => {}
    }
    let options = arguments.host.options();
    let only_looks = options.check || options.dry_run;
    // Taken before anything is read: another set-up's changes would be overwritten, and missing from the record.
    let _alone = if only_looks { None } else { alone(context)? };
    let setup = setup(&arguments.host, context)?;
    if options.check {
        return check(&setup, context);
    }
    let known = hosts::read(&context.layout, &setup)?;
    if options.undo {
        let Some(record) = known else {
            message::note(&format!("{} is not set up", shown(&setup)));
            return Ok(exit::SUCCESS);
        };
        let rest = match (&arguments.host, &record.setup) {
            (HostCommand::Apps(arguments), Setup::Apps(apps)) => apps::rest(arguments, apps).map(Setup::Apps),
            _ => None,
        };
        let changes = match rest {
            Some(rest) => hosts::changes(&rest, &rest.host().plan()?, Some(record))?,
            None => hosts::withdrawal(record)?,
        };
        return finish(context, options, &changes, "is taken back", &[]);
    }
    let mut plan = setup.host().plan()?;
    let changes = hosts::changes(&setup, &plan, known)?;
    plan.notes.extend(notes(&arguments.host, &setup, context));
    finish(context, options, &changes, "is set up", &plan.notes)
}

/// Waits a while for another set-up. `None` if the file system has no locks.
///
/// # Errors
/// Where the other one takes too long.
fn alone(context: &Context) -> Result<Option<Lock>, Error> {
    /// Tenths of a second: until the wait is reported, and until it ends.
    const LIMITS: (u32, u32) = (10, 300);
    let mut waited = 0;
    let mut other = String::new();
    let lock = Lock::take(&context.layout.lock("setup"), |holder| {
        waited += 1;
        other = message::process(holder);
        if waited == LIMITS.0 {
            message::note(&format!("waiting for another `jlproj setup`{other}"));
        }
        waited < LIMITS.1
    });
    match lock {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err(Error::Host(HostError::Refused {
            text: format!("another `jlproj setup` is at work{other}"),
            hints: vec!["try again when it is done".to_owned()],
        })),
        // Other errors are reported by the write that follows.
        Err(_) => Ok(None),
    }
}

/// Shows or makes the changes, and reports the outcome.
fn finish(
    context: &Context,
    options: &SetupOptions,
    changes: &Changes,
    outcome: &str,
    notes: &[String],
) -> Result<u8, Error> {
    let record = changes.after.as_ref().or(changes.before.as_ref());
    let name = record.map(|record| shown(&record.setup)).unwrap_or_default();
    if options.dry_run {
        output::write(described(changes).as_bytes())?;
        return Ok(exit::SUCCESS);
    }
    if changes.is_empty() {
        message::note(&format!("{name} {outcome} already"));
    } else {
        hosts::carry_out(&context.layout, changes)?;
        for effect in &changes.effects {
            message::line(&format!("  {}", effect.describe()));
        }
        message::note(&format!("{name} {outcome}"));
    }
    for note in notes {
        message::line(note);
    }
    Ok(exit::SUCCESS)
}

/// The changes, with the contents of files of ours indented below each.
fn described(changes: &Changes) -> String {
    let mut text = String::new();
    for effect in &changes.effects {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}", effect.describe());
        for line in effect.contents().unwrap_or_default().lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if text.is_empty() {
        text.push_str("nothing to do\n");
    }
    message::visible(&text)
}

/// Reports what is wrong with a set-up.
fn check(setup: &Setup, context: &Context) -> Result<u8, Error> {
    let Some(record) = hosts::read(&context.layout, setup)? else {
        message::note(&format!("{} is not set up", shown(setup)));
        return Ok(exit::FAILURE);
    };
    let troubles = troubles(context, &record.setup);
    for trouble in &troubles {
        output::line(format!("{}: {}", shown(setup), trouble.message).as_ref())?;
        output::line(format!("    {}", trouble.remedy).as_ref())?;
    }
    if troubles.is_empty() {
        output::line(format!("{} is as it was set up", shown(setup)).as_ref())?;
        return Ok(exit::SUCCESS);
    }
    Ok(exit::FAILURE)
}

/// Problems of a host that was set up: those of its files, then those that it reports itself.
pub(crate) fn troubles(context: &Context, setup: &Setup) -> Vec<Trouble> {
    let host = setup.host();
    let again = format!("`{}`", host.command());
    let changes =
        hosts::read(&context.layout, setup).and_then(|known| hosts::changes(setup, &host.plan()?, known));
    let mut troubles: Vec<Trouble> = match changes {
        Ok(changes) => {
            let gone = |effect: &hosts::Effect| Trouble {
                message: format!("not as it was set up: would {}", effect.describe()),
                remedy: again.clone(),
            };
            changes.effects.iter().map(gone).collect()
        }
        Err(error) => {
            let remedy = error.hints().into_iter().next().unwrap_or_else(|| again.clone());
            vec![Trouble { message: error.to_string(), remedy }]
        }
    };
    troubles.extend(host.check());
    troubles
}

/// Name of a host, with the target that distinguishes it from others of that name.
pub(crate) fn shown(setup: &Setup) -> String {
    let (name, target) = setup.identity();
    if target.is_empty() { name.to_owned() } else { format!("{name} ({target})") }
}

fn setup(host: &HostCommand, context: &Context) -> Result<Setup, Error> {
    match host {
        HostCommand::Shell(arguments) => shell(arguments, context).map(Setup::Shell),
        HostCommand::Pyjulia(arguments) => {
            python::setup(Bridge::PyJulia, arguments, context).map(Setup::Python)
        }
        HostCommand::Juliacall(arguments) => {
            python::setup(Bridge::JuliaCall, arguments, context).map(Setup::Python)
        }
        HostCommand::Jupyter(arguments) => jupyter::setup(arguments, context).map(Setup::Jupyter),
        HostCommand::Vscode(arguments) => vscode::setup(arguments, context).map(Setup::Vscode),
        HostCommand::Quarto(arguments) => quarto::setup(arguments, context).map(Setup::Quarto),
        HostCommand::Juliaup(arguments) => juliaup::setup(arguments, context).map(Setup::Juliaup),
        HostCommand::Apps(arguments) => apps::setup(arguments, context).map(Setup::Apps),
    }
}

/// Notes on a host that is set up, besides those of its plan.
fn notes(host: &HostCommand, setup: &Setup, context: &Context) -> Vec<String> {
    match (host, setup) {
        (HostCommand::Pyjulia(_) | HostCommand::Juliacall(_), Setup::Python(python)) => {
            python::notes(python, context)
        }
        (_, Setup::Jupyter(jupyter)) => jupyter::notes(jupyter, context),
        _ => Vec::new(),
    }
}

/// The set-up of the shells: those named now, and those named before.
fn shell(arguments: &ShellArgs, context: &Context) -> Result<Shell, Error> {
    let shown = context.host_variables.shell.as_deref().and_then(Dialect::of_program);
    let mut shell = Shell {
        jlproj: own_program(context)?,
        shims: PathText(context.layout.shims()),
        edited: Vec::new(),
        shown: shown.unwrap_or(Dialect::Bash),
    };
    let record = hosts::read(&context.layout, &Setup::Shell(shell.clone()))?;
    if let Some(Setup::Shell(known)) = record.map(|record| record.setup) {
        shell.edited = known.edited;
    }
    for dialect in &arguments.shells {
        let file = PathText(start_file(*dialect, context)?);
        shell.edited.retain(|(known, _)| known != dialect);
        shell.edited.push((*dialect, file));
    }
    shell.edited.sort();
    Ok(shell)
}

/// The file that a shell reads when it starts.
fn start_file(dialect: Dialect, context: &Context) -> Result<PathBuf, Error> {
    let home = context.home.clone().ok_or(Error::NoHome)?;
    let variables = &context.host_variables;
    Ok(match dialect {
        Dialect::Bash | Dialect::Powershell => home.join(".bashrc"),
        Dialect::Zsh => variables.zsh_folder.clone().unwrap_or(home).join(".zshrc"),
        Dialect::Fish => {
            let configuration = variables.configuration.clone();
            configuration.unwrap_or_else(|| home.join(".config")).join("fish/conf.d/jlproj.fish")
        }
    })
}

/// This program, by a path that stays.
pub(super) fn own_program(context: &Context) -> Result<PathText, Error> {
    let program = context.own_program.as_deref().map(Path::to_owned);
    let refused = || HostError::Refused {
        text: "this program does not know where it is".to_owned(),
        hints: vec!["install jlproj, and try again".to_owned()],
    };
    Ok(PathText(program.ok_or_else(refused)?))
}
