//! The journal of starts on disk.

mod compaction;

pub(crate) use compaction::{compact, plan_compaction};

use std::collections::HashMap;
use std::io::{self, Write as _};

use crate::fs;
use crate::model::usage::{Clock, Start, Starts, Uses};
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
        let mut line = start.to_string();
        // What a full disk or a power cut broke off does not take this line with it.
        if platform::last_byte(&file).is_some_and(|byte| byte != b'\n') {
            line.insert(0, '\n');
        }
        // A full disk costs one line of statistics, not the user's start.
        let _ = file.write_all(line.as_bytes());
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
    each(layout, |starts| {
        let Starts { last: start, .. } = starts;
        let (since, uses) = match uses.get_mut(start.project) {
            Some(known) => known,
            None => uses
                .entry(start.project.to_owned())
                .or_insert_with(|| (since(start.project), Uses::default())),
        };
        if start.time >= *since {
            uses.add_all(starts, clock);
        }
    })?;
    Ok(uses.into_iter().map(|(project, (_, uses))| (project, uses)).collect())
}

/// When each image (by its key) was last started, in seconds since 1970. What is ahead of `now` counts as now.
///
/// # Errors
/// Where the journal is there and cannot be read.
pub(crate) fn last_uses(layout: &Layout, now: i64) -> io::Result<HashMap<String, i64>> {
    let mut last: HashMap<String, i64> = HashMap::new();
    each(layout, |Starts { last: start, .. }| {
        let time = start.time.min(now);
        match last.get_mut(start.image) {
            Some(known) => *known = time.max(*known),
            None => drop(last.insert(start.image.to_owned(), time)),
        }
    })?;
    Ok(last)
}

/// Goes through all starts, those of long ago first.
fn each(layout: &Layout, mut with: impl FnMut(&Starts<'_>)) -> io::Result<()> {
    for (path, start) in compaction::parts(layout)? {
        let Some(mut lines) = fs::Lines::open_from(&path, start)? else { continue };
        while let Some(line) = lines.next()? {
            if let Some(starts) = std::str::from_utf8(line).ok().and_then(Starts::parse) {
                with(&starts);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_after_a_torn_line_is_kept() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().to_owned());
        let start = |time| Start { time, verdict: "none", image: "-", julia: "1.5.3", project: "/a/project" };
        append(&layout, &start(1_000));
        let whole = fs_err::read(layout.journal()).expect("journal");
        let torn = [&whole[..], &whole[..whole.len() / 2]].concat();
        fs_err::write(layout.journal(), torn).expect("tear");
        append(&layout, &start(2_000));
        append(&layout, &start(3_000));
        let uses = uses(&layout, Clock::at(3_000), |_| i64::MIN).expect("uses");
        assert_eq!((uses["/a/project"].recent, uses["/a/project"].last_start), (3, 3_000));
    }
}
