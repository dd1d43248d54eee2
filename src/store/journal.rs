//! The journal of starts on disk.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};

use crate::fs;
use crate::model::usage::{Start, Uses};
use crate::platform;
use crate::store::layout::Layout;

/// Adds one line, in a single write, so that lines of two processes never mix. Never makes `run` fail.
pub(crate) fn append(layout: &Layout, start: &Start) {
    let path = layout.journal();
    let open = || platform::open_for_append(&path);
    let file = open().or_else(|error| {
        if !fs::is_absence(&error) {
            return Err(error);
        }
        platform::create_private_folders(layout.root())?;
        open()
    });
    if let Ok(mut file) = file {
        // A full disk costs one line of statistics, not the user's start.
        let _ = file.write_all(start.to_string().as_bytes());
    }
}

/// The uses of each project (as path text), seen from `now`. Lines that are none are passed over.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub(crate) fn uses(layout: &Layout, now: i64) -> io::Result<BTreeMap<String, Uses>> {
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    let file = match fs_err::File::open(layout.journal()) {
        Ok(file) => file,
        Err(error) if fs::is_absence(&error) => return Ok(uses),
        Err(error) => return Err(error),
    };
    for line in io::BufReader::new(file).split(b'\n') {
        if let Some(start) = Start::parse(&String::from_utf8_lossy(&line?)) {
            uses.entry(start.project).or_default().add(start.time, now);
        }
    }
    Ok(uses)
}
