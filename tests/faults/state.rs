//! What a store holds: kept and put back between two points, compared, and told from others.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// All files below a folder, with their contents, but for what is too large to be anything but an image: of that the
/// length. Folders end in `/`.
pub type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// The contents of a folder; none where it is not there.
pub fn contents(folder: &Path) -> Contents {
    let mut all = Contents::new();
    collect(folder, Path::new(""), &mut all);
    all
}

fn collect(root: &Path, below: &Path, all: &mut Contents) {
    for entry in fs::read_dir(root.join(below)).into_iter().flatten().flatten() {
        let path = below.join(entry.file_name());
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            all.insert(path.join(""), Vec::new());
            collect(root, &path, all);
        } else if is_image(&path) {
            all.insert(path, metadata.len().to_string().into_bytes());
        } else {
            // It may be gone already where a process of the killed one still worked.
            let contents = fs::read(root.join(&path)).unwrap_or_default();
            all.insert(path, contents);
        }
    }
}

fn is_image(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "sys.so")
}

/// A number for the state that a store is in: the same for stores whose names and contents differ in numbers and in
/// random parts of names alone.
pub fn shape(contents: &Contents) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (path, bytes) in contents {
        plain_name(path).hash(&mut hasher);
        if path.components().next().is_some_and(|first| first.as_os_str() == "tmp") {
            continue;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => without_numbers(text).hash(&mut hasher),
            Err(_) => bytes.len().hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// A path without what is random in it.
fn plain_name(path: &Path) -> String {
    let text = path.to_string_lossy().into_owned();
    let plain = |part: &str| match part.rfind([',', '-']) {
        Some(place) if part.starts_with(".jlproj-") || part.starts_with("build-") => part[..place].to_owned(),
        _ => part.to_owned(),
    };
    text.split('/').map(plain).collect::<Vec<_>>().join("/")
}

fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // A number with a fraction or an exponent or none: all the same.
            '0'..='9' | '.' | '-' | 'e' if plain.ends_with('0') => {}
            '0'..='9' => plain.push('0'),
            other => plain.push(other),
        }
    }
    plain
}

/// Copies a store. Images keep their inode, which their records name: they get one more name.
pub fn copy_store(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).expect("remove");
    }
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy_store(&entry.path(), &target);
        } else if is_image(&target) {
            fs::hard_link(entry.path(), &target).expect("link");
        } else {
            fs::copy(entry.path(), &target).expect("copy");
        }
    }
}

/// Makes all that is below a folder, and the folder, two hours older than it is.
pub fn grow_old(folder: &Path) {
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            grow_old(&entry.path());
        } else if !is_image(&entry.path())
            && let Ok(file) = File::open(entry.path())
        {
            file.set_modified(long_ago).expect("time");
        }
    }
    if let Ok(file) = File::open(folder) {
        file.set_modified(long_ago).expect("time");
    }
}

/// What is in a store that no command would find again: work in progress of nobody.
pub fn leftovers(store: &Path) -> Vec<PathBuf> {
    let is_left = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.starts_with("tmp") && path != Path::new("tmp/")
            || name.starts_with(".jlproj-")
            || name.starts_with("build-") && path.starts_with("locks")
    };
    contents(store).into_keys().filter(is_left).collect()
}

/// The starts that a journal tells of; none while it is being put together.
pub fn starts(store: &Path) -> Option<u64> {
    if store.join("usage-v1.closed").exists() {
        return None;
    }
    let text = |name: &str| fs::read_to_string(store.join(name)).unwrap_or_default();
    let whole = text("usage-v1.old") + &text("usage-v1.log");
    let counts = whole.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            [time, _, _, _, _] => time.parse::<i64>().ok().map(|_| 1),
            [_, _, _, _, _, count] => count.parse().ok(),
            _ => None,
        }
    });
    Some(counts.sum())
}

/// Images that are known to be whole: comparing takes a tenth of a second each.
#[derive(Default)]
pub struct WholeImages(HashSet<(u64, u64, i64, i64)>);

impl WholeImages {
    /// Asserts that each image that a store lists has the bytes of `original`.
    #[track_caller]
    pub fn assert_all(&mut self, store: &Path, original: &Path, what: &str) {
        for entry in fs::read_dir(store.join("images-v1")).into_iter().flatten().flatten() {
            let record = fs::read_to_string(entry.path().join("image.toml")).unwrap_or_default();
            if !record.contains("format = 1") {
                continue;
            }
            let image = entry.path().join("sys.so");
            let metadata = fs::metadata(&image).unwrap_or_else(|error| panic!("{what}: no image: {error}"));
            let state = (metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec());
            if self.0.insert(state) {
                assert!(is_equal(&image, original), "{what}: {} is not whole", image.display());
            }
        }
    }
}

fn is_equal(one: &Path, other: &Path) -> bool {
    let [mut one, mut other] = [one, other].map(|path| File::open(path).expect("image"));
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    if one.metadata().expect("image").len() != other.metadata().expect("image").len() {
        return false;
    }
    loop {
        let count = one.read(&mut left).expect("image");
        if count == 0 {
            return true;
        }
        other.read_exact(&mut right[..count]).expect("image");
        if left[..count] != right[..count] {
            return false;
        }
    }
}
