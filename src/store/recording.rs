//! Recordings of what Julia compiled: a file for each start, for the next build.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs;
use crate::model::image::key::Digest;
use crate::model::image::statements::Statements;
use crate::platform;
use crate::store::layout::Layout;

/// Number of recorded starts before their files are merged.
const MOST_FILES: usize = 32;

/// File name of merged recordings.
const WHOLE: &str = "statements.jl";

/// Most bytes that are read of one start: a session may compile for days.
const MOST_BYTES: u64 = 16 << 20;

/// Returns the file to record a project's next start in; `None` if the store cannot be written. `start`, a time and a
/// process number, makes its name unique.
pub(crate) fn next_file(layout: &Layout, project: &Path, start: (i64, u32)) -> Option<PathBuf> {
    let folder = layout.recordings(project);
    platform::create_private_folders(&folder).ok()?;
    if files(&folder).len() > MOST_FILES {
        put_together(&folder);
    }
    Some(file(layout, project, start))
}

/// The file of a start.
pub(crate) fn file(layout: &Layout, project: &Path, (time, process): (i64, u32)) -> PathBuf {
    layout.recordings(project).join(format!("{time}-{process}.jl"))
}

/// Merges the files of recorded starts.
fn put_together(folder: &Path) {
    let files = files(folder);
    let statements = read(&files);
    let text: String = statements.lines().flat_map(|line| [line, "\n"]).collect();
    if fs::replace(&folder.join(WHOLE), text.as_bytes()).is_ok() {
        for file in files.iter().filter(|file| !file.ends_with(WHOLE)) {
            // A Julia that still writes to it keeps its file; what it adds is lost.
            let _ = fs_err::remove_file(file);
        }
    }
}

/// Lists the files of a project's recordings: merged ones first, then by time.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort_by_key(|file| (!file.ends_with(WHOLE), file.clone()));
    files
}

fn read(files: &[PathBuf]) -> Statements {
    let mut statements = Statements::default();
    for file in files {
        // A file that cannot be read is not replayed: a start is slower, nothing else.
        let _ = add(&mut statements, file);
    }
    statements
}

fn add(statements: &mut Statements, file: &Path) -> io::Result<()> {
    let Some(mut lines) = fs::Lines::open(file)? else { return Ok(()) };
    let mut read = 0;
    while let Some(line) = lines.next()? {
        read += line.len() as u64;
        if read > MOST_BYTES {
            break;
        }
        if let Ok(line) = std::str::from_utf8(line) {
            statements.add_line(line);
        }
    }
    Ok(())
}

/// Statements recorded in some projects, as far as an image can hold them.
#[derive(Debug)]
pub(crate) struct Recordings {
    lines: Vec<String>,
}

impl Recordings {
    /// Reads the recordings of `projects`. Keeps only statements whose modules are all among `held`.
    pub(crate) fn read(layout: &Layout, projects: &[&Path], held: &BTreeSet<String>) -> Self {
        let files: Vec<PathBuf> =
            projects.iter().flat_map(|project| files(&layout.recordings(project))).collect();
        let mut lines = read(&files).filtered(held);
        // Sorted: the digest does not depend on the order of the starts.
        lines.sort_unstable();
        Self { lines }
    }

    /// Number of statements.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Digest of the statements; `None` if there are none.
    pub(crate) fn digest(&self) -> Option<Digest> {
        (!self.lines.is_empty()).then(|| Digest::of(self.lines.join("\n").as_bytes()))
    }

    /// Writes the statements into a file for a build; `None` if there are none.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn write(&self, file: &Path) -> io::Result<Option<PathBuf>> {
        if self.lines.is_empty() {
            return Ok(None);
        }
        fs::replace(file, (self.lines.join("\n") + "\n").as_bytes())?;
        Ok(Some(file.to_owned()))
    }
}
