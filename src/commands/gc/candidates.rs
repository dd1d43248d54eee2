//! Finds the candidates of `gc`, and what has to stay.

use std::collections::BTreeMap;
use std::path::Path;

use crate::assessment::{CacheFile, Found, Inventory};
use crate::context::Context;
use crate::error::Error;
use crate::model::caches::owner::{CacheVerdict, Standing};
use crate::model::caches::slug::cache_folder;
use crate::model::image::key::Digest;
use crate::model::image::verdict::{Plain, Verdict};
use crate::model::usage::garbage::{
    Abandoned, Candidates, DamagedImage, Hold, SeenFile, StoredCache, StoredImage,
};
use crate::store::catalog::{self, Catalog};
use crate::store::lock::Lock;
use crate::store::{journal, lease, leftovers, workspace};

/// Finds the images, the caches and the leftovers of builds.
///
/// # Errors
/// Where the journal cannot be read.
pub(super) fn find(context: &Context, inventory: &Inventory, all_julias: bool) -> Result<Candidates, Error> {
    let last_uses = journal::last_uses(&context.layout, context.now)?;
    let holds = holds(inventory);
    // Images in stores of others are not ours to collect.
    let catalog = inventory.surveys.first().map(|(survey, _)| &survey.catalog);
    let images = catalog.into_iter().flat_map(Catalog::own).map(|image| {
        let key = &image.record.key;
        let is_orphan = !inventory.has_julia(image);
        let is_other = image.inputs.julia != inventory.installation.identity;
        let hold = if lease::is_in_use(&context.layout.image_file(key)) {
            Some(Hold::InUse)
        } else if Lock::is_held(&context.layout.lock(key.as_str())) {
            Some(Hold::Building)
        } else if is_orphan {
            None
        } else if is_other && !all_julias {
            Some(Hold::OtherJulia)
        } else {
            holds.get(key).cloned()
        };
        StoredImage {
            key: key.clone(),
            project: image.record.project.clone(),
            built: image.record.built,
            bytes: image.record.file.size,
            last_use: last_uses.get(key.as_str()).copied().unwrap_or(0).max(image.record.built),
            is_orphan,
            hold,
        }
    });
    let own_release = cache_folder(&inventory.installation.version());
    let is_asked = |cache: &CacheFile| {
        let is_gone = cache.owner.as_ref().is_some_and(|owner| !owner.has_julia);
        all_julias || is_gone || cache.file.release == own_release
    };
    let caches = inventory.caches.iter().filter(|cache| is_asked(cache)).map(stored);
    let mut abandoned = workspace::abandoned(&context.layout);
    abandoned.extend(leftovers::find(&context.layout));
    Ok(Candidates {
        images: images.collect(),
        damaged: catalog.map(|catalog| damaged(context, catalog)).unwrap_or_default(),
        caches: caches.collect(),
        abandoned: abandoned.into_iter().map(|path| Abandoned { bytes: size_of(&path), path }).collect(),
        journal: journal::plan_compaction(&context.layout, context.now),
    })
}

/// Folders among the images that hold none, and that nobody uses or is about to replace.
fn damaged(context: &Context, catalog: &Catalog) -> Vec<DamagedImage> {
    let layout = &context.layout;
    let keys = catalog.damaged.iter().filter_map(|damaged| Digest::parse(&damaged.name));
    let free = keys.filter(|key| {
        !lease::is_in_use(&layout.image_file(key)) && !Lock::is_held(&layout.lock(key.as_str()))
    });
    let lasting = free.filter_map(|key| {
        let why = catalog::lasting_damage(layout, &key)?;
        Some(DamagedImage { bytes: size_of(&layout.image_folder(&key)), key, why })
    });
    lasting.collect()
}

fn stored(cache: &CacheFile) -> StoredCache {
    let CacheFile { file, owner, verdict, reason } = cache;
    let is_superseded =
        owner.as_ref().is_some_and(|owner| matches!(owner.standing, Standing::Superseded { .. }));
    StoredCache {
        project: owner.as_ref().map(|owner| owner.project.clone()).unwrap_or_default(),
        depot: file.depot.clone(),
        folder: file.folder.clone(),
        files: file
            .files
            .iter()
            .map(|(name, stamp)| SeenFile {
                name: name.clone(),
                inode: stamp.inode,
                modified: stamp.modified,
            })
            .collect(),
        bytes: file.bytes(),
        last_use: file.last_use(),
        image: owner.as_ref().and_then(|owner| owner.image.clone()),
        garbage: verdict.is_garbage().then_some(reason),
        is_shared: is_superseded && *verdict == CacheVerdict::Live,
    }
}

/// Images that have to stay: those that projects get, and those that were built for them last.
fn holds(inventory: &Inventory) -> BTreeMap<Digest, Hold> {
    let mut holds = BTreeMap::new();
    for (survey, surveyed) in inventory.live() {
        let project = &surveyed.known.path;
        if let Found::Project(assessed) = &surveyed.found
            && let Some(key) = named(&assessed.verdict)
        {
            holds.insert(key.clone(), Hold::Verdict(project.clone()));
        }
        let recorded = surveyed.known.record.as_ref().and_then(|record| record.image.clone());
        let newest = newest(&survey.catalog, project, &survey.installation.identity.version);
        for key in recorded.into_iter().chain(newest) {
            holds.entry(key).or_insert_with(|| Hold::Newest(project.clone()));
        }
    }
    holds
}

/// The image that a verdict names, if it may still be used.
fn named(verdict: &Verdict) -> Option<&Digest> {
    match verdict {
        Verdict::Exact { key }
        | Verdict::Contained { key, .. }
        | Verdict::Plain(Plain::TooMuchOutside { key, .. } | Plain::NoArtifact { key, .. }) => Some(key),
        Verdict::Plain(_) => None,
    }
}

fn newest(catalog: &Catalog, project: &str, julia: &str) -> Option<Digest> {
    let own =
        catalog.own().filter(|image| image.record.is_for(project) && image.inputs.julia.version == julia);
    own.max_by_key(|image| image.record.built).map(|image| image.record.key.clone())
}

/// Bytes of all files below a folder; no link is followed.
fn size_of(path: &Path) -> u64 {
    let Ok(metadata) = fs_err::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs_err::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size_of(&entry.path())).sum()
}
