//! Builders whose images are acceptable for a project.

use std::path::PathBuf;

use crate::assessment::Basis;
use crate::context::Context;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::julia::builder::Builder;
use crate::model::loading::files::Files as _;
use crate::model::settings::BuilderChoice;

/// The environment that holds PackageCompiler for this Julia.
pub(crate) fn packagecompiler_environment(context: &Context, installation: &Installation) -> PathBuf {
    context.layout.builder(&installation.identity.version).join("environment")
}

/// The PackageCompiler that the last build used, if there was one.
pub(crate) fn recorded_packagecompiler(
    context: &Context,
    installation: &Installation,
    files: &ObservedFiles,
) -> Option<Builder> {
    let environment = packagecompiler_environment(context, installation);
    let version = files.read(&environment.join("version")).ok().flatten()?;
    let version = String::from_utf8(version).ok()?.trim().to_owned();
    Some(Builder::PackageCompiler { environment, version })
}

/// Builders whose images are acceptable, the preferred one first.
pub(super) fn acceptable(basis: Basis<'_>, files: &ObservedFiles) -> Vec<Builder> {
    let Basis { context, installation, settings } = basis;
    let recorded = recorded_packagecompiler(context, installation, files);
    match settings.builder.value {
        BuilderChoice::Direct => vec![Builder::Direct],
        BuilderChoice::Auto => recorded.into_iter().chain([Builder::Direct]).collect(),
        BuilderChoice::PackageCompiler => vec![recorded.unwrap_or_else(|| Builder::PackageCompiler {
            environment: packagecompiler_environment(context, installation),
            // Never installed so far, so no image of it can be known.
            version: "not installed".to_owned(),
        })],
    }
}
