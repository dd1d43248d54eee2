//! Builds on another machine, whose processor has to be known.

use std::borrow::Cow;
use std::ffi::OsString;

use crate::assessment::{self};
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::julia::command::Invocation;
use crate::julia::log_text::last_error;
use crate::julia::{exchange, process};
use crate::model::image::cpu_target::CpuTarget;
use crate::model::image::processor::Processor;
use crate::model::settings::{Flags, Settings};
use crate::model::text::shell;
use crate::platform::Interruption;
use crate::store::workspace::Workspace;

/// Context of a build. With a runner and target `native`, asks the remote machine for its processor.
///
/// # Errors
/// Where that machine does not answer, or we are interrupted.
pub(crate) fn context_for(context: &Context, overrides: Flags) -> Result<Cow<'_, Context>, Error> {
    let settings = assessment::settings(context, overrides)?;
    if settings.runner.value.is_empty() || settings.cpu_target.value != CpuTarget::Native {
        return Ok(Cow::Borrowed(context));
    }
    Ok(Cow::Owned(context.on_processor(ask(context, &settings)?)))
}

/// Asks the machine behind the runner for its processor.
fn ask(context: &Context, settings: &Settings) -> Result<Processor, Error> {
    let runner = &settings.runner.value;
    let workspace = Workspace::create(&context.layout)?;
    let (result, log) = (workspace.path().join("processor.toml"), workspace.path().join("log"));
    let program = context.own_program.clone().unwrap_or_else(|| "jlproj".into());
    let mut invocation = Invocation::new(program).argument("processor").argument(&result);
    invocation.runner.extend(runner.iter().map(Into::into));
    let words: Vec<OsString> = runner.iter().map(Into::into).collect();
    let shown = words.split_first().map(|(first, rest)| shell::command_line(first, rest)).unwrap_or_default();
    let failed = |text: String| Error::Runner { runner: shown.clone(), text };
    let status = match process::run(&invocation, &log, None, &Interruption::watch()?) {
        Ok(status) => status,
        Err(process::ProcessError::Interrupted(signal)) => {
            return Err(Error::Build {
                source: crate::julia::builder::BuildError::Interrupted(signal),
                log: None,
            });
        }
        Err(error) => return Err(failed(format!("{}: {}", error, cause(&error)))),
    };
    exchange::wait_for_file(&invocation, &result);
    let text = fs::read_limited(&result)?.filter(|_| status.success());
    let text = text.and_then(|text| String::from_utf8(text).ok());
    let answer = text.and_then(|text| toml::from_str(&text).ok());
    answer.ok_or_else(|| failed(last_error(&log)))
}

fn cause(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
