//! Chooses the builder of an image.

use std::path::PathBuf;

use crate::assessment;
use crate::building::context::BuildContext;
use crate::error::Error;
use crate::fs::{self, ObservedFiles, Stamp};
use crate::julia::builder::{self, BuildError, Builder, Source, Work};
use crate::julia::linker::Linker;
use crate::model::settings::BuilderChoice;
use crate::path_text;
use crate::store::lock::Lock;
use crate::ui::message;

/// Seconds until PackageCompiler is tried again after it could not be used.
const NOT_ASKED_FOR: i64 = 24 * 3600;

/// Chooses the builder, and installs PackageCompiler if it is to be used.
///
/// # Errors
/// Where PackageCompiler is required and cannot be installed, or we are interrupted.
pub(super) fn choose(build: &BuildContext<'_>, work: Work<'_>, quiet: bool) -> Result<Builder, Error> {
    let failed = |source| Error::Build { source, log: None };
    match build.toolchain.settings.builder.value {
        BuilderChoice::Direct => Ok(Builder::Direct),
        BuilderChoice::PackageCompiler => packagecompiler(build, work).map_err(failed),
        BuilderChoice::Auto => {
            let needs_compiler = !matches!(build.linker, Some(Linker::Compiler(_)));
            if needs_compiler {
                return Ok(Builder::Direct);
            }
            if let Some(cause) = refused_lately(build) {
                if !quiet && !cause.is_empty() {
                    message::note(&format!(
                        "PackageCompiler failed less than a day ago ({cause}); building directly; \
                         `jlproj build --builder packagecompiler` tries it again"
                    ));
                }
                return Ok(Builder::Direct);
            }
            match packagecompiler(build, work) {
                Ok(builder) => Ok(builder),
                Err(BuildError::Interrupted(signal)) => Err(failed(BuildError::Interrupted(signal))),
                Err(_) => {
                    remember_refusal(build, "");
                    if !quiet {
                        let place = match &build.toolchain.settings.packagecompiler.value {
                            Some(folder) => format!("from `{}`", folder.display()),
                            None => "here".to_owned(),
                        };
                        message::note(&format!(
                            "PackageCompiler is not available {place}; building directly"
                        ));
                    }
                    Ok(Builder::Direct)
                }
            }
        }
    }
}

/// Returns the PackageCompiler of the private environment; creates or renews that environment if needed.
fn packagecompiler(build: &BuildContext<'_>, work: Work<'_>) -> Result<Builder, BuildError> {
    let installation = &build.toolchain.installation;
    let environment = assessment::packagecompiler_environment(build.toolchain.context, installation);
    let source = match &build.toolchain.settings.packagecompiler.value {
        Some(folder) => Source::Folder(folder.clone()),
        None => Source::Registry,
    };
    let marker = environment.join("source");
    let wanted = marker_text(&source);
    let current = || {
        let is_current = fs_err::read_to_string(&marker).is_ok_and(|text| text == wanted);
        let files = ObservedFiles::default();
        assessment::recorded_packagecompiler(build.toolchain.context, installation, &files)
            .filter(|_| is_current)
    };
    if let Some(builder) = current() {
        return Ok(builder);
    }
    let _lock = lock(build, work)?;
    // Another build may have made it meanwhile.
    if let Some(builder) = current() {
        return Ok(builder);
    }
    let julia = build.julia_invocation();
    let version = builder::install(&julia, &installation.version(), &source, &environment, work)?;
    fs::replace(&marker, wanted.as_bytes())?;
    fs::replace(&environment.join("version"), version.as_bytes())?;
    Ok(Builder::PackageCompiler { environment, version })
}

/// Locks the private environment, so that one build at a time makes it.
fn lock(build: &BuildContext<'_>, work: Work<'_>) -> Result<Lock, BuildError> {
    let name = format!("packagecompiler-{}", build.toolchain.installation.identity.version);
    let lock = Lock::take(&build.toolchain.context.layout.lock(&name), |_| {
        work.watcher.waiting();
        work.watcher.interruption().is_none()
    })?;
    lock.ok_or_else(|| BuildError::Interrupted(work.watcher.interruption().unwrap_or_default()))
}

/// Source of the environment as text; for a folder, with the state of its project file, which names the version.
fn marker_text(source: &Source) -> String {
    match source {
        Source::Registry => "registry".to_owned(),
        Source::Folder(folder) => {
            let stamp = Stamp::of(&folder.join("Project.toml"));
            format!("{} {} {}", path_text::encode(folder), stamp.size, stamp.modified)
        }
    }
}

/// Whether the direct builder may take over after PackageCompiler failed: only if the user chose neither.
pub(super) fn may_build_directly(build: &BuildContext<'_>) -> bool {
    build.toolchain.settings.builder.value == BuilderChoice::Auto
}

/// Reports that PackageCompiler failed and what follows, and makes builds go without it for a day.
pub(super) fn remember_failure(build: &BuildContext<'_>, text: &str, quiet: bool) {
    let cause = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it did not say why");
    remember_refusal(build, cause);
    if !quiet {
        message::note(&format!("PackageCompiler failed: {cause}; building directly"));
    }
}

/// File with the time at which PackageCompiler last could not be used, and what it failed with, if it was there.
fn refusal_file(build: &BuildContext<'_>) -> PathBuf {
    build.toolchain.context.layout.builder(&build.toolchain.installation.identity.version).join("refused")
}

/// What PackageCompiler failed with within the last day, empty if it was not available; `None` if it is to be tried.
fn refused_lately(build: &BuildContext<'_>) -> Option<String> {
    if build.toolchain.settings.packagecompiler.value.is_some() {
        return None;
    }
    let text = fs_err::read_to_string(refusal_file(build)).ok()?;
    let (time, cause) = text.split_once('\n').unwrap_or((&text, ""));
    let age = build.toolchain.context.now.saturating_sub(time.trim().parse().ok()?);
    (0..NOT_ASKED_FOR).contains(&age).then(|| cause.trim().to_owned())
}

fn remember_refusal(build: &BuildContext<'_>, cause: &str) {
    // If this fails, the next build tries PackageCompiler again.
    let text = format!("{}\n{cause}\n", build.toolchain.context.now);
    let _ = fs::replace(&refusal_file(build), text.as_bytes());
}
