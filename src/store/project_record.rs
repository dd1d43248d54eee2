//! What is known of each project: one file each.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::model::image::Measurements;
use crate::model::key::Digest;
use crate::path_text;
use crate::store::layout::Layout;

/// The version of the record's form. Newer ones are not read.
const FORMAT: u32 = 1;

/// A project that was built for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    format: u32,
    /// The canonical folder, as path text.
    pub(crate) path: String,
    /// The key of the last image that was built for it.
    pub(crate) image: Digest,
    /// What that build measured.
    pub(crate) measured: Measurements,
}

impl ProjectRecord {
    pub(crate) fn new(project: &Path, image: Digest, measured: Measurements) -> Self {
        Self { format: FORMAT, path: path_text::encode(project), image, measured }
    }
}

/// Writes the record of a project.
///
/// # Errors
/// Where the store cannot be written.
pub(crate) fn write(layout: &Layout, record: &ProjectRecord) -> io::Result<()> {
    let text = toml::to_string(record).map_err(io::Error::other)?;
    fs::replace_durably(&layout.project_record(&path_text::decode(&record.path)), text.as_bytes())
}

/// The record of a project, if there is one that can be read.
pub(crate) fn read(layout: &Layout, project: &Path) -> Option<ProjectRecord> {
    parse(&fs_err::read(layout.project_record(project)).ok()?)
}

/// All records that can be read, sorted by path.
pub(crate) fn read_all(layout: &Layout) -> Vec<ProjectRecord> {
    let Ok(entries) = fs_err::read_dir(layout.projects()) else { return Vec::new() };
    let mut records: Vec<ProjectRecord> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|entry| parse(&fs_err::read(entry.path()).ok()?))
        .collect();
    records.sort_by(|left, right| left.path.cmp(&right.path));
    records
}

fn parse(bytes: &[u8]) -> Option<ProjectRecord> {
    let record: ProjectRecord = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
    (record.format <= FORMAT).then_some(record)
}
