//! A verdict in the few words that `run` needs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::assessment::Assessment;
use crate::fs::{self, ObservedFiles};
use crate::model::image::difference::in_one_line;
use crate::model::image::key::{Digest, KeyInputs};
use crate::model::image::tracked::Artifact;
use crate::model::image::verdict::{Plain, Verdict};
use crate::model::loading::environment::{Environment, ProjectOrigin};
use crate::model::loading::files::Files as _;
use crate::path_text;
use crate::store::verdict_cache::StartDecision;

/// The decision before there is a verdict: only the project and Julia are known.
pub(crate) fn plain_decision(
    environment: &Environment,
    files: &ObservedFiles,
    julia: String,
) -> StartDecision {
    let existing = environment.project_file.as_deref().filter(|path| files.is_file(path));
    let folder = existing.and_then(Path::parent).and_then(|folder| fs::canonicalize(folder).ok());
    let option = folder
        .as_deref()
        .zip(existing.and_then(Path::file_name))
        .map(|(folder, name)| as_option(folder, name));
    // Julia finds the default environment by itself: another program started from it may have another one.
    let is_chosen = !matches!(environment.origin, ProjectOrigin::Default);
    StartDecision {
        project: folder.as_deref().map(path_text::encode),
        project_option: option.filter(|_| is_chosen).map(|path| path_text::encode(&path)),
        julia,
        ..StartDecision::default()
    }
}

/// The folder, if Julia finds the project file in it by itself; else the file.
fn as_option(folder: &Path, file_name: &OsStr) -> PathBuf {
    let is_usual = file_name == "Project.toml" || file_name == "JuliaProject.toml";
    if is_usual { folder.to_owned() } else { folder.join(file_name) }
}

/// The decision that an assessment leads to.
pub(crate) fn decision(assessment: &Assessment, base: StartDecision) -> StartDecision {
    let Assessment { state, wanted, verdict, catalog } = assessment;
    let is_missing = matches!(
        verdict,
        Verdict::Plain(
            Plain::NeverBuilt
                | Plain::Stale { .. }
                | Plain::Broken { .. }
                | Plain::Unfit { .. }
                | Plain::TooMuchOutside { .. }
        )
    );
    let base = StartDecision {
        wanted: is_missing.then(|| without_builder(&wanted.inputs).key().to_string()),
        record: state.settings.record,
        notes: catalog.notes.clone(),
        ..base
    };
    match verdict {
        Verdict::Exact { key } | Verdict::Contained { key, .. } => StartDecision {
            code: code(verdict).to_owned(),
            image: catalog.image(key).map(|image| path_text::encode(&image.path)),
            key: Some(key.to_string()),
            tells: catalog.image(key).is_some_and(|image| image.record.removes_marks),
            ..base
        },
        Verdict::Plain(plain) => StartDecision {
            code: code(verdict).to_owned(),
            reason: Some(reason(plain)),
            urgent: matches!(
                plain,
                Plain::Stale { .. } | Plain::Broken { .. } | Plain::Unfit { .. } | Plain::NoArtifact { .. }
            ),
            ..base
        },
    }
}

/// The inputs without the builder, which may be unknown until its first use.
fn without_builder(inputs: &KeyInputs) -> KeyInputs {
    KeyInputs { builder: String::new(), template: Digest::of(b""), ..inputs.clone() }
}

/// The verdict in one word.
pub(crate) const fn code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Exact { .. } => "exact",
        Verdict::Contained { .. } => "contained",
        Verdict::Plain(Plain::NothingToBake { .. }) => "nothing-to-bake",
        Verdict::Plain(Plain::NeverBuilt) => "none",
        Verdict::Plain(Plain::Stale { .. }) => "stale",
        Verdict::Plain(Plain::Broken { .. }) => "broken",
        Verdict::Plain(Plain::Unfit { .. }) => "unfit",
        Verdict::Plain(Plain::TooMuchOutside { .. }) => "too-much-outside",
        Verdict::Plain(Plain::NoArtifact { .. }) => "no-artifact",
        Verdict::Plain(Plain::Indirect { .. }) => "indirect",
        Verdict::Plain(Plain::Shadowed { .. }) => "shadowed",
    }
}

/// Why there is no image, in one line, with what to do about it.
pub(crate) fn reason(plain: &Plain) -> String {
    let cause = cause(plain);
    match (remedy(plain), plain) {
        (Some(command), Plain::Indirect { package, .. }) => {
            format!("{cause}; run `{command}`, or put `exclude = [\"{package}\"]` into jlproj.toml")
        }
        (Some(command), _) => format!("{cause}; run `{command}`"),
        (None, _) => cause,
    }
}

/// Why there is no image.
pub(crate) fn cause(plain: &Plain) -> String {
    match plain {
        Plain::NothingToBake { empty_manifest: None } => "no package of this project can be baked".to_owned(),
        Plain::NothingToBake { empty_manifest: Some(name) } => {
            format!("no package of this project can be baked: `{name}` names none")
        }
        Plain::NeverBuilt => "no image for this project yet".to_owned(),
        Plain::Stale { differences, .. } => {
            format!("the image is out of date: {}", in_one_line(differences))
        }
        Plain::Broken { flaw, .. } => format!("the image cannot be used: {flaw}"),
        Plain::Unfit { reason, .. } => format!("the image cannot be used here: {reason}"),
        Plain::TooMuchOutside { missing, .. } => {
            format!("an image fits, but Julia would compile {missing} packages under it")
        }
        Plain::NoArtifact { artifact: Artifact { package, name, .. }, .. } => {
            format!("the image cannot be used: the artifact `{name}` of {package} is not installed")
        }
        Plain::Indirect { package, .. } => format!(
            "the image cannot be used: {package} starts only where the project depends on it directly"
        ),
        Plain::Shadowed { name, place } => {
            format!("no image is used: {name} comes from `{place}`, before the project in the load path")
        }
    }
}

/// The command that helps; `None` if none does.
pub(crate) fn remedy(plain: &Plain) -> Option<String> {
    match plain {
        Plain::NothingToBake { .. } | Plain::Shadowed { .. } => None,
        Plain::NeverBuilt
        | Plain::Stale { .. }
        | Plain::Broken { .. }
        | Plain::Unfit { .. }
        | Plain::TooMuchOutside { .. } => Some("jlproj build".to_owned()),
        Plain::NoArtifact { .. } => Some("jlproj pkg instantiate".to_owned()),
        Plain::Indirect { package, .. } => Some(format!("jlproj pkg add {package}")),
    }
}
