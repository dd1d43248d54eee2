//! The verdict on a project, from what is on disk.

use crate::assessment::shadow::shadowed;
use crate::assessment::{ProjectState, wanted};
use crate::context::Context;
use crate::error::Error;
use crate::fs::ObservedFiles;
use crate::installation::Installation;
use crate::model::key::Digest;
use crate::model::settings::Settings;
use crate::model::verdict::{Limits, Plain, Verdict, Wanted, decide};
use crate::path_text;
use crate::store::catalog::{self, Catalog};
use crate::store::layout::Layout;

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
    let catalog = catalog_for(&context.layout, &keys, files);
    let limits =
        Limits { outside: installation.has_package_images().then_some(settings.outside_limit.value) };
    let project = path_text::encode(&state.folder);
    let verdict = match shadowed(&state.environment, &wanted, files) {
        Some(plain) => Verdict::Plain(plain),
        None => with_damage(decide(&wanted, &keys, &catalog.images, limits, &project), &keys, &catalog),
    };
    Ok(Assessment { state, wanted, catalog, verdict })
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
fn catalog_for(layout: &Layout, keys: &[Digest], files: &ObservedFiles) -> Catalog {
    files.observe(layout.root());
    files.observe_listing(&layout.images());
    for key in keys {
        observe_image(layout, key, files);
        if let Ok(image) = catalog::read(layout, key)
            && image.flaw.is_none()
        {
            return Catalog { images: vec![image], damaged: Vec::new() };
        }
    }
    let catalog = catalog::read_all(layout);
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
