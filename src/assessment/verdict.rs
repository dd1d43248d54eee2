//! The verdict on a project, from what is on disk.

use std::collections::BTreeSet;

use crate::assessment::shadow::shadowed;
use crate::assessment::{ProjectState, wanted};
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::model::key::Digest;
use crate::model::settings::Settings;
use crate::model::verdict::{Case, Limits, Plain, Verdict, Wanted, decide};
use crate::path_text;
use crate::store::catalog::{self, Catalog};
use crate::store::layout::Layout;
use crate::store::project_record;

/// All that is known of a project and its image.
#[derive(Debug)]
pub(crate) struct Assessment {
    pub(crate) state: ProjectState,
    pub(crate) wanted: Wanted,
    pub(crate) catalog: Catalog,
    pub(crate) verdict: Verdict,
}

/// Assesses the project of `state`.
///
/// # Errors
/// Where a file of it cannot be read.
pub(crate) fn assess(
    context: &Context,
    installation: &Installation,
    settings: &Settings,
    state: ProjectState,
    files: &ObservedFiles,
) -> Result<Assessment, Error> {
    let wanted = wanted(context, installation, settings, &state, files)?;
    let keys = wanted.keys();
    let catalog = catalog_for(context, &keys, files);
    let subject = Subject { state: &state, wanted: &wanted, keys: &keys };
    let verdict = verdict_among(context, installation, settings, subject, &catalog, files);
    Ok(Assessment { state, wanted, catalog, verdict })
}

/// A project of which it is known what it wants baked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) state: &'a ProjectState,
    pub(super) wanted: &'a Wanted,
    pub(super) keys: &'a [Digest],
}

/// The verdict on a project among the images of `catalog`.
pub(super) fn verdict_among(
    context: &Context,
    installation: &Installation,
    settings: &Settings,
    subject: Subject<'_>,
    catalog: &Catalog,
    files: &ObservedFiles,
) -> Verdict {
    let Subject { state, wanted, keys } = subject;
    let limits =
        Limits { outside: installation.has_package_images().then_some(settings.outside_limit.value) };
    if let Some(plain) = shadowed(&state.environment, wanted, files) {
        return Verdict::Plain(plain);
    }
    files.observe(&context.layout.project_record(&state.folder));
    let record = project_record::read(&context.layout, &state.folder);
    let accepted = record.map(|record| record.accepted).unwrap_or_default();
    // Whether a package is elsewhere matters for images with more than the project has.
    let elsewhere = if accepted.is_empty() { Ok(BTreeSet::new()) } else { state.elsewhere(files) };
    let case = Case {
        wanted,
        keys,
        limits,
        project: &path_text::encode(&state.folder),
        accepted: if elsewhere.is_ok() { &accepted } else { &[] },
        elsewhere: &elsewhere.unwrap_or_default(),
    };
    with_damage(decide(&case, &catalog.images), keys, catalog)
}

/// The same verdict; where there is no image since the record of the very image cannot be read, that is told.
fn with_damage(verdict: Verdict, keys: &[Digest], catalog: &Catalog) -> Verdict {
    if !matches!(&verdict, Verdict::Plain(plain) if *plain != Plain::NothingToBake) {
        return verdict;
    }
    let damaged = keys.iter().find_map(|key| {
        let damaged = catalog.damaged.iter().find(|damaged| damaged.name == key.as_str())?;
        Some(Plain::Broken { key: key.clone(), flaw: damaged.reason.clone() })
    });
    damaged.map_or(verdict, Verdict::Plain)
}

/// The images that matter: the exact one alone where it is there, else all.
fn catalog_for(context: &Context, keys: &[Digest], files: &ObservedFiles) -> Catalog {
    let (layout, processor) = (&context.layout, &context.processor());
    files.observe(layout.root());
    files.observe_listing(&layout.images());
    for key in keys {
        observe_image(layout, key, files);
        if let Ok(image) = catalog::read(layout, key, processor)
            && image.can_be_used()
        {
            return Catalog { images: vec![image], damaged: Vec::new() };
        }
    }
    let catalog = catalog::read_all(layout, processor);
    for image in &catalog.images {
        observe_image(layout, &image.record.key, files);
    }
    catalog
}

/// Remembers that the answer rests on the files of an image.
fn observe_image(layout: &Layout, key: &Digest, files: &ObservedFiles) {
    let folder = layout.image_folder(key);
    for path in [layout.image_file(key), folder.join("image.toml"), folder.join("inputs.json"), folder] {
        files.observe(&path);
    }
}
