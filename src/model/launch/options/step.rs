//! One step of getopt: the options that the next argument holds, and how many arguments they take.

use std::ffi::{OsStr, OsString};

use super::table::{self, Arity, JuliaOption};
use super::text;

/// An option as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) option: &'static JuliaOption,
    /// Its value, byte for byte. `None` also if a required one is missing at the very end.
    pub(crate) value: Option<OsString>,
}

/// Result of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Number of arguments that it takes: one or two.
    pub(crate) used: usize,
    /// The options in it; several if letters are bundled. Options that Julia would refuse are left out.
    pub(crate) given: Vec<Given>,
}

impl Step {
    /// Whether Julia reads no option after it: 1.12 and later stop at `-m MODULE`, and hand all that
    /// follows to the module (src/jloptions.c 1.12, `parsing_args_done`).
    pub(crate) fn ends_options(&self) -> bool {
        self.given.iter().any(|given| given.option.long == "module" && given.value.is_some())
    }
}

/// Reads the options at the start of `arguments`; `None` if options end there: at the first argument that is none (a
/// lone `-` is the script on stdin), at `--`, and at the end.
pub(crate) fn step(arguments: &[OsString]) -> Option<Step> {
    let (first, rest) = arguments.split_first()?;
    let bytes = first.as_encoded_bytes();
    if bytes == b"--" || bytes == b"-" || !bytes.starts_with(b"-") {
        return None;
    }
    let next = rest.first().map(OsString::as_os_str);
    Some(if bytes.starts_with(b"--") { long(first, next) } else { letters(first, next) })
}

/// Returns all steps at the start of `arguments`, each with the arguments that it takes.
pub(crate) fn steps(mut arguments: &[OsString]) -> impl Iterator<Item = (Step, &[OsString])> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let step = step(arguments)?;
        ended = step.ends_options();
        let (taken, rest) = arguments.split_at(step.used);
        arguments = rest;
        Some((step, taken))
    })
}

fn long(typed: &OsStr, next: Option<&OsStr>) -> Step {
    let body = typed.as_encoded_bytes().get(2..).unwrap_or_default();
    let equals = body.iter().position(|byte| *byte == b'=');
    let name = body.get(..equals.unwrap_or(body.len())).unwrap_or_default();
    let Some(option) = std::str::from_utf8(name).ok().and_then(table::long) else {
        return Step { used: 1, given: Vec::new() };
    };
    let (value, used) = match (equals, option.arity) {
        (Some(_), Arity::None) => return Step { used: 1, given: Vec::new() },
        (Some(position), _) => (Some(text::after(typed, 2 + position + 1)), 1),
        (None, Arity::Required) => (next.map(OsStr::to_os_string), 1 + usize::from(next.is_some())),
        (None, _) => (None, 1),
    };
    Step { used, given: vec![Given { option, value }] }
}

/// Reads a bundle such as `-qi` or `-ie1+1`: the first letter that takes a value ends it. So does an unknown one, at
/// which Julia stops with an error.
fn letters(typed: &OsStr, next: Option<&OsStr>) -> Step {
    let bytes = typed.as_encoded_bytes();
    let mut step = Step { used: 1, given: Vec::new() };
    for (index, letter) in bytes.iter().enumerate().skip(1) {
        let Some(option) = table::short(*letter) else { break };
        if !table::short_takes_value(option) {
            step.given.push(Given { option, value: None });
            continue;
        }
        let attached = index + 1 < bytes.len();
        let value =
            if attached { Some(text::after(typed, index + 1)) } else { next.map(OsStr::to_os_string) };
        step.used += usize::from(!attached && value.is_some());
        step.given.push(Given { option, value });
        break;
    }
    step
}
