//! Images whose files have other times or inodes than recorded, and the recorded contents: a backup, or a move of the home
//! folder to another disk, brought them back.

use std::io;
use std::path::Path;

use crate::model::image::key::Digest;
use crate::model::image::record::ImageRecord;
use crate::store::catalog::{self, Flaw};
use crate::store::layout::Layout;
use crate::store::lock::{Attempt, Lock};
use crate::store::publish;

/// Records such files as they are now: their images are in force again. Returns how many there were. Reads each such file
/// as a whole, up to seconds where it is not in memory.
pub(crate) fn record_anew(layout: &Layout) -> usize {
    // One that cannot be read or written stays as it is, and is built again where it is wanted.
    catalog::keys(layout).filter(|key| record_one(layout, key).unwrap_or_default()).count()
}

fn record_one(layout: &Layout, key: &Digest) -> io::Result<bool> {
    let path = layout.image_file(key);
    let (record, _) = catalog::read_record(layout, key).map_err(io::Error::other)?;
    let is_link = |path: &Path| fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    // At another place it is another image: Julia's caches depend on it.
    let is_elsewhere = is_link(&path) || is_link(&layout.image_folder(key));
    if is_elsewhere || catalog::flaw(layout, key, &record.file) != Some(Flaw::Replaced) {
        return Ok(false);
    }
    let Attempt::Taken(_lock) = Lock::attempt(&layout.lock(key.as_str()))? else { return Ok(false) };
    // Read again: a build or a measurement may have written it before we had the lock.
    let (record, _) = catalog::read_record(layout, key).map_err(io::Error::other)?;
    let file = catalog::record_of(layout, key, &path)?;
    let is_same = file.contents == record.file.contents;
    if is_same {
        publish::update(layout, &ImageRecord { file, ..record })?;
    }
    Ok(is_same)
}
