//! Verdicts, kept with the state of every file that they rest on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::fs::{self, Observations, Stamp};
use crate::model::key::Digest;
use crate::path_text;
use crate::store::layout::Layout;

/// The version of the cache's form: another one is not read.
const FORMAT: u32 = 1;

/// A verdict as `run` needs it: no lists, no reasons but the one line to print.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// In one word: `exact`, `contained`, `stale`, `none`, `broken`, …
    pub(crate) code: String,
    /// The image to use, as path text.
    pub(crate) image: Option<String>,
    /// Its key, for the journal.
    pub(crate) key: Option<String>,
    /// The canonical folder of the project, as path text; `None` where there is none.
    pub(crate) project: Option<String>,
    /// What Julia gets as `--project`, as path text; `None` where it finds the project by itself.
    pub(crate) project_option: Option<String>,
    /// The version of Julia.
    pub(crate) julia: String,
    /// Why there is no image, in one line.
    pub(crate) reason: Option<String>,
    /// Whether the reason is to be told at every start, not once a day only.
    pub(crate) urgent: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    format: u32,
    /// The whole digest of the question: the file's name holds a part of it only.
    question: Digest,
    /// Nanoseconds since 1970, taken before the first file was read.
    read_at: i64,
    files: Vec<(String, Stamp)>,
    listings: Vec<(String, Stamp)>,
    outcome: Outcome,
}

/// The outcome for this question, if every file that it rests on is as it was then, and none of them could
/// have changed without a trace.
pub(crate) fn look_up(layout: &Layout, question: &Digest) -> Option<Outcome> {
    let text = fs_err::read(layout.verdict(question)).ok()?;
    let entry: Entry = serde_json::from_slice(&text).ok()?;
    if entry.format != FORMAT || entry.question != *question {
        return None;
    }
    let unchanged = |recorded: &Stamp, now: Stamp| !recorded.is_racy(entry.read_at) && now == *recorded;
    let stamp = |path: &str| Stamp::of(&path_text::decode(path));
    let holds = entry.files.iter().all(|(path, recorded)| unchanged(recorded, stamp(path).without_listing()))
        && entry.listings.iter().all(|(path, recorded)| unchanged(recorded, stamp(path)));
    holds.then_some(entry.outcome)
}

/// Keeps an outcome. What cannot be kept is reckoned again next time.
pub(crate) fn keep(
    layout: &Layout,
    question: &Digest,
    read_at: i64,
    observations: Observations,
    outcome: &Outcome,
) {
    let as_text = |stamps: BTreeMap<PathBuf, Stamp>| {
        stamps.into_iter().map(|(path, stamp)| (path_text::encode(&path), stamp)).collect()
    };
    let entry = Entry {
        format: FORMAT,
        question: question.clone(),
        read_at,
        files: as_text(observations.files),
        listings: as_text(observations.listings),
        outcome: outcome.clone(),
    };
    if let Ok(text) = serde_json::to_vec(&entry) {
        let _ = fs::replace(&layout.verdict(question), &text);
    }
}
