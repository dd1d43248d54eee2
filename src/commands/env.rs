//! `jlproj env`: variables for a shell, or for a program that starts Julia.

pub(crate) mod variables;

use std::ffi::{OsStr, OsString};

use crate::assessment;
use crate::assessment::OfferRequest;
use crate::cli::EnvArgs;
use crate::commands::env::variables::Assignment;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs;
use crate::model::hosts::embedding::{Embedder, Python};
use crate::model::text::dialect::Dialect;
use crate::ui::output;

pub(crate) fn run(arguments: &EnvArgs, context: &Context) -> Result<u8, Error> {
    if arguments.json {
        let request = OfferRequest {
            project: arguments.project.project.as_deref(),
            julia: arguments.julia.julia.clone(),
            embedder: embedder(arguments),
        };
        let offer = assessment::offer(&variables::as_before(context), &request)?;
        output::print(&offer, output::Format::Json, String::new)?;
        return Ok(exit::SUCCESS);
    }
    let assignments = if arguments.unset {
        variables::unset(context)
    } else {
        let request = OfferRequest {
            project: arguments.project.project.as_deref(),
            julia: arguments.julia.julia.clone(),
            ..OfferRequest::default()
        };
        variables::set(context, &request)?
    };
    let typed = context.host_variables.shell.as_deref().and_then(Dialect::of_program);
    let dialect = arguments.shell.or(typed).unwrap_or(Dialect::Bash);
    output::write(script(dialect, &assignments).as_bytes())?;
    Ok(exit::SUCCESS)
}

/// Lines for this shell.
fn script(dialect: Dialect, assignments: &[Assignment]) -> String {
    let line = |(name, value): &(String, Option<OsString>)| match value {
        Some(value) => dialect.set(name, value),
        None => dialect.unset(name),
    };
    assignments.iter().map(line).collect()
}

/// The Python that asks, as it describes itself.
fn embedder(arguments: &EnvArgs) -> Embedder {
    let Some(libpython) = &arguments.libpython else { return Embedder::Unknown };
    Embedder::Python(Python {
        libpython: Some(libpython.as_os_str())
            .filter(|path| *path != OsStr::new("static"))
            .and_then(|path| fs::canonicalize(path).ok()),
        juliacall: arguments.juliacall.clone(),
    })
}
