//! Plans what `gc` removes: decided once, shown, and then done as it was shown.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::model::image::key::Digest;

/// The user's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// Seconds after its last use during which an image that no project gets stays.
    pub(crate) older_than: i64,
    /// Bytes that images may take; above that, images that no project gets go earlier.
    pub(crate) keep_size: Option<u64>,
    /// Whether images are collected.
    pub(crate) images: bool,
    /// Whether precompile files are collected.
    pub(crate) caches: bool,
}

/// An image that the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredImage {
    pub(crate) key: Digest,
    /// The folder of the project that it was built for, as path text.
    pub(crate) project: String,
    /// Seconds since 1970; identifies the image when it is removed.
    pub(crate) built: i64,
    pub(crate) bytes: u64,
    /// Seconds since 1970.
    pub(crate) last_use: i64,
    /// No Julia of its kind is on this machine any more.
    pub(crate) is_orphan: bool,
    /// Why it has to stay; `None` if it may go.
    pub(crate) hold: Option<Hold>,
}

/// Why an image has to stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// A Julia runs under it.
    InUse,
    /// A build is at work on it.
    Building,
    /// The starts of this project get it.
    Verdict(String),
    /// It is the last one that was built for this project.
    Newest(String),
    /// It belongs to a Julia that was not asked about.
    OtherJulia,
}

/// A file, with what distinguishes it from another one of its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeenFile {
    pub(crate) name: String,
    pub(crate) inode: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
}

/// A precompile file with the files that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCache {
    /// Path text of its project; empty if it has no owner.
    pub(crate) project: String,
    /// The depot, and below it the folder and the files.
    pub(crate) depot: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<SeenFile>,
    pub(crate) bytes: u64,
    /// Seconds since 1970.
    pub(crate) last_use: i64,
    /// The image that it was made under; `None` for Julia's own, or if unknown.
    pub(crate) image: Option<Digest>,
    /// Why it may go; `None` if it has to stay.
    pub(crate) garbage: Option<&'static str>,
    /// It fits under another image than its own, as its last use shows.
    pub(crate) is_shared: bool,
}

/// A folder among the images that holds none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DamagedImage {
    pub(crate) key: Digest,
    pub(crate) bytes: u64,
    /// What is wrong with it, in a few words.
    pub(crate) why: String,
}

/// The folder of a builder that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Abandoned {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// Everything that could be collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Candidates {
    pub(crate) images: Vec<StoredImage>,
    pub(crate) damaged: Vec<DamagedImage>,
    pub(crate) caches: Vec<StoredCache>,
    pub(crate) abandoned: Vec<Abandoned>,
    /// Bytes by which the journal would shrink; `None` if it is short.
    pub(crate) journal: Option<u64>,
}

/// One thing to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Image { image: StoredImage, why: String },
    Damaged(DamagedImage),
    Cache { cache: StoredCache, why: &'static str },
    Abandoned(Abandoned),
    Journal { bytes: u64 },
}

impl Item {
    /// Returns the bytes that are gained.
    #[must_use]
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Image { image, .. } => image.bytes,
            Self::Damaged(image) => image.bytes,
            Self::Cache { cache, .. } => cache.bytes,
            Self::Abandoned(abandoned) => abandoned.bytes,
            Self::Journal { bytes } => *bytes,
        }
    }

    /// The image without whose removal it stays.
    pub(crate) fn image_that_it_goes_with(&self) -> Option<&Digest> {
        match self {
            Self::Cache { cache, .. } if cache.garbage.is_none() => cache.image.as_ref(),
            _ => None,
        }
    }
}

/// Returns what is removed, in this order: builders' folders, damaged images, images, caches, lines of the journal. Of
/// images and of caches, the one used longest ago comes first.
#[must_use]
pub(crate) fn plan(candidates: &Candidates, limits: &Limits) -> Vec<Item> {
    let mut items = Vec::new();
    if limits.images {
        items.extend(candidates.abandoned.iter().cloned().map(Item::Abandoned));
        items.extend(candidates.damaged.iter().cloned().map(Item::Damaged));
    }
    let images = if limits.images { doomed_images(&candidates.images, limits) } else { Vec::new() };
    let keys: BTreeSet<&Digest> = images.iter().map(|(image, _)| &image.key).collect();
    let image_items =
        images.iter().map(|(image, why)| Item::Image { image: (*image).clone(), why: why.clone() });
    items.extend(image_items);
    if limits.caches {
        let mut caches: Vec<(&StoredCache, &'static str)> =
            candidates.caches.iter().filter_map(|cache| Some((cache, doom(cache, &keys)?))).collect();
        caches.sort_by(|(left, _), (right, _)| {
            (left.last_use, &left.folder, &left.files).cmp(&(right.last_use, &right.folder, &right.files))
        });
        items.extend(caches.into_iter().map(|(cache, why)| Item::Cache { cache: cache.clone(), why }));
    }
    if limits.images {
        items.extend(candidates.journal.map(|bytes| Item::Journal { bytes }));
    }
    items
}

/// Returns why a cache goes, if it does: it is garbage, or its image goes and nothing else loads it.
fn doom(cache: &StoredCache, images: &BTreeSet<&Digest>) -> Option<&'static str> {
    let goes_along = !cache.is_shared && cache.image.as_ref().is_some_and(|key| images.contains(key));
    cache.garbage.or(goes_along.then_some("its image is removed"))
}

/// Returns the images that go, each with the reason, the one used longest ago first.
fn doomed_images<'a>(images: &'a [StoredImage], limits: &Limits) -> Vec<(&'a StoredImage, String)> {
    const DAY: i64 = 24 * 3600;
    let mut free: Vec<&StoredImage> = images.iter().filter(|image| image.hold.is_none()).collect();
    // Of images last used at the same time, the larger first: fewer have to go.
    free.sort_by_key(|image| (image.last_use, Reverse(image.bytes), image.key.clone()));
    let mut left: u64 = images.iter().map(|image| image.bytes).sum();
    let mut doomed = Vec::new();
    let mut young = Vec::new();
    for image in free {
        let age = limits.now.saturating_sub(image.last_use);
        if image.is_orphan {
            left = left.saturating_sub(image.bytes);
            doomed.push((image, "its Julia is gone".to_owned()));
        } else if age >= limits.older_than {
            left = left.saturating_sub(image.bytes);
            doomed.push((image, format!("no project gets it; last used {} days ago", age / DAY)));
        } else {
            young.push(image);
        }
    }
    for image in young {
        if limits.keep_size.is_none_or(|most| left <= most) {
            break;
        }
        left = left.saturating_sub(image.bytes);
        doomed.push((image, "no project gets it; beyond --keep-size".to_owned()));
    }
    doomed.sort_by_key(|(image, _)| (image.last_use, image.key.clone()));
    doomed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 3600;
    const NOW: i64 = 20_000 * DAY;

    /// A project: the images that were built for it, the last one last, and the one that its starts get.
    #[derive(Clone, Debug)]
    struct Project {
        is_there: bool,
        built: Vec<usize>,
        gets: Option<usize>,
    }

    /// A store with its projects.
    #[derive(Clone, Debug)]
    struct Store {
        /// Days since the last use, hundreds of bytes, whether Julia is gone, whether it is in use.
        images: Vec<(i64, u64, bool, bool)>,
        projects: Vec<Project>,
        /// Image, whether it is garbage, whether it is shared.
        caches: Vec<(Option<usize>, bool, bool)>,
    }

    fn key(place: usize) -> Digest {
        Digest::of(place.to_string().as_bytes())
    }

    impl Store {
        fn hold(&self, place: usize) -> Option<Hold> {
            let there = || self.projects.iter().filter(|project| project.is_there);
            if self.images[place].3 {
                return Some(Hold::InUse);
            }
            if there().any(|project| project.gets == Some(place)) {
                return Some(Hold::Verdict("/p".to_owned()));
            }
            let is_newest = there().any(|project| project.built.last() == Some(&place));
            is_newest.then(|| Hold::Newest("/p".to_owned()))
        }

        fn candidates(&self, gone: &BTreeSet<Digest>) -> Candidates {
            let images =
                self.images.iter().enumerate().map(|(place, (days, bytes, is_orphan, _))| StoredImage {
                    key: key(place),
                    project: "/p".to_owned(),
                    built: 0,
                    bytes: bytes * 100,
                    last_use: NOW - days * DAY,
                    is_orphan: *is_orphan,
                    hold: self.hold(place),
                });
            let caches = self.caches.iter().enumerate().map(|(place, (image, is_garbage, is_shared))| {
                let image = image.map(key);
                let is_orphan = image.as_ref().is_some_and(|image| gone.contains(image)) && !is_shared;
                StoredCache {
                    project: String::new(),
                    depot: PathBuf::from("/depot"),
                    folder: PathBuf::from("compiled/v1.5/Alpha"),
                    files: vec![SeenFile { name: format!("{place}.ji"), inode: 1, modified: 1 }],
                    bytes: 1,
                    last_use: NOW,
                    image,
                    garbage: (*is_garbage || is_orphan).then_some("its project is gone"),
                    is_shared: *is_shared,
                }
            });
            Candidates {
                images: images.filter(|image| !gone.contains(&image.key)).collect(),
                caches: caches.collect(),
                ..Candidates::default()
            }
        }
    }

    fn store() -> impl Strategy<Value = Store> {
        let image = (0..200_i64, 0..50_u64, prop::bool::weighted(0.2), prop::bool::weighted(0.1));
        prop::collection::vec(image, 1..12).prop_flat_map(|images| {
            let place = 0..images.len();
            let project =
                (any::<bool>(), prop::collection::vec(place.clone(), 0..4), prop::option::of(place.clone()))
                    .prop_map(|(is_there, built, gets)| Project { is_there, built, gets });
            let cache = (prop::option::of(place), any::<bool>(), any::<bool>());
            (Just(images), prop::collection::vec(project, 0..6), prop::collection::vec(cache, 0..20))
                .prop_map(|(images, projects, caches)| Store { images, projects, caches })
        })
    }

    fn limits() -> impl Strategy<Value = Limits> {
        (0..120_i64, prop::option::of(0..3000_u64), any::<bool>(), any::<bool>()).prop_map(
            |(days, keep_size, images, caches)| Limits {
                now: NOW,
                older_than: days * DAY,
                keep_size,
                images,
                caches,
            },
        )
    }

    proptest! {
        #[test]
        fn what_a_project_gets_stays_and_a_second_run_finds_nothing(store in store(), limits in limits()) {
            let candidates = store.candidates(&BTreeSet::new());
            let items = plan(&candidates, &limits);
            let mut gone = BTreeSet::new();
            let mut removed = Vec::new();
            for item in &items {
                match item {
                    Item::Image { image, .. } => {
                        prop_assert!(limits.images && image.hold.is_none());
                        gone.insert(image.key.clone());
                    }
                    Item::Cache { cache, .. } => {
                        prop_assert!(limits.caches);
                        prop_assert!(cache.garbage.is_some() || !cache.is_shared);
                        removed.push(cache.files.clone());
                    }
                    Item::Damaged(_) | Item::Abandoned(_) | Item::Journal { .. } => {}
                }
            }
            // Every project gets the image that it got, and keeps the one that was built for it last.
            for project in store.projects.iter().filter(|project| project.is_there) {
                for place in project.gets.iter().chain(project.built.last()) {
                    prop_assert!(!gone.contains(&key(*place)));
                }
            }
            // Planned once more: nothing. Items that were not to be removed are candidates as before.
            let mut after = store.candidates(&gone);
            after.caches.retain(|cache| !removed.contains(&cache.files));
            prop_assert_eq!(plan(&after, &limits), Vec::new());
        }

        #[test]
        fn no_more_than_needed_goes_for_the_size(store in store(), most in 0..3000_u64) {
            let candidates = store.candidates(&BTreeSet::new());
            let limits = Limits { now: NOW, older_than: i64::MAX, keep_size: Some(most), images: true, caches: false };
            let items = plan(&candidates, &limits);
            let total: u64 = candidates.images.iter().map(|image| image.bytes).sum();
            let freed: u64 = items.iter().map(Item::bytes).sum();
            let has_free = candidates.images.iter().filter(|image| image.hold.is_none()).count() > items.len();
            prop_assert!(total - freed <= most || !has_free);
            // Without the last image that went for its size alone, the limit would not hold.
            let for_size: Vec<&StoredImage> = items.iter().filter_map(|item| match item {
                Item::Image { image, .. } if !image.is_orphan => Some(image),
                _ => None,
            }).collect();
            if let Some(last) = for_size.last() {
                prop_assert!(total - (freed - last.bytes) > most);
            }
            let times: Vec<i64> = for_size.iter().map(|image| image.last_use).collect();
            prop_assert!(times.is_sorted());
        }
    }

    #[test]
    fn the_one_used_longest_ago_goes_first() {
        let image = |place: usize, days: i64| StoredImage {
            key: key(place),
            project: "/p".to_owned(),
            built: 0,
            bytes: 100,
            last_use: NOW - days * DAY,
            is_orphan: false,
            hold: None,
        };
        let candidates =
            Candidates { images: vec![image(0, 70), image(1, 90), image(2, 10)], ..Candidates::default() };
        let limits = Limits { now: NOW, older_than: 60 * DAY, keep_size: None, images: true, caches: true };
        let days = |items: &[Item]| -> Vec<String> {
            let why = items.iter().filter_map(|item| match item {
                Item::Image { why, .. } => Some(why.clone()),
                _ => None,
            });
            why.collect()
        };
        let told = |days: i64| format!("no project gets it; last used {days} days ago");
        assert_eq!(days(&plan(&candidates, &limits)), [told(90), told(70)]);
        let limits = Limits { keep_size: Some(0), ..limits };
        assert_eq!(plan(&candidates, &limits).len(), 3);
    }
}
