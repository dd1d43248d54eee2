//! Common parts of the hosts that get a wrapper: the project, the Julia, and the set-up on record.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::assessment;
use crate::assessment::{ForProject, Toolchain};
use crate::cli::{JuliaArg, ProjectOption, SetupOptions};
use crate::commands::setup::own_program;
use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::hosts::{self, Setup, Wrapper};
use crate::julia::locate::{self, Located};
use crate::model::image::key::Digest;
use crate::model::loading::environment::ProjectFlag;
use crate::model::settings::Flags;
use crate::path_text::{self, PathText};

/// The Julia that a wrapper starts in this project, and its version.
///
/// # Errors
/// Where there is none.
pub(super) fn julia(
    context: &Context,
    argument: &JuliaArg,
    project: &ProjectOption,
) -> Result<(Located, String), Error> {
    let overrides = Flags { julia: argument.julia.clone(), ..Flags::default() };
    let flag = project.project.as_ref().map(|project| ProjectFlag::Value(project.clone()));
    let toolchain = Toolchain::open(context, overrides, ForProject::This(flag.as_ref()))?;
    Ok((toolchain.located, toolchain.installation.identity.version))
}

/// Folder of the project.
///
/// # Errors
/// Where there is no project, or no Julia to say where projects are.
pub(super) fn project(context: &Context, argument: &ProjectOption) -> Result<PathBuf, Error> {
    assessment::project_folder(context, argument.project.as_deref())
}

/// Describes the wrapper at this path. juliaup's own arguments come first, unless they come from a wrapper of ours.
///
/// # Errors
/// Where this program does not know where it is.
pub(super) fn wrapper(
    context: &Context,
    located: &Located,
    path: PathBuf,
    arguments: Vec<PathText>,
) -> Result<Wrapper, Error> {
    let is_ours = located.reason == locate::BEHIND_WRAPPER;
    let before = located.arguments.iter().filter(|_| !is_ours).map(|word| PathText(word.into()));
    Ok(Wrapper {
        path: PathText(path),
        jlproj: own_program(context)?,
        julia: PathText(located.binary.clone()),
        arguments: before.chain(arguments).collect(),
    })
}

/// Folder of the store for the wrapper of a host; `target` distinguishes it from others of that host.
pub(super) fn folder(context: &Context, host: &str, target: &Path) -> PathBuf {
    let digest = Digest::of(path_text::encode(target).as_bytes());
    context.layout.wrapper_folder(&format!("{host}-{}", digest.short()))
}

/// Set-up on record, for `--undo` and `--check`: the folder that it is about may be gone.
pub(super) fn known<Host>(
    context: &Context,
    options: &SetupOptions,
    place: Option<&OsStr>,
    host: impl Fn(Setup) -> Option<(PathBuf, Host)>,
) -> Option<Host> {
    if !options.undo && !options.check {
        return None;
    }
    let named = place.map(|place| context.directory.join(place));
    let named = named.map(|place| fs::canonicalize(&place).unwrap_or(place));
    let records = hosts::read_all(&context.layout).into_iter().flatten();
    let fits = records.filter_map(|record| host(record.setup)).filter(|(folder, _)| match &named {
        Some(place) => place == folder || place.parent() == Some(folder),
        None => context.directory.starts_with(folder),
    });
    fits.max_by_key(|(folder, _)| folder.as_os_str().len()).map(|(_, host)| host)
}

/// The project's name as part of another program's: small letters, digits, `_` and `-`.
pub(super) fn slug(project: &Path) -> String {
    let name = project.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = name.chars().map(|one| if one.is_ascii_alphanumeric() || one == '_' { one } else { '-' });
    let slug =
        plain.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if slug.is_empty() {
        return Digest::of(path_text::encode(project).as_bytes())
            .short()
            .get(..8)
            .unwrap_or_default()
            .to_owned();
    }
    slug
}

/// `--project` as it was typed.
pub(super) fn named(argument: &ProjectOption) -> Option<&OsStr> {
    argument.project.as_deref()
}
