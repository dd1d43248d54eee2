//! Removes planned items that are still as they were planned.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;

use crate::fs;
use crate::model::image::key::Digest;
use crate::model::usage::garbage::{Item, SeenFile, StoredCache};
use crate::platform;
use crate::store::layout::Layout;
use crate::store::lock::{Attempt, Lock};
use crate::store::publish::PREPARED;
use crate::store::workspace::{self, Workspace};
use crate::store::{catalog, journal, lease, leftovers, project_record, unfinished};

/// What became of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Bytes freed.
    pub(crate) bytes: u64,
    /// Number of items that stay.
    pub(crate) failed: usize,
}

/// Removes all items in their order, and goes on where one stays: `told` is given it, and why, in a few words. Where an
/// image stays, so do the caches that go only with it, without a word.
pub(crate) fn remove_all(
    layout: &Layout,
    items: &[Item],
    now: i64,
    mut told: impl FnMut(&Item, &str),
) -> Removed {
    let mut removed = Removed::default();
    let mut kept = BTreeSet::new();
    for item in items {
        if item.image_that_it_goes_with().is_some_and(|key| kept.contains(key)) {
            removed.failed += 1;
            continue;
        }
        match remove(layout, item, now) {
            Ok(bytes) => removed.bytes += bytes,
            Err(reason) => {
                removed.failed += 1;
                if let Item::Image { image, .. } = item {
                    kept.insert(&image.key);
                }
                told(item, &reason);
            }
        }
    }
    removed
}

/// Removes an item and returns the number of bytes freed.
///
/// # Errors
/// Why it stays, in a few words.
fn remove(layout: &Layout, item: &Item, now: i64) -> Result<u64, String> {
    let told = |error: io::Error| error.to_string();
    match item {
        Item::Image { image, .. } => {
            remove_image(layout, &image.key, Some(image.built)).map(|()| image.bytes)
        }
        Item::Damaged(image) => {
            let is_damaged = || catalog::lasting_damage(layout, &image.key).is_some();
            let check = || is_damaged().then_some(()).ok_or_else(|| BUILT_AGAIN.to_owned());
            remove_checked(layout, &image.key, check).map(|()| image.bytes)
        }
        Item::Cache { cache, .. } => remove_cache(cache),
        Item::Abandoned(abandoned) => {
            let path = &abandoned.path;
            let is_folder = path.parent() == Some(&layout.temporary());
            let removed =
                if is_folder { workspace::sweep_one(layout, path) } else { leftovers::remove(layout, path) };
            match removed {
                Ok(true) => Ok(abandoned.bytes),
                Ok(false) => Err("another command is at it".to_owned()),
                Err(error) if fs::is_absence(&error) => Ok(0),
                Err(error) => Err(error.to_string()),
            }
        }
        Item::Journal { .. } => {
            let freed = journal::compact(layout, now).map_err(told)?;
            // If another command is doing it, nothing is left to do.
            Ok(freed.unwrap_or(0))
        }
    }
}

/// Moves an image out of its place in one step, so that nobody ever finds a part of it, and then removes it. With
/// `built`, only if it is still the image of that time. Afterwards no project's record names it.
///
/// # Errors
/// Why it stays, in a few words.
pub(crate) fn remove_image(layout: &Layout, key: &Digest, built: Option<i64>) -> Result<(), String> {
    remove_checked(layout, key, || match built {
        Some(built) if catalog::read_record(layout, key)?.0.built != built => Err(BUILT_AGAIN.to_owned()),
        _ => Ok(()),
    })
}

const BUILT_AGAIN: &str = "it was built again meanwhile";

/// As [`remove_image`], if `check` passes while no build can be at work on it.
fn remove_checked(
    layout: &Layout,
    key: &Digest,
    check: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let folder = layout.image_folder(key);
    let Attempt::Taken(_lock) = Lock::attempt(&layout.lock(key.as_str())).map_err(told)? else {
        return Err("a build is at work on it".to_owned());
    };
    if !folder.exists() {
        return Ok(());
    }
    check()?;
    let sole = match lease::take_sole(&layout.image_file(key)) {
        Ok(Some(sole)) => Some(sole),
        Ok(None) => return Err("it is in use".to_owned()),
        Err(error) if fs::is_absence(&error) => None,
        Err(error) => return Err(error.to_string()),
    };
    let workspace = Workspace::create(layout).map_err(told)?;
    // Windows renames no folder in which a file is open, not even for us; and what is loaded it does not remove.
    let _sole = sole.filter(|_| !cfg!(windows));
    #[cfg(windows)]
    if !platform::remove_unless_used(&layout.image_file(key)).map_err(told)? {
        return Err("it is in use".to_owned());
    }
    let moved = workspace.path().join(PREPARED);
    fs_err::rename(&folder, &moved).map_err(told)?;
    unfinished::forget(layout, key);
    for record in project_record::read_all(layout) {
        if record.image.as_ref() == Some(key) {
            let project = crate::path_text::decode(&record.path);
            project_record::withdraw(layout, &project, key).map_err(told)?;
        }
    }
    // We hold its lock: for the workspace it would be in use.
    fs_err::remove_dir_all(moved).map_err(told)?;
    Ok(())
}

/// Removes the precompile file first: native code without it is used by nobody.
fn remove_cache(cache: &StoredCache) -> Result<u64, String> {
    for SeenFile { name, inode, modified } in &cache.files {
        match platform::remove_beneath(&cache.depot, &cache.folder, OsStr::new(name), (*inode, *modified)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(cache.bytes)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::usage::garbage::StoredImage;

    #[test]
    fn what_goes_with_an_image_stays_with_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let cache = |name: &str, image: &Digest, garbage: Option<&'static str>| {
            let path = folder.path().join("compiled").join(name);
            fs::replace(&path, b"cache").expect("cache");
            let seen = platform::entry_identity(&path).expect("identity");
            let cache = StoredCache {
                project: String::new(),
                depot: folder.path().to_owned(),
                folder: PathBuf::from("compiled"),
                files: vec![SeenFile { name: name.to_owned(), inode: seen.inode, modified: seen.modified }],
                bytes: 1,
                last_use: 0,
                image: Some(image.clone()),
                garbage,
                is_shared: false,
            };
            Item::Cache { cache, why: garbage.unwrap_or("its image is removed") }
        };
        // One that cannot be removed, since it is another one by now, and one that is gone already.
        let (kept, gone) = (Digest::of(b"kept"), Digest::of(b"gone"));
        fs::replace(&layout.image_file(&kept), b"library").expect("image");
        let image = |key: &Digest| {
            let image = StoredImage {
                key: key.clone(),
                project: "/p".to_owned(),
                built: 1,
                bytes: 100,
                last_use: 0,
                is_orphan: false,
                hold: None,
            };
            Item::Image { image, why: String::new() }
        };
        let items = [
            image(&kept),
            image(&gone),
            cache("with-kept.ji", &kept, None),
            cache("garbage.ji", &kept, Some("its project is gone")),
            cache("with-gone.ji", &gone, None),
        ];
        let mut told = 0;
        let removed = remove_all(&layout, &items, 0, |_, _| told += 1);
        let left = fs_err::read_dir(folder.path().join("compiled")).expect("list").flatten();
        assert_eq!(left.map(|entry| entry.file_name()).collect::<Vec<_>>(), ["with-kept.ji"]);
        assert_eq!((removed, told), (Removed { bytes: 102, failed: 2 }, 1));
    }

    /// Windows opens no folder to set its time.
    #[cfg(unix)]
    #[test]
    fn what_is_no_image_goes_after_a_day() {
        use std::time::Duration;

        use crate::model::usage::garbage::DamagedImage;
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let make = |name: &str, record: &str, days: u64| {
            let key = Digest::of(name.as_bytes());
            fs::replace(&layout.image_folder(&key).join("image.toml"), record.as_bytes()).expect("record");
            let opened = fs_err::File::open(layout.image_folder(&key)).expect("open");
            let time = opened.metadata().expect("metadata").modified().expect("time");
            opened.file().set_modified(time - Duration::from_secs(days * 24 * 3600)).expect("set the time");
            key
        };
        let old = make("old", "built = ", 2);
        let young = make("young", "built = ", 0);
        let newer = make("newer", "format = 1000\nmade = \"in another form\"", 2);
        let why = |key: &Digest| catalog::lasting_damage(&layout, key);
        assert_eq!(why(&old).as_deref(), Some("its record `image.toml` is damaged"));
        assert_eq!((why(&young), why(&newer)), (None, None));
        let item =
            |key: &Digest| Item::Damaged(DamagedImage { key: key.clone(), bytes: 8, why: String::new() });
        let Ok(Attempt::Taken(build)) = Lock::attempt(&layout.lock(old.as_str())) else { panic!("a lock") };
        assert_eq!(remove(&layout, &item(&old), 0), Err("a build is at work on it".to_owned()));
        drop(build);
        assert_eq!(remove(&layout, &item(&old), 0), Ok(8));
        assert!(remove(&layout, &item(&young), 0).is_err() && remove(&layout, &item(&newer), 0).is_err());
        let left = |key: &Digest| layout.image_folder(key).exists();
        assert_eq!([&old, &young, &newer].map(left), [false, true, true]);
    }

    /// As a library that is loaded: others may read it, and that is all.
    #[cfg(windows)]
    #[test]
    fn an_image_that_is_loaded_stays_whole() {
        use std::os::windows::fs::OpenOptionsExt as _;
        const READ: u32 = 1;
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().join("store"));
        let key = Digest::of(b"image");
        let image = layout.image_file(&key);
        fs::replace(&image, b"library").expect("image");
        #[expect(clippy::disallowed_types, reason = "fs-err has no such option")]
        let loaded = std::fs::OpenOptions::new().read(true).share_mode(READ).open(&image).expect("open");
        assert_eq!(remove_image(&layout, &key, None), Err("it is in use".to_owned()));
        assert!(image.exists());
        drop(loaded);
        assert_eq!(remove_image(&layout, &key, None), Ok(()));
        assert!(!layout.image_folder(&key).exists());
    }
}
