//! Verdicts, kept with the state of every file that they depend on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fs::{self, Observations, Stamp};
use crate::model::image::key::Digest;
use crate::path_text;
use crate::store::layout::Layout;
use crate::store::protection;

/// Version of the cache's form: entries of another one are not read.
const FORMAT: u32 = 5;

/// A verdict as `run` needs it: no lists, no reasons but the one line to print.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartDecision {
    /// In one word: `exact`, `contained`, `stale`, `none`, `broken`, …
    pub(crate) code: String,
    /// The image to use, as path text.
    pub(crate) image: Option<String>,
    /// Its key, for the journal.
    pub(crate) key: Option<String>,
    /// The canonical folder of the project, as path text; `None` where there is none.
    pub(crate) project: Option<String>,
    /// Whether the image removes the mark of a start that got through.
    pub(crate) tells: bool,
    /// Value of Julia's `--project`, as path text; `None` if Julia finds the project by itself.
    pub(crate) project_option: Option<String>,
    /// The version of Julia.
    pub(crate) julia: String,
    /// Why there is no image, in one line.
    pub(crate) reason: Option<String>,
    /// Whether the reason is printed at every start, not only once a day.
    pub(crate) urgent: bool,
    /// Digest of what would be built now, without the builder; only if an image is missing or unusable.
    pub(crate) wanted: Option<String>,
    /// What the project's own settings say of recording its starts.
    pub(crate) record: Option<bool>,
    /// Why shared stores, or images in them, are not used.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    format: u32,
    /// The whole digest of the question: the file's name has only a part of it.
    question: Digest,
    /// Nanoseconds since 1970, taken before the first file was read.
    read_at: i64,
    files: Vec<(String, Stamp)>,
    listings: Vec<(String, Stamp)>,
    /// Files on disks that may not answer.
    distant_files: Vec<(String, Stamp)>,
    distant_listings: Vec<(String, Stamp)>,
    #[serde(rename = "outcome")]
    decision: StartDecision,
}

/// Returns the decision for this question, if every file that it depends on is unchanged, and none of them could have
/// changed without a trace. `distant` stamps files on disks that may not answer.
pub(crate) fn look_up(
    layout: &Layout,
    question: &Digest,
    distant: impl FnOnce(Vec<String>) -> Option<Vec<Stamp>>,
) -> Option<StartDecision> {
    let path = layout.verdict(question);
    // It names the image: whoever can write it can have any code run.
    let text = protection::is_ours(layout, &path).then(|| fs_err::read(&path).ok())??;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    if entry.format != FORMAT || entry.question != *question {
        return None;
    }
    let unchanged = |recorded: &Stamp, now: Stamp| !recorded.is_racy(entry.read_at) && now == *recorded;
    let stamp = |path: &str| Stamp::of(&path_text::decode(path));
    let holds = entry.files.iter().all(|(path, recorded)| unchanged(recorded, stamp(path).without_listing()))
        && entry.listings.iter().all(|(path, recorded)| unchanged(recorded, stamp(path)));
    if !holds {
        return None;
    }
    let (files, listings) = (&entry.distant_files, &entry.distant_listings);
    if !(files.is_empty() && listings.is_empty()) {
        let paths = files.iter().chain(listings).map(|(path, _)| path.clone()).collect();
        let stamps = distant(paths)?;
        let (now_files, now_listings) = stamps.split_at_checked(files.len())?;
        let pairs = files.iter().zip(now_files.iter().map(|stamp| stamp.without_listing()));
        let mut pairs = pairs.chain(listings.iter().zip(now_listings.iter().copied()));
        if !pairs.all(|((_, recorded), now)| unchanged(recorded, now)) {
            return None;
        }
    }
    Some(entry.decision)
}

/// Caches a decision. If that fails, it is computed again next time.
pub(crate) fn keep(
    layout: &Layout,
    question: &Digest,
    read_at: i64,
    observations: Observations,
    decision: &StartDecision,
) {
    type Stamps = Vec<(String, Stamp)>;
    let as_text = |stamps: BTreeMap<PathBuf, Stamp>| -> Stamps {
        stamps.into_iter().map(|(path, stamp)| (path_text::encode(&path), stamp)).collect()
    };
    let (mut distant_files, mut distant_listings) = (Stamps::new(), Stamps::new());
    for distant in observations.distant {
        distant_files.extend(as_text(distant.files));
        distant_listings.extend(as_text(distant.listings));
    }
    let entry = Entry {
        format: FORMAT,
        question: question.clone(),
        read_at,
        files: as_text(observations.files),
        listings: as_text(observations.listings),
        distant_files,
        distant_listings,
        decision: decision.clone(),
    };
    if let Ok(text) = serde_json::to_vec(&entry) {
        let _ = fs::replace(&layout.verdict(question), &text);
    }
}

/// Removes the entries that were not written for long: their question may never be asked again.
pub(crate) fn sweep(layout: &Layout) {
    const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
    let entries = fs_err::read_dir(layout.verdicts()).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| fs::is_older(path, MONTH)) {
        // One that still holds is computed again; what cannot be removed stays for the next time.
        let _ = fs_err::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::ObservedFiles;

    /// A store and a file that was observed; the decision is kept as if it had been read `after` seconds later.
    fn kept(folder: &std::path::Path, after: i64) -> (Layout, Digest) {
        let layout = Layout::new(folder.join("store"));
        let (file, question) = (folder.join("Manifest.toml"), Digest::of(b"question"));
        let files = ObservedFiles::default();
        let stamp = files.observe(&file);
        files.observe(&folder.join("absent"));
        files.observe_listing(folder);
        let read_at = stamp.changed.max(stamp.modified) + after * 1_000_000_000;
        keep(&layout, &question, read_at, files.into_observations(), &StartDecision::default());
        (layout, question)
    }

    fn folder_with_file() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs_err::create_dir(folder.path().join("store")).expect("store");
        fs_err::write(folder.path().join("Manifest.toml"), "one").expect("write");
        folder
    }

    #[test]
    fn an_answer_holds_while_its_files_do() {
        let folder = folder_with_file();
        let (layout, question) = kept(folder.path(), 10);
        assert!(look_up(&layout, &question, |_| None).is_some());
        assert!(look_up(&layout, &Digest::of(b"another"), |_| None).is_none());
    }

    #[test]
    fn a_file_that_changed_in_the_same_instant_is_read_again() {
        let folder = folder_with_file();
        let (layout, question) = kept(folder.path(), 0);
        assert!(look_up(&layout, &question, |_| None).is_none());
    }

    #[test]
    fn a_change_of_the_same_size_and_time_is_seen() {
        let folder = folder_with_file();
        let file = folder.path().join("Manifest.toml");
        let modified = fs_err::metadata(&file).expect("metadata").modified().expect("time");
        let (layout, question) = kept(folder.path(), 10);
        // Longer than the tick of the clock that stamps files.
        std::thread::sleep(std::time::Duration::from_millis(50));
        fs_err::write(&file, "two").expect("write");
        let opened = fs_err::OpenOptions::new().write(true).open(&file).expect("open");
        opened.file().set_modified(modified).expect("set the time back");
        assert!(look_up(&layout, &question, |_| None).is_none());
    }

    #[test]
    fn a_file_that_appears_is_seen() {
        let folder = folder_with_file();
        let (layout, question) = kept(folder.path(), 10);
        fs_err::write(folder.path().join("absent"), "").expect("write");
        assert!(look_up(&layout, &question, |_| None).is_none());
    }

    #[test]
    fn half_an_entry_is_none() {
        let folder = folder_with_file();
        let (layout, question) = kept(folder.path(), 10);
        let path = layout.verdict(&question);
        let text = fs_err::read(&path).expect("entry");
        fs_err::write(&path, &text[..text.len() / 2]).expect("write");
        assert!(look_up(&layout, &question, |_| None).is_none());
    }

    #[test]
    fn an_entry_that_was_not_written_for_a_month_is_swept() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let folder = folder_with_file();
        let (layout, question) = kept(folder.path(), 10);
        let path = layout.verdict(&question);
        let age = |days: u32| {
            let opened = fs_err::OpenOptions::new().write(true).open(&path).expect("open");
            let time = opened.metadata().expect("metadata").modified().expect("time");
            opened.file().set_modified(time - DAY * days).expect("set the time");
        };
        age(29);
        sweep(&layout);
        assert!(look_up(&layout, &question, |_| None).is_some());
        age(2);
        sweep(&layout);
        assert!(!path.exists());
    }
}
