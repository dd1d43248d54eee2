//! Reads the file of an image.

use std::path::Path;

use object::ReadCache;

use crate::model::image::target::{ImageTarget, targets_of};

/// Lists the processors that an image is for; empty if the form of the file is unknown.
pub(crate) fn targets(image: &Path) -> Vec<ImageTarget> {
    let file = fs_err::File::open(image).ok();
    file.and_then(|file| targets_of(&ReadCache::new(file))).unwrap_or_default()
}
