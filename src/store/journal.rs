//! The journal of starts on disk.

mod compaction;

pub(crate) use compaction::{compact, plan_compaction};

use std::collections::HashMap;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::fs;
use crate::model::usage::journal::{Clock, Start, Starts, Uses};
use crate::platform;
use crate::store::layout::Layout;
use crate::store::lease::{self, Share};

/// Adds one line, in a single write, so that lines of two processes never mix. Waits for nobody, and never makes `run`
/// fail.
pub(crate) fn append(layout: &Layout, start: &Start<'_>) {
    /// Each retry means that the opened journal was just renamed, and a new one is begun.
    const TRIES: usize = 3;
    for attempt in 1..=TRIES {
        let Ok(mut file) = open(layout) else { return };
        if lease::share_to_write(&file) == Share::Removed && attempt < TRIES {
            continue;
        }
        let mut line = start.to_string();
        if is_torn(&mut file) {
            line.insert(0, '\n');
        }
        // A full disk costs one line of statistics, not the user's start.
        let _ = file.write_all(line.as_bytes());
        return;
    }
}

fn open(layout: &Layout) -> io::Result<std::fs::File> {
    let path = layout.journal();
    platform::open_for_append(&path).or_else(|error| {
        if !fs::is_absence(&error) {
            return Err(error);
        }
        platform::create_private_folders(layout.root())?;
        platform::open_for_append(&path)
    })
}

/// Whether the last line is incomplete because the disk was full: a line added to it would be lost too.
fn is_torn(file: &mut std::fs::File) -> bool {
    let mut last = *b"\n";
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last != *b"\n"
}

/// Reads the uses of each project (by its path text). Skips invalid lines, and starts before the time that `since`
/// gives for their project.
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

/// Reads when each image (by its key) was last started, in seconds since 1970. A time ahead of `now` counts as now.
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

/// Goes through all starts, the oldest first.
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
    fn a_line_that_found_no_room_costs_no_other_one() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().to_owned());
        let start = Start { time: 7, verdict: "exact", image: "ab12", julia: "1.5.3", project: "/p" };
        append(&layout, &start);
        let line = fs_err::read(layout.journal()).expect("journal");
        fs::replace(&layout.journal(), &[&line[..], &line[..line.len() / 2]].concat()).expect("torn");
        append(&layout, &start);
        append(&layout, &start);
        let uses = uses(&layout, Clock::at(7), |_| i64::MIN).expect("uses");
        assert_eq!(uses["/p"].images["ab12"], 3);
    }
}
