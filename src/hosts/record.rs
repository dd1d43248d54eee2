//! Records of what was done for each host, written before it is done, so that it can be taken back.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::error::HostError;
use crate::hosts::plan::{DerivedFiles, ProgramStep, Step};
use crate::hosts::setup::Setup;
use crate::model::hosts::edit::{Edit, Patch};
use crate::path_text::PathText;
use crate::store::layout::Layout;

/// Version of the record's form. Newer ones are not read.
const FORMAT: u32 = 1;

/// What was done for one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u32,
    pub(crate) setup: Setup,
    pub(crate) done: Vec<Done>,
    /// Folders that were not there before, parents first.
    pub(crate) folders: Vec<PathText>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub(crate) enum Done {
    File {
        path: PathText,
        #[serde(alias = "remains")]
        derived: Option<DerivedFiles>,
    },
    Link {
        path: PathText,
        target: PathText,
    },
    Edit {
        path: PathText,
        edit: Edit,
        patch: Patch,
        existed: bool,
    },
    Program(ProgramStep),
}

impl Record {
    pub(crate) fn new(setup: Setup, done: Vec<Done>, folders: Vec<PathText>) -> Self {
        Self { format: FORMAT, setup, done, folders }
    }

    /// Adds what only the other record has.
    pub(crate) fn joined(mut self, other: &Self) -> Self {
        let more: Vec<Done> = other.done.iter().filter(|done| !self.done.contains(done)).cloned().collect();
        self.done.extend(more);
        for folder in &other.folders {
            if !self.folders.contains(folder) {
                self.folders.push(folder.clone());
            }
        }
        self
    }
}

impl Done {
    /// Whether this was done for the step.
    pub(super) fn concerns(&self, step: &Step) -> bool {
        match (self, step) {
            (Self::File { path, .. }, Step::File(file)) => path.0 == file.path,
            (Self::Link { path, .. }, Step::Link { path: wanted, .. }) => path.0 == *wanted,
            (Self::Edit { path, edit, .. }, Step::Edit { path: wanted, edit: wanted_edit }) => {
                path.0 == *wanted && edit == wanted_edit
            }
            (Self::Program(program), Step::Program(wanted)) => program.does_as(wanted),
            _ => false,
        }
    }
}

/// Reads the record of a host, if it was set up.
///
/// # Errors
/// Where there is one and it cannot be read: it is needed to take things back, and must not be overwritten.
pub(crate) fn read(layout: &Layout, setup: &Setup) -> Result<Option<Record>, HostError> {
    parse(&layout.host_record(&setup.identity()))
}

/// Reads all records, sorted by file name; for an unreadable one, returns why.
pub(crate) fn read_all(layout: &Layout) -> Vec<Result<Record, HostError>> {
    let Ok(entries) = fs_err::read_dir(layout.host_records()) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| parse(path).transpose()).collect()
}

/// Keeps a record on disk.
///
/// # Errors
/// Where the store cannot be written.
pub(crate) fn keep(layout: &Layout, record: &Record) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(record).map_err(io::Error::other)?;
    fs::replace_durably(&layout.host_record(&record.setup.identity()), &text)
}

/// Removes a record.
///
/// # Errors
/// Where it is there and cannot be removed.
pub(crate) fn remove(layout: &Layout, record: &Record) -> io::Result<()> {
    match fs_err::remove_file(layout.host_record(&record.setup.identity())) {
        Err(error) if !fs::is_absence(&error) => Err(error),
        _ => Ok(()),
    }
}

fn parse(path: &Path) -> Result<Option<Record>, HostError> {
    #[derive(Deserialize)]
    struct Form {
        format: u32,
    }
    let unreadable = |why: String| HostError::Refused {
        text: format!("`{}`, which says what was done, {why}", path.display()),
        hints: vec![
            "move it elsewhere, and set up anew: what was done before can then only be taken back by hand"
                .to_owned(),
        ],
    };
    let Some(contents) =
        fs::read_limited(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?
    else {
        return Ok(None);
    };
    if serde_json::from_slice::<Form>(&contents).is_ok_and(|form| form.format > FORMAT) {
        return Err(unreadable("is from a newer jlproj".to_owned()));
    }
    serde_json::from_slice(&contents).map(Some).map_err(|error| unreadable(format!("is damaged: {error}")))
}
