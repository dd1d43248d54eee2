//! Recordings of what Julia compiled: a file for each start, for the next build.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs;
use crate::model::image::key::Digest;
use crate::model::image::record::ImageRecord;
use crate::model::image::statements::Statements;
use crate::platform;
use crate::store::layout::Layout;

/// Number of recorded starts before their files are merged.
const MOST_FILES: usize = 32;

/// File name of merged recordings.
const WHOLE: &str = "statements.jl";

/// Most bytes that are read of one start: a session may compile for days.
const MOST_BYTES: u64 = 16 << 20;

/// Number of starts of a project that are recorded unasked, before its first build and after each one.
const FIRST_STARTS: usize = 8;

/// Prefix of the file of a start that was recorded unasked.
const UNASKED: &str = "first-";

/// Why a start is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The user or the project asks for it.
    Asked,
    /// It is one of the first.
    First,
}

/// Makes the file to record a project's next start in: it is there when Julia opens it, which would end where it could not
/// be made. `None` if the store cannot be written, or the first starts are recorded already. `start`, a time and a process
/// number, makes its name unique.
pub(crate) fn next_file(
    layout: &Layout,
    project: &Path,
    start: (i64, u32),
    occasion: Occasion,
) -> Option<PathBuf> {
    let folder = layout.recordings(project);
    let files = files(&folder);
    if occasion == Occasion::First && unasked(&files) >= FIRST_STARTS {
        return None;
    }
    if files.is_empty() {
        platform::create_private_folders(&folder).ok()?;
    } else if files.len() > MOST_FILES {
        put_together(&folder);
    }
    let file = file(layout, project, start, occasion);
    fs_err::File::create_new(&file).ok()?;
    Some(file)
}

/// Whether all first starts of a project were recorded since its last build.
pub(crate) fn has_first_starts(layout: &Layout, project: &Path) -> bool {
    unasked(&files(&layout.recordings(project))) >= FIRST_STARTS
}

/// The file of a start.
pub(crate) fn file(
    layout: &Layout,
    project: &Path,
    (time, process): (i64, u32),
    occasion: Occasion,
) -> PathBuf {
    let prefix = if occasion == Occasion::First { UNASKED } else { "" };
    layout.recordings(project).join(format!("{prefix}{time}-{process}.jl"))
}

fn is_unasked(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNASKED))
}

fn unasked(files: &[PathBuf]) -> usize {
    files.iter().filter(|file| is_unasked(file)).count()
}

/// Merges the recordings of projects, for a build: their next starts are first ones again.
pub(crate) fn merge(layout: &Layout, projects: &[&Path]) {
    for project in projects {
        let folder = layout.recordings(project);
        if !files(&folder).is_empty() {
            put_together(&folder);
        }
    }
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
    /// Sorted: the digest does not depend on the order of the starts.
    lines: Vec<String>,
    /// Those that were not recorded unasked since the last build.
    asked: Vec<String>,
}

/// Number of recorded statements that an image lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacking {
    pub(crate) all: usize,
    /// Of starts that somebody asked to record.
    pub(crate) asked: usize,
}

impl Lacking {
    /// Seconds that compiling them takes, by estimate.
    #[expect(clippy::cast_precision_loss, reason = "a number of statements is exact in a double")]
    pub(crate) fn seconds(self) -> f64 {
        /// Measured with two large packages on Julia 1.10: 5 to 20 ms.
        const SECONDS_PER_STATEMENT: f64 = 0.01;
        self.all as f64 * SECONDS_PER_STATEMENT
    }

    /// Whether a build with them is worth while for one who asks for a build.
    pub(crate) fn is_worth_a_build(self) -> bool {
        const SECONDS: f64 = 0.5;
        self.asked > 0 || self.seconds() >= SECONDS
    }
}

impl Recordings {
    /// Reads the recordings of `projects`. Keeps only statements whose modules are all among `held`.
    pub(crate) fn read(layout: &Layout, projects: &[&Path], held: &BTreeSet<String>) -> Self {
        let files: Vec<PathBuf> =
            projects.iter().flat_map(|project| files(&layout.recordings(project))).collect();
        let (unasked, asked): (Vec<PathBuf>, Vec<PathBuf>) =
            files.iter().cloned().partition(|file| is_unasked(file));
        let sorted = |files: &[PathBuf]| {
            let mut lines = read(files).filtered(held);
            lines.sort_unstable();
            lines
        };
        let lines = sorted(&files);
        let asked = if unasked.is_empty() { lines.clone() } else { sorted(&asked) };
        Self { lines, asked }
    }

    /// Number of statements.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Digest of the statements; `None` if there are none.
    pub(crate) fn digest(&self) -> Option<Digest> {
        (!self.lines.is_empty()).then(|| Digest::of(self.lines.join("\n").as_bytes()))
    }

    /// Those that were not replayed when an image was built.
    pub(crate) fn lacking(&self, layout: &Layout, image: &ImageRecord) -> Lacking {
        if self.lines.is_empty() || self.digest() == image.recorded {
            return Lacking::default();
        }
        let replayed = fs::read_limited(&layout.replayed(&image.key)).ok().flatten().unwrap_or_default();
        let replayed: BTreeSet<&[u8]> = replayed.split(|byte| *byte == b'\n').collect();
        let lacking =
            |lines: &[String]| lines.iter().filter(|line| !replayed.contains(line.as_bytes())).count();
        Lacking { all: lacking(&self.lines), asked: lacking(&self.asked) }
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
