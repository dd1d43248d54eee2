//! The images of all stores: ours, and those of others that the user names.

use std::path::PathBuf;
use std::time::Duration;

use crate::assessment::timeout::map_apart;
use crate::context::Context;
use crate::fs::{ObservedFiles, Stamp};
use crate::model::image::key::Digest;
use crate::model::settings::Settings;
use crate::path_text;
use crate::store::catalog::Catalog;
use crate::store::shared_store::{self, Reading};

/// Longest wait for a disk that may be dead. A start waits this long at most once a minute.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The stores of others that answered last time, and those that did not.
pub(crate) fn answering(context: &Context, settings: &Settings) -> (Vec<PathBuf>, Vec<PathBuf>) {
    // For our own store there are stricter rules.
    let stores = settings.stores.value.iter().filter(|store| *store != context.layout.root()).cloned();
    stores.partition(|store| !shared_store::is_silent(&context.layout, store, context.now))
}

/// Note about a store that does not answer.
pub(crate) fn silence(store: &std::path::Path) -> String {
    format!("store `{}`: it does not answer", store.display())
}

/// Images of the user's further stores, for any project.
pub(crate) fn shared(context: &Context, settings: &Settings) -> Catalog {
    let mut catalog = Catalog::default();
    add_shared(context, settings, &[], &mut catalog, &ObservedFiles::default());
    catalog
}

/// Adds the images of the user's further stores to ours. If ours has an image of the same key that can be used, that
/// one counts.
pub(super) fn add_shared(
    context: &Context,
    settings: &Settings,
    keys: &[Digest],
    catalog: &mut Catalog,
    files: &ObservedFiles,
) {
    let (stores, silent) = answering(context, settings);
    catalog.notes.extend(silent.iter().map(|store| silence(store)));
    if stores.is_empty() {
        return;
    }
    let (own, keys, processor) = (context.layout.clone(), keys.to_vec(), context.processor());
    let read = move |root: &PathBuf| shared_store::read(&own, root, &keys, &processor);
    let readings = map_apart(stores.clone(), TIMEOUT, read);
    for (store, reading) in stores.into_iter().zip(readings) {
        let Some(Reading { images, observations, notes }) = reading else {
            shared_store::note_silence(&context.layout, &store, context.now);
            catalog.notes.push(silence(&store));
            catalog.is_partial = true;
            continue;
        };
        files.add_distant(observations);
        catalog.notes.extend(notes);
        for image in images {
            let own = catalog.images.iter().position(|own| own.record.key == image.record.key);
            match own {
                Some(place) if !catalog.images[place].can_be_used() => catalog.images[place] = image,
                Some(_) => {}
                None => catalog.images.push(image),
            }
        }
    }
}

/// State of files in stores of others; `None` if they do not answer in time.
pub(crate) fn distant_stamps(paths: Vec<String>) -> Option<Vec<Stamp>> {
    let stamps = |paths: &Vec<String>| {
        paths.iter().map(|path| Stamp::of(&path_text::decode(path))).collect::<Vec<Stamp>>()
    };
    map_apart(vec![paths], TIMEOUT, stamps).pop().flatten()
}
