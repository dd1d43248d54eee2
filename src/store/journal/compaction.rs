//! Keeps the journal short: starts of long ago are counted together.
//!
//! `run` appends to the journal and waits for nobody, so the journal is never rewritten. Compaction gives it another
//! name, after which starts go to a new one; merges the closed journal into the older part, which is replaced in one
//! step and says how far it has merged; and removes the closed journal while nobody appends to it: it waits for those
//! who opened it before, and later ones open the new journal. If it is killed anywhere in between, nothing is lost and
//! nothing counted twice: the next compaction goes on there.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fs;
use crate::model::image::key::Digest;
use crate::model::usage::journal::{Start, Starts};
use crate::store::layout::Layout;
use crate::store::lease::{self, Sole};
use crate::store::lock::{Attempt, Lock};

const DAY: i64 = 24 * 3600;

/// Starts older than this are counted together: each weighs less than a three-hundredth of a start of today.
const LONG_AGO: i64 = 120 * DAY;

/// Old starts of one such period share a line.
const MONTH: i64 = 30 * DAY;

/// The part of the closed journal that the older part has already: the number of its first bytes, and their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    length: u64,
    digest: Digest,
}

impl Mark {
    /// Reads the mark in the first line of the older part.
    fn read(layout: &Layout) -> io::Result<Option<Self>> {
        let Some(mut lines) = fs::Lines::open(&layout.old_journal())? else { return Ok(None) };
        let line = lines.next()?.unwrap_or_default();
        Ok(std::str::from_utf8(line).ok().and_then(Self::parse))
    }

    fn parse(line: &str) -> Option<Self> {
        let (length, digest) = line.strip_prefix("# merged\t")?.split_once('\t')?;
        Some(Self { length: length.parse().ok()?, digest: Digest::parse(digest)? })
    }

    /// Returns the offset of the first byte of the closed journal that is not in the older part yet.
    fn end(this: Option<&Self>, closed: &Path) -> io::Result<u64> {
        let Some(mark) = this.filter(|mark| mark.length > 0) else { return Ok(0) };
        let is_long_enough = fs_err::metadata(closed)?.len() >= mark.length;
        let is_it = is_long_enough && fs::beginning_digest(closed, mark.length)? == mark.digest;
        Ok(if is_it { mark.length } else { 0 })
    }
}

/// Lists the files of the journal, the oldest starts first, each with the offset from which it counts.
pub(super) fn parts(layout: &Layout) -> io::Result<Vec<(PathBuf, u64)>> {
    let closed = layout.closed_journal();
    let mut parts = vec![(layout.old_journal(), 0)];
    if fs_err::symlink_metadata(&closed).is_ok_and(|metadata| metadata.is_file()) {
        // If it is removed meanwhile, all of it is in the older part.
        match Mark::end(Mark::read(layout)?.as_ref(), &closed) {
            Ok(start) => parts.push((closed, start)),
            Err(error) if fs::is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    parts.push((layout.journal(), 0));
    Ok(parts)
}

/// Estimates how many bytes compaction would free; `None` if it is not worth it: the journal is shorter than a
/// mebibyte, or less than a quarter of its lines are of long ago. A leftover closed journal is always worth it. `now`
/// is in seconds since 1970.
pub(crate) fn plan_compaction(layout: &Layout, now: i64) -> Option<u64> {
    const SHORT: u64 = 1 << 20;
    let mut is_left = false;
    let (mut lines, mut old_lines, mut bytes, mut old_bytes) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (path, start) in parts(layout).ok()? {
        is_left |= path == layout.closed_journal();
        let Some(mut source) = fs::Lines::open_from(&path, start).ok()? else { continue };
        while let Some(line) = source.next().ok()? {
            let length = line.len() as u64 + 1;
            (lines, bytes) = (lines + 1, bytes + length);
            let start = std::str::from_utf8(line).ok().and_then(Start::parse);
            if start.is_some_and(|start| is_long_ago(start.time, now)) {
                (old_lines, old_bytes) = (old_lines + 1, old_bytes + length);
            }
        }
    }
    let is_worth_it = bytes >= SHORT && old_lines * 4 >= lines;
    (is_left || is_worth_it).then_some(old_bytes)
}

fn is_long_ago(time: i64, now: i64) -> bool {
    now.saturating_sub(time) > LONG_AGO
}

/// Counts starts of long ago together. Returns the number of bytes freed; `None` if another process is compacting.
///
/// # Errors
/// Where the journal cannot be read or written: then it counts as before.
pub(crate) fn compact(layout: &Layout, now: i64) -> io::Result<Option<u64>> {
    let Attempt::Taken(_lock) = Lock::attempt(&layout.lock("journal"))? else { return Ok(None) };
    let before = total(layout);
    // First the closed journal that a killed compaction left.
    if layout.closed_journal().exists() {
        take_in(layout, now)?;
    }
    if close(layout)? {
        take_in(layout, now)?;
    }
    Ok(Some(before.saturating_sub(total(layout))))
}

fn total(layout: &Layout) -> u64 {
    let files = [layout.journal(), layout.closed_journal(), layout.old_journal()];
    files.iter().filter_map(|path| Some(fs_err::metadata(path).ok()?.len())).sum()
}

/// Renames the journal to the closed journal; `false` if there is none.
fn close(layout: &Layout) -> io::Result<bool> {
    match fs_err::rename(layout.journal(), layout.closed_journal()) {
        Ok(()) => Ok(true),
        Err(error) if fs::is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Merges the closed journal into the older part, and removes it. If a process is suspended while it appends a line,
/// the closed journal stays for the next time.
fn take_in(layout: &Layout, now: i64) -> io::Result<()> {
    let closed = layout.closed_journal();
    loop {
        let length = merge(layout, now)?;
        let Some(_sole) = alone(&closed)? else { return Ok(()) };
        if fs_err::metadata(&closed)?.len() == length {
            return fs_err::remove_file(&closed);
        }
    }
}

/// Waits until nobody appends to the closed journal, five seconds at most.
fn alone(closed: &Path) -> io::Result<Option<Alone>> {
    const PAUSE: Duration = Duration::from_millis(100);
    const PAUSES: u32 = 50;
    for _ in 0..PAUSES {
        match lease::take_sole(closed) {
            Ok(Some(sole)) => return Ok(Some(Alone::Locked(sole))),
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) if fs::is_absence(&error) => return Err(error),
            // Without locks: whoever had opened it writes at once.
            Err(_) => {
                std::thread::sleep(2 * PAUSE);
                return Ok(Some(Alone::Presumed));
            }
        }
    }
    Ok(None)
}

/// Evidence that nobody appends to the closed journal.
enum Alone {
    Locked(#[expect(dead_code, reason = "held, not looked at")] Sole),
    Presumed,
}

/// Replaces the older part by one that also has the present contents of the closed journal. Returns how many of its
/// bytes are merged.
fn merge(layout: &Layout, now: i64) -> io::Result<u64> {
    let (old, closed) = (layout.old_journal(), layout.closed_journal());
    let start = Mark::end(Mark::read(layout)?.as_ref(), &closed)?;
    let length = fs_err::metadata(&closed)?.len();
    let mark = Mark { length, digest: fs::beginning_digest(&closed, length)? };
    fs::replace_by(&old, |file| {
        writeln!(file, "# merged\t{}\t{}", mark.length, mark.digest)?;
        let mut groups = Groups::default();
        groups.add_file(fs::Lines::open(&old)?, u64::MAX, now, file)?;
        groups.add_file(fs::Lines::open_from(&closed, start)?, length.saturating_sub(start), now, file)?;
        groups.write(file)
    })?;
    Ok(length)
}

/// Project, image, verdict, Julia and month: equal for starts that share a line.
type Group = (String, String, String, String, i64);

/// Starts of long ago: for each group the time of the last one, and their number.
#[derive(Debug, Default)]
struct Groups {
    groups: BTreeMap<Group, (i64, u64)>,
}

impl Groups {
    /// Adds the first `length` bytes of `lines`. Recent starts go to `file` as they are; invalid lines are dropped.
    fn add_file(
        &mut self,
        lines: Option<fs::Lines>,
        length: u64,
        now: i64,
        file: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(mut lines) = lines else { return Ok(()) };
        let mut read = 0_u64;
        while read < length {
            let Some(line) = lines.next()? else { break };
            read += line.len() as u64 + 1;
            let Some(starts) = std::str::from_utf8(line).ok().and_then(Starts::parse) else { continue };
            if is_long_ago(starts.last.time, now) {
                self.add(&starts);
            } else {
                write!(file, "{starts}")?;
            }
        }
        Ok(())
    }

    fn add(&mut self, starts: &Starts<'_>) {
        let Start { time, verdict, image, julia, project } = starts.last;
        let own = |text: &str| text.to_owned();
        let group = (own(project), own(image), own(verdict), own(julia), time.div_euclid(MONTH));
        let (last, count) = self.groups.entry(group).or_insert((time, 0));
        *last = time.max(*last);
        *count = count.saturating_add(starts.count);
    }

    fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        for ((project, image, verdict, julia, _), (time, count)) in &self.groups {
            let last = Start { time: *time, verdict, image, julia, project };
            write!(file, "{}", Starts { last, count: *count })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, Ordering};

    use proptest::prelude::*;

    use super::*;
    use crate::model::usage::journal::{Clock, Uses};
    use crate::store::journal::{append, last_uses, uses};

    const NOW: i64 = 20_000 * DAY;

    fn start(days: i64, project: &str) -> Start<'_> {
        Start { time: NOW - days * DAY, verdict: "exact", image: "ab12", julia: "1.10.4", project }
    }

    fn store() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let layout = Layout::new(folder.path().to_owned());
        (folder, layout)
    }

    fn all(layout: &Layout) -> HashMap<String, Uses> {
        uses(layout, Clock::at(NOW), |_| i64::MIN).expect("uses")
    }

    fn count(layout: &Layout) -> u64 {
        all(layout).values().flat_map(|uses| uses.images.values()).sum()
    }

    #[test]
    fn wherever_it_is_killed_nothing_is_lost_or_doubled() {
        for steps in 0..4 {
            let (_folder, layout) = store();
            (0..400).for_each(|days| append(&layout, &start(days, "/p")));
            if steps >= 1 {
                assert!(close(&layout).expect("close"));
                append(&layout, &start(0, "/p"));
            }
            if steps >= 2 {
                merge(&layout, NOW).expect("merge");
            }
            if steps >= 3 {
                // A `run` that had the journal open all the time.
                let mut file =
                    fs_err::OpenOptions::new().append(true).open(layout.closed_journal()).expect("open");
                file.write_all(start(0, "/p").to_string().as_bytes()).expect("write");
            }
            let expected = 400 + u64::from(steps >= 1) + u64::from(steps >= 3);
            assert_eq!(count(&layout), expected, "killed after step {steps}");
            assert!(compact(&layout, NOW).expect("compact").is_some());
            assert_eq!(count(&layout), expected, "after step {steps} and another compaction");
            assert!(!layout.closed_journal().exists());
            let before = fs_err::read(layout.old_journal()).expect("older part");
            compact(&layout, NOW).expect("compact");
            let after = fs_err::read(layout.old_journal()).expect("older part");
            let lines = |bytes: &[u8]| {
                bytes.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::to_vec).collect::<Vec<_>>()
            };
            assert_eq!(lines(&before), lines(&after));
        }
    }

    #[test]
    fn starts_go_on_meanwhile_and_none_is_lost() {
        let (_folder, layout) = store();
        let is_over = AtomicBool::new(false);
        let written: u64 = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|number| {
                    let (layout, is_over) = (&layout, &is_over);
                    scope.spawn(move || {
                        let mut written = 0;
                        while !is_over.load(Ordering::Relaxed) || written < 50 {
                            append(layout, &start(written % 300, &format!("/p{number}")));
                            written += 1;
                        }
                        written
                    })
                })
                .collect();
            for _ in 0..4 {
                compact(&layout, NOW).expect("compact");
            }
            is_over.store(true, Ordering::Relaxed);
            writers
                .into_iter()
                .map(|writer| u64::try_from(writer.join().expect("writer")).expect("count"))
                .sum()
        });
        assert_eq!(count(&layout), written);
        assert!(written > 100, "{written}");
    }

    #[test]
    fn it_is_shorter_and_done_once() {
        let (_folder, layout) = store();
        assert_eq!(plan_compaction(&layout, NOW), None);
        let project = format!("/{}", "p".repeat(100));
        let lines: String =
            (0..20_000).map(|number| start(200 + number % 300, &project).to_string()).collect();
        fs::replace(&layout.journal(), (lines + "torn\t").as_bytes()).expect("journal");
        assert!(plan_compaction(&layout, NOW).is_some_and(|bytes| bytes > 1 << 20));
        let freed = compact(&layout, NOW).expect("compact").expect("alone");
        assert!(freed > 2 << 20, "{freed}");
        assert_eq!(plan_compaction(&layout, NOW), None);
        assert_eq!(count(&layout), 20_000);
        assert_eq!(last_uses(&layout, NOW).expect("uses")["ab12"], NOW - 200 * DAY);
    }

    #[test]
    fn something_else_in_the_place_of_a_file_is_an_error() {
        for name in ["usage-v1.log", "usage-v1.old"] {
            let (folder, layout) = store();
            fs_err::create_dir(folder.path().join(name)).expect("folder");
            assert!(uses(&layout, Clock::at(NOW), |_| i64::MIN).is_err(), "{name}");
            assert_eq!(plan_compaction(&layout, NOW), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn use_counts_as_before(starts in prop::collection::vec((0..500_i64, 0..3_u8, any::<bool>()), 0..60)) {
            let (_folder, layout) = store();
            for (days, project, has_image) in &starts {
                let project = format!("/p{project}");
                let image = if *has_image { "ab12" } else { "-" };
                append(&layout, &Start { image, ..start(*days, &project) });
            }
            let before = all(&layout);
            compact(&layout, NOW).expect("compact");
            let after = all(&layout);
            prop_assert_eq!(before.len(), after.len());
            for (project, uses) in &before {
                let now = &after[project];
                prop_assert_eq!((uses.recent, uses.last, uses.last_start), (now.recent, now.last, now.last_start));
                prop_assert_eq!(&uses.images, &now.images);
                // At most a month younger each: less than a hundredth of a start, and there are at most 60.
                let rate = |uses: &Uses| uses.per_week(Clock::at(NOW));
                prop_assert!((rate(uses) - rate(now)).abs() <= 0.6);
            }
        }
    }
}
