//! The final argument vector for Julia.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::split::Split;
use super::step::steps;

/// Options that are put before the user's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Additions<'a> {
    pub(crate) image: Option<&'a Path>,
    pub(crate) project: Option<&'a Path>,
    /// The file into which Julia writes statements of the methods that it compiles.
    pub(crate) trace: Option<&'a Path>,
}

/// Returns Julia's arguments: `--sysimage=IMAGE`, `--project=PROJECT` and `--trace-compile=TRACE` first, then the
/// user's, byte for byte and in their order. With a project of ours the user's own `--project` options are left out,
/// since they were resolved to it. `--lisp` stays first, the only place where Julia takes it (`jl_repl_entrypoint`,
/// src/jlapi.c; ui/repl.c before 1.6).
#[must_use]
pub(crate) fn compose(split: &Split, ours: Additions<'_>) -> Vec<OsString> {
    let Additions { image, project, trace } = ours;
    let (lisp, options) = match split.julia.split_first() {
        Some((first, options)) if first == "--lisp" => (Some(first.clone()), options),
        _ => (None, split.julia.as_slice()),
    };
    let mut arguments: Vec<OsString> = lisp.into_iter().collect();
    arguments.extend(image.map(|path| assignment("--sysimage=", path)));
    arguments.extend(project.map(|path| assignment("--project=", path)));
    arguments.extend(trace.map(|path| assignment("--trace-compile=", path)));
    for (step, typed) in steps(options) {
        let is_project = step.given.iter().any(|given| given.option.long == "project");
        if project.is_none() || !is_project {
            arguments.extend_from_slice(typed);
        }
    }
    arguments.extend_from_slice(&split.rest);
    arguments
}

fn assignment(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(AsRef::<OsStr>::as_ref(path));
    argument
}
