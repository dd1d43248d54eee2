//! Load times of an image's packages without the image: kept beside it, for estimates.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::fs;
use crate::model::image::key::Digest;
use crate::store::layout::Layout;

/// Keeps the seconds of each package. A failure costs only estimates.
pub(crate) fn keep(layout: &Layout, key: &Digest, seconds: &BTreeMap<Uuid, f64>) {
    if let Ok(text) = serde_json::to_vec(seconds) {
        let _ = fs::replace(&layout.load_times(key), &text);
    }
}

/// Reads the seconds of each package; empty if they were not measured.
pub(crate) fn read(layout: &Layout, key: &Digest) -> BTreeMap<Uuid, f64> {
    let text = fs::read_limited(&layout.load_times(key)).ok().flatten().unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
