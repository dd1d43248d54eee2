//! The record of a finished image.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::image::key::{BakedPackage, Digest, KeyInputs};
use crate::model::image::processor::Processor;
use crate::model::image::target::{Fitness, ImageTarget, fitness};
use crate::model::image::tracked::{Artifact, TrackedFile};

/// The version of the record's form. Older ones are read, newer ones are refused.
pub(crate) const RECORD_FORMAT: u32 = 1;

/// The file `image.toml` beside an image: written last, so an image without it does not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    pub(crate) format: u32,
    /// Digest of `inputs.json` beside it, and the name of the folder.
    pub(crate) key: Digest,
    /// Time of completion, in seconds since 1970.
    pub(crate) built: i64,
    /// The folder of the project that it was built for, as path text.
    pub(crate) project: String,
    /// The folders of the other projects that it was built for, likewise.
    #[serde(default)]
    pub(crate) shared_with: Vec<String>,
    /// The Julia that built it, as path text.
    pub(crate) julia: String,
    pub(crate) file: FileRecord,
    pub(crate) measured: Measurements,
    /// Digests of the manifests (their wanted packages) for which everything outside of this image was
    /// precompiled under it.
    #[serde(default)]
    pub(crate) precompiled_for: Vec<Digest>,
    /// Digest of the statements that were recorded in its projects and replayed in its build; none if there were none.
    #[serde(default)]
    pub(crate) recorded: Option<Digest>,
    /// The fingerprint of the processor on which it was tried.
    #[serde(default)]
    pub(crate) tried_on: Option<String>,
    /// The processors that it is for, as read from the file; empty if the form is unknown.
    #[serde(default)]
    pub(crate) targets: Vec<ImageTarget>,
    /// All modules that are loaded when Julia starts with it: the packages, and standard libraries that came with them
    /// without being named. Empty in records of earlier versions.
    #[serde(default)]
    pub(crate) loaded: Vec<Uuid>,
    /// Whether the image itself removes the mark of a start that got through.
    #[serde(default)]
    pub(crate) removes_marks: bool,
    /// The files outside of the tree hashes that its packages read during compilation.
    #[serde(default)]
    pub(crate) tracked: Vec<TrackedFile>,
    /// The installed artifacts of its packages.
    #[serde(default)]
    pub(crate) artifacts: Vec<Artifact>,
    /// Packages with which Julia starts only if the project depends on them directly, by UUID with their names: their
    /// `__init__` looks the package up in the active project.
    #[serde(default)]
    pub(crate) direct_only: BTreeMap<Uuid, String>,
}

impl ImageRecord {
    /// Returns why Julia would not start under it on this processor, in a few words. `None` if it would, or if the key
    /// holds the processor: then the verdict compares that.
    #[must_use]
    pub(crate) fn unfit(&self, inputs: &KeyInputs, processor: impl FnOnce() -> Processor) -> Option<String> {
        let is_for_one = !inputs.processor.is_empty();
        if is_for_one {
            return None;
        }
        let processor = processor();
        if self.tried_on.as_ref() == Some(&processor.fingerprint) {
            return None;
        }
        let target = &inputs.cpu_target;
        match fitness(&self.targets, &processor) {
            Fitness::Fits => None,
            Fitness::Unfit => Some(format!("it is for `{target}`, which this processor is not")),
            Fitness::Unknown => {
                Some(format!("it is for `{target}`, and it is unknown whether this processor is one"))
            }
        }
    }

    /// Those of its packages that it does without: they did not load when it was made, and nothing needed them.
    pub(crate) fn left_out<'a>(&self, inputs: &'a KeyInputs) -> impl Iterator<Item = &'a BakedPackage> {
        let is_known = !self.loaded.is_empty();
        inputs.packages.iter().filter(move |package| is_known && !self.loaded.contains(&package.uuid))
    }

    /// Whether it was built for this project, alone or with others.
    #[must_use]
    pub(crate) fn is_for(&self, project: &str) -> bool {
        self.project == project || self.shared_with.iter().any(|other| other == project)
    }
}

/// Properties that the image's file must still have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// In bytes.
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
    pub(crate) inode: u64,
    /// Digest of the file's path: Julia's caches depend on it, so a moved image is another one.
    pub(crate) path: Digest,
    /// Digest of the contents, for `doctor`.
    pub(crate) contents: Digest,
}

/// Measurements of the build. All times in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurements {
    /// From the first step to the published image.
    pub(crate) build: f64,
    /// Each step of the build, in order.
    #[serde(default)]
    pub(crate) stages: Vec<StageTime>,
    /// Start of Julia that loads the project's direct dependencies, without an image; 0 if not measured.
    pub(crate) load_without: f64,
    /// The same under the image; 0 if not measured.
    pub(crate) load_with: f64,
    /// Peak memory of the build, in bytes; 0 if unknown.
    #[serde(default)]
    pub(crate) peak_memory: u64,
    /// Threads that generated the code, if they were chosen; else 0.
    #[serde(default)]
    pub(crate) image_threads: usize,
}

impl Measurements {
    /// Whether the starts were measured.
    #[must_use]
    pub(crate) fn has_load_times(&self) -> bool {
        self.load_without > 0.0
    }

    /// Whether all of them are numbers: TOML has others, which JSON has not.
    #[must_use]
    pub(crate) fn are_finite(&self) -> bool {
        let stages = self.stages.iter().map(|stage| stage.seconds);
        [self.build, self.load_without, self.load_with].into_iter().chain(stages).all(f64::is_finite)
    }

    /// Seconds that the image saves at each start; negative if it costs.
    #[must_use]
    pub(crate) fn saved(&self) -> f64 {
        self.load_without - self.load_with
    }

    /// Whether the image pays: at least a tenth of a second and a tenth of the time.
    #[must_use]
    pub(crate) fn pays(&self) -> bool {
        self.saved() >= 0.1 && self.saved() >= 0.1 * self.load_without
    }
}

/// Duration and memory of one step of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageTime {
    pub(crate) stage: String,
    pub(crate) seconds: f64,
    /// Peak memory, in bytes; 0 if unknown.
    #[serde(default)]
    pub(crate) peak_memory: u64,
}

/// An image that a store holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KnownImage {
    pub(crate) record: ImageRecord,
    pub(crate) inputs: Arc<KeyInputs>,
    /// Why it must not be used now, in a few words; `None` if it may.
    pub(crate) flaw: Option<String>,
    /// Why it cannot be used on this processor, in a few words; `None` if it can.
    pub(crate) unfit: Option<String>,
    /// Its file.
    pub(crate) path: PathBuf,
    /// It is in another store, which is only read.
    pub(crate) is_shared: bool,
}

impl KnownImage {
    /// Whether Julia may be started under it here.
    #[must_use]
    pub(crate) fn can_be_used(&self) -> bool {
        self.flaw.is_none() && self.unfit.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::key::tests::inputs;
    use crate::model::loading::manifest::Manifest;

    fn record(tried_on: Option<&str>, features: &[&str]) -> ImageRecord {
        let target =
            |features: &&str| ImageTarget { name: "haswell".to_owned(), features: (*features).to_owned() };
        let digest = Digest::of(b"");
        ImageRecord {
            format: RECORD_FORMAT,
            key: digest.clone(),
            built: 1,
            project: String::new(),
            shared_with: Vec::new(),
            julia: String::new(),
            file: FileRecord { size: 1, modified: 1, inode: 1, path: digest.clone(), contents: digest },
            measured: Measurements::default(),
            precompiled_for: Vec::new(),
            recorded: None,
            tried_on: tried_on.map(str::to_owned),
            targets: features.iter().map(target).collect(),
            loaded: Vec::new(),
            removes_marks: true,
            tracked: Vec::new(),
            artifacts: Vec::new(),
            direct_only: BTreeMap::new(),
        }
    }

    #[test]
    fn an_image_is_unfit_where_julia_would_not_start_under_it() {
        let processor = Processor { fingerprint: "this one".to_owned(), features: vec![0b11] };
        let inputs = |cpu_target: &str, processor: &str| KeyInputs {
            cpu_target: cpu_target.to_owned(),
            processor: processor.to_owned(),
            ..inputs(&Manifest::of([]))
        };
        let named = inputs("haswell", "");
        let unfit = |record: ImageRecord, inputs: &KeyInputs| record.unfit(inputs, || processor.clone());
        assert_eq!(unfit(record(None, &["00000001"]), &named), None);
        assert_eq!(
            unfit(record(None, &["00000004"]), &named).expect("unfit"),
            "it is for `haswell`, which this processor is not"
        );
        assert!(unfit(record(None, &[]), &named).is_some_and(|text| text.contains("unknown whether")));
        // It ran here: whatever is known of its targets.
        assert_eq!(unfit(record(Some("this one"), &["00000004"]), &named), None);
        assert!(unfit(record(Some("another"), &["00000004"]), &named).is_some());
        // The key says for which processor.
        assert_eq!(unfit(record(None, &[]), &inputs("native", "this one")), None);
    }
}
