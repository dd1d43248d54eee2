//! Reads the file of an image.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::model::image::elf::RandomAccess;
use crate::model::image::target::{ImageTarget, targets_of};

/// A file that is read in parts.
struct Parts(fs_err::File);

impl RandomAccess for Parts {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.read_exact(buffer).ok()
    }
}

/// Lists the processors that an image is for; empty if the form of the file is unknown.
pub(crate) fn targets(image: &Path) -> Vec<ImageTarget> {
    let file = fs_err::File::open(image).ok();
    file.and_then(|file| targets_of(&Parts(file))).unwrap_or_default()
}
