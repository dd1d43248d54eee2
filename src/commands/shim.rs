//! jlproj under the name `julia`: all arguments are Julia's, and the project is the one that Julia would have anyway.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::assessment::{self, ForProject};
use crate::commands::run;
use crate::context::Context;
use crate::error::Error;
use crate::hosts::{self, Note};
use crate::julia::locate::{LocateError, Located};
use crate::model::hosts::wrapper;
use crate::model::launch::options;
use crate::model::settings::{Flags, Origin, Setting};
use crate::ui::message;

/// Becomes Julia. Returns only if Julia was not started.
pub(crate) fn run(arguments: &[OsString]) -> u8 {
    run::ended(context().and_then(|context| {
        let Some(Note { julia, arguments: before }) = note(&context) else {
            return start(&context, arguments, None);
        };
        let before = before.into_iter().map(|word| word.0.into_os_string());
        let arguments: Vec<OsString> = before.chain(arguments.iter().cloned()).collect();
        start(&context, &arguments, julia.is_file().then_some(julia.as_os_str()))
    }))
}

/// The note beside this program, where it is a wrapper.
fn note(context: &Context) -> Option<Note> {
    let program = context.own_program.as_deref().filter(|program| wrapper::is_julia(program.as_os_str()))?;
    hosts::note_beside(program).unwrap_or_else(|error| {
        let program = program.display();
        message::line(&format!(
            "what `{program}` is to start cannot be read: the Julia that it would find is started ({error})"
        ));
        None
    })
}

/// Becomes Julia for a wrapper, whose first argument is the Julia that it was set up with.
pub(crate) fn run_from_wrapper(arguments: &[OsString]) -> u8 {
    let (julia, rest) =
        arguments.split_first().map_or((None, arguments), |(first, rest)| (Some(first), rest));
    let julia = julia.map(OsString::as_os_str).filter(|julia| Path::new(julia).is_file());
    run::ended(context().and_then(|context| start(&context, rest, julia)))
}

fn context() -> Result<Context, Error> {
    let context = Context::read()?;
    run::refuse_probe(&context)?;
    Ok(Context { looks_upward: false, ..context })
}

fn start(context: &Context, arguments: &[OsString], julia: Option<&OsStr>) -> Result<u8, Error> {
    let mut split = options::split(&with_end(arguments))?;
    split.own.julia = julia.map(Into::into);
    let channel = split.own.channel.is_some();
    let manner = run::Manner::AsJulia;
    if context.variables.disable {
        let (located, arguments) = plain(context, arguments, julia)?;
        return run::become_julia(&located, &arguments);
    }
    match run::begin(context, split, manner) {
        // Without juliaup, Julia itself handles `+word`.
        Err(Error::Locate(LocateError::NoJuliaup { .. })) if channel => {
            let words: Vec<OsString> =
                std::iter::once("--".into()).chain(arguments.iter().cloned()).collect();
            let mut split = options::split(&words)?;
            split.own.julia = julia.map(Into::into);
            run::begin(context, split, manner)
        }
        other => other,
    }
}

/// The arguments, with a `--` after those that are jlproj's: after `+channel`.
fn with_end(arguments: &[OsString]) -> Vec<OsString> {
    let channels = arguments.first().map_or(0, |first| usize::from(is_channel(first)));
    let mut words = arguments.to_vec();
    words.insert(channels, "--".into());
    words
}

fn is_channel(word: &OsString) -> bool {
    let bytes = word.as_encoded_bytes();
    bytes.len() > 1 && bytes.starts_with(b"+")
}

/// The Julia that would be started without jlproj, and its arguments.
fn plain(
    context: &Context,
    arguments: &[OsString],
    julia: Option<&OsStr>,
) -> Result<(Located, Vec<OsString>), Error> {
    let settings = assessment::settings(context, Flags::default()).ok();
    let wanted = match (julia, settings) {
        (None, Some(settings)) => settings.julia,
        _ => Setting { value: julia.map(OsStr::to_owned), origin: Origin::Flag },
    };
    let (channel, rest) = match arguments.split_first() {
        Some((first, rest)) if is_channel(first) => (first.to_str().and_then(|word| word.get(1..)), rest),
        _ => (None, arguments),
    };
    let split = options::split(&with_end(arguments)).ok();
    let effects = split.map(|split| split.effects()).unwrap_or_default();
    let project = ForProject::This(effects.project.as_ref());
    let located = match assessment::find(context, channel.map(str::as_ref), &wanted, project) {
        Err(Error::Locate(LocateError::NoJuliaup { .. })) if channel.is_some() => {
            return Ok((assessment::find(context, None, &wanted, project)?, arguments.to_vec()));
        }
        other => other?,
    };
    let words = located.arguments.iter().map(OsString::from).chain(rest.iter().cloned()).collect();
    Ok((located, words))
}
