//! The journal of starts on disk.

use std::collections::HashMap;
use std::io::{self, Write as _};

use crate::fs;
use crate::model::usage::{Clock, Start, Uses};
use crate::platform;
use crate::store::layout::Layout;

/// Adds one line, in a single write, so that lines of two processes never mix. Never makes `run` fail.
pub(crate) fn append(layout: &Layout, start: &Start<'_>) {
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

/// The uses of each project (by its path text). Lines that are none are passed over, and so are starts before
/// the time that `since` gives for their project.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub(crate) fn uses(
    layout: &Layout,
    clock: Clock,
    since: impl Fn(&str) -> i64,
) -> io::Result<HashMap<String, Uses>> {
    let mut uses: HashMap<String, (i64, Uses)> = HashMap::new();
    let Some(mut lines) = fs::Lines::open(&layout.journal())? else { return Ok(HashMap::new()) };
    while let Some(line) = lines.next()? {
        let Some(start) = std::str::from_utf8(line).ok().and_then(Start::parse) else { continue };
        let (since, uses) = match uses.get_mut(start.project) {
            Some(known) => known,
            None => uses
                .entry(start.project.to_owned())
                .or_insert_with(|| (since(start.project), Uses::default())),
        };
        if start.time >= *since {
            uses.add(&start, clock);
        }
    }
    Ok(uses.into_iter().map(|(project, (_, uses))| (project, uses)).collect())
}
