//! Records of projects: one file each.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::model::image::key::Digest;
use crate::model::image::record::Measurements;
use crate::path_text;
use crate::store::layout::Layout;

/// Version of the record's form. Newer ones are not read.
const FORMAT: u32 = 1;

/// A project that was built for, found by a scan, or forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    format: u32,
    /// The canonical folder, as path text.
    pub(crate) path: String,
    /// The key of the last image that was built for it, alone or with others.
    pub(crate) image: Option<Digest>,
    /// Keys of its former images, the last one last: their caches are recognised by these keys.
    #[serde(default)]
    pub(crate) former: Vec<Digest>,
    /// Seconds spent on builds for it, all together.
    #[serde(default)]
    pub(crate) spent: f64,
    /// When it was forgotten, in seconds since 1970: use up to this time does not count.
    pub(crate) forgotten: Option<i64>,
    /// Whether a scan found it, or was given it after it was forgotten.
    #[serde(default)]
    pub(crate) is_found: bool,
    /// When jlproj itself last loaded its packages, which touches Julia's caches as use does. Seconds since 1970.
    pub(crate) worked: Option<i64>,
    /// Last use before `worked` that is known only from Julia's caches. Seconds since 1970.
    pub(crate) seen: Option<i64>,
    /// Digest of what was precompiled at `worked`, and under which image.
    pub(crate) warmed: Option<Digest>,
    /// Whether the user dropped its image, and wants no other one proposed.
    #[serde(default)]
    pub(crate) is_declined: bool,
    /// Keys of images with more packages than the project has, which the user accepted for it.
    #[serde(default)]
    pub(crate) accepted: Vec<Digest>,
    /// Measurements of the last build in this project.
    #[serde(default)]
    pub(crate) measured: Measurements,
}

impl ProjectRecord {
    /// The record of a project before anything is known of it.
    fn new(project: &Path) -> Self {
        Self {
            format: FORMAT,
            path: path_text::encode(project),
            image: None,
            former: Vec::new(),
            spent: 0.0,
            forgotten: None,
            is_found: false,
            worked: None,
            seen: None,
            warmed: None,
            is_declined: false,
            accepted: Vec::new(),
            measured: Measurements::default(),
        }
    }
}

/// Changes the record of a project, or makes it.
///
/// # Errors
/// Where the store cannot be written.
pub(crate) fn update(
    layout: &Layout,
    project: &Path,
    change: impl FnOnce(&mut ProjectRecord),
) -> io::Result<()> {
    const MOST_FORMER: usize = 100;
    let mut record = read(layout, project).unwrap_or_else(|| ProjectRecord::new(project));
    let before = record.image.clone();
    change(&mut record);
    if let Some(key) = before.filter(|key| record.image.as_ref() != Some(key)) {
        record.former.retain(|known| *known != key);
        record.former.push(key);
        let surplus = record.former.len().saturating_sub(MOST_FORMER);
        record.former.drain(..surplus);
    }
    let text = toml::to_string(&record).map_err(io::Error::other)?;
    fs::replace_durably(&layout.project_record(project), text.as_bytes())
}

/// Takes an image out of the record of a project, unless the project has another one by now.
///
/// # Errors
/// Where the store cannot be written.
pub(crate) fn withdraw(layout: &Layout, project: &Path, key: &Digest) -> io::Result<()> {
    update(layout, project, |record| record.image = record.image.take().filter(|image| image != key))
}

/// Reads the record of a project; `None` if none can be read.
pub(crate) fn read(layout: &Layout, project: &Path) -> Option<ProjectRecord> {
    parse(&fs::read_limited(&layout.project_record(project)).ok()??)
}

/// All records that can be read, sorted by path.
pub(crate) fn read_all(layout: &Layout) -> Vec<ProjectRecord> {
    let Ok(entries) = fs_err::read_dir(layout.projects()) else { return Vec::new() };
    let mut records: Vec<ProjectRecord> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|entry| parse(&fs::read_limited(&entry.path()).ok()??))
        .collect();
    records.sort_by(|left, right| left.path.cmp(&right.path));
    records
}

fn parse(bytes: &[u8]) -> Option<ProjectRecord> {
    let record: ProjectRecord = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
    (record.format <= FORMAT).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_image_that_is_named_leaves_the_record() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (layout, project) = (Layout::new(folder.path().join("store")), folder.path().join("project"));
        let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
        let image = || read(&layout, &project).expect("a record").image;
        update(&layout, &project, |record| record.image = Some(old.clone())).expect("record");
        // Built meanwhile.
        update(&layout, &project, |record| record.image = Some(new.clone())).expect("record");
        withdraw(&layout, &project, &old).expect("record");
        assert_eq!(image(), Some(new.clone()));
        withdraw(&layout, &project, &new).expect("record");
        assert_eq!(image(), None);
    }
}
