//! The verdict on a project, from what is on disk.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::assessment::artifacts::is_installed;
use crate::assessment::compile_time::compile_time;
use crate::assessment::shadow::shadowed;
use crate::assessment::stores::add_shared;
use crate::assessment::tracked::changed_file;
use crate::assessment::{Basis, ProjectState, wanted};
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::model::image::key::Digest;
use crate::model::image::record::ImageRecord;
use crate::model::image::tracked::Obstacle;
use crate::model::image::verdict::{Case, Limits, Plain, Verdict, decide};
use crate::model::image::wanted::{Form, Wanted};
use crate::model::settings::Settings;
use crate::path_text;
use crate::store::catalog::{self, Catalog};
use crate::store::layout::Layout;
use crate::store::{project_record, shared_store, unfinished};

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
    basis: Basis<'_>,
    state: ProjectState,
    files: &ObservedFiles,
) -> Result<Assessment, Error> {
    let wanted = wanted(basis, &state, files)?;
    let forms = wanted.forms();
    let keys: Vec<Digest> = forms.iter().map(|form| form.key.clone()).collect();
    let subject = Subject { state: &state, wanted: &wanted, keys: &keys };
    let mut catalog = catalog_for(basis.context, basis.settings, subject, &forms, files);
    let verdict = loop {
        let verdict = verdict_among(basis, subject, &catalog, files);
        let Some((key, note)) = differing(&basis.context.layout, &verdict, &catalog) else { break verdict };
        catalog.images.retain(|image| image.record.key != key);
        catalog.notes.push(note);
    };
    Ok(Assessment { state, wanted, catalog, verdict })
}

/// Key of the image that a verdict chose, if it is a shared one whose contents differ from its record; with a note
/// about it.
fn differing(layout: &Layout, verdict: &Verdict, catalog: &Catalog) -> Option<(Digest, String)> {
    let (Verdict::Exact { key } | Verdict::Contained { key, .. }) = verdict else { return None };
    let image = catalog.image(key).filter(|image| image.is_shared)?;
    let flaw = shared_store::compare(layout, image).err()?;
    Some((key.clone(), format!("`{}`: {flaw}", image.path.display())))
}

/// A project with its wanted inputs and their keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) state: &'a ProjectState,
    pub(super) wanted: &'a Wanted,
    pub(super) keys: &'a [Digest],
}

/// The verdict on a project among the images of `catalog`.
pub(super) fn verdict_among(
    basis: Basis<'_>,
    subject: Subject<'_>,
    catalog: &Catalog,
    files: &ObservedFiles,
) -> Verdict {
    let Basis { context, installation, settings } = basis;
    let Subject { state, wanted, keys } = subject;
    let limits =
        Limits { outside: installation.has_package_images().then_some(settings.outside_limit.value) };
    if let Some(plain) = shadowed(&state.environment, wanted, files) {
        return Verdict::Plain(plain);
    }
    if let Some(empty_manifest) = state.empty_manifest() {
        return Verdict::Plain(Plain::NothingToBake { empty_manifest: Some(empty_manifest) });
    }
    files.observe(&context.layout.project_record(&state.folder));
    let record = project_record::read(&context.layout, &state.folder);
    let accepted = record.map(|record| record.accepted).unwrap_or_default();
    // Packages of other environments matter only for images with more than the project has.
    let elsewhere = if accepted.is_empty() { Ok(BTreeSet::new()) } else { state.elsewhere(files) };
    let case = Case {
        wanted,
        keys,
        limits,
        project: &path_text::encode(&state.folder),
        accepted: if elsewhere.is_ok() { &accepted } else { &[] },
        elsewhere: &elsewhere.unwrap_or_default(),
        compile_time: &|package| compile_time(installation, &state.depots, package, files),
        obstacles: &|image| obstacles(&context.layout, &image.record, state, files),
    };
    with_damage(decide(&case, &catalog.images), keys, catalog)
}

/// Obstacles of an image that holds the right packages.
pub(crate) fn obstacles(
    layout: &Layout,
    image: &ImageRecord,
    state: &ProjectState,
    files: &ObservedFiles,
) -> Vec<Obstacle> {
    let changed = image.tracked.iter().filter_map(|tracked| {
        let change = changed_file(tracked, files)?;
        Some(Obstacle::Changed { package: tracked.package.clone(), path: tracked.path.clone(), change })
    });
    let absent = image.artifacts.iter().filter(|artifact| !is_installed(artifact, &state.depots, files));
    let absent = absent.map(|artifact| Obstacle::NoArtifact(artifact.clone()));
    let is_direct = |uuid: &Uuid| state.direct().values().any(|direct| direct == uuid);
    let indirect = image.direct_only.iter().filter(|(uuid, _)| !is_direct(uuid));
    let indirect = indirect.map(|(_, package)| Obstacle::Indirect { package: package.clone() });
    let dies = unfinished::is_given_up(layout, &image.key, files).then_some(Obstacle::Dies);
    changed.chain(absent).chain(dies).chain(indirect).collect()
}

/// Reports a damaged record of the exact image if there is no image; else returns the same verdict.
fn with_damage(verdict: Verdict, keys: &[Digest], catalog: &Catalog) -> Verdict {
    if !matches!(&verdict, Verdict::Plain(plain) if !matches!(plain, Plain::NothingToBake { .. })) {
        return verdict;
    }
    let damaged = keys.iter().find_map(|key| {
        let damaged = catalog.damaged.iter().find(|damaged| damaged.name == key.as_str())?;
        Some(Plain::Broken { key: key.clone(), flaw: damaged.reason.clone() })
    });
    damaged.map_or(verdict, Verdict::Plain)
}

/// The images that matter: the exact one alone if it has no obstacle; else all, with those of further stores.
fn catalog_for(
    context: &Context,
    settings: &Settings,
    subject: Subject<'_>,
    forms: &[Form],
    files: &ObservedFiles,
) -> Catalog {
    let Subject { state, keys, .. } = subject;
    let layout = &context.layout;
    files.observe(layout.root());
    files.observe_listing(&layout.images());
    for form in forms {
        observe_image(layout, &form.key, files);
        if let Ok(image) = catalog::read_form(layout, form, || context.processor())
            && image.can_be_used()
            && obstacles(layout, &image.record, state, files).is_empty()
        {
            return Catalog { images: vec![image], ..Catalog::default() };
        }
    }
    let mut catalog = catalog::read_all(layout, &context.processor());
    for image in &catalog.images {
        observe_image(layout, &image.record.key, files);
    }
    add_shared(context, settings, keys, &mut catalog, files);
    catalog
}

/// Notes that the answer depends on the files of an image.
fn observe_image(layout: &Layout, key: &Digest, files: &ObservedFiles) {
    let folder = layout.image_folder(key);
    for path in [layout.image_file(key), folder.join("image.toml"), folder.join("inputs.json"), folder] {
        files.observe(&path);
    }
}
