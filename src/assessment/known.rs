//! The projects that a person has: those that were started, built for or found, and those that Pkg worked in.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::context::Context;
use crate::error::Error;
use crate::fs;
use crate::model::usage::journal::{Clock, Uses};
use crate::model::usage::manifest_usage::{UsageReader, is_temporary};
use crate::model::usage::own_folder::is_own_folder;
use crate::model::usage::savings::{DAYS_OF_TRIAL, PayOff};
use crate::path_text;
use crate::store::journal;
use crate::store::project_record::{self, ProjectRecord};

/// Seconds in which an image that was never used is not judged: a week.
const TRIAL: i64 = 7 * 24 * 3600;

/// A project of which something is known. Its folder may be gone.
#[derive(Clone, Debug)]
pub(crate) struct KnownProject {
    /// As path text.
    pub(crate) path: String,
    pub(crate) uses: Uses,
    pub(crate) record: Option<ProjectRecord>,
}

impl KnownProject {
    pub(crate) fn folder(&self) -> PathBuf {
        path_text::decode(&self.path)
    }

    /// Cost, past and future gain of the project's image; `None` without an image or without figures. `saving` is the
    /// saving per start, used if none was measured in this project.
    pub(crate) fn pay_off(&self, clock: Clock, saving: Option<f64>) -> Option<PayOff> {
        let record = self.record.as_ref()?;
        record.image.as_ref()?;
        // An image that was just built and never used cannot be judged yet.
        let is_new = record.worked.is_some_and(|time| clock.now.saturating_sub(time) < TRIAL);
        if is_new && self.uses.last == 0 {
            return None;
        }
        let is_measured = record.measured.has_load_times();
        let saving = if is_measured { record.measured.saved() } else { saving? };
        let starts: u64 = self.uses.images.values().sum();
        // Of earlier images only the project is known: they are taken to have saved as much.
        #[expect(clippy::cast_precision_loss, reason = "a number of starts is exact in a double")]
        let saved = starts as f64 * saving;
        let per_week = self.uses.per_week_since_first(clock) * saving;
        let is_early = self.uses.days_since_first(clock) <= DAYS_OF_TRIAL;
        Some(PayOff { spent: record.spent, saved, per_week, is_early })
    }
}

/// All known projects, by path. Temporary ones, and those that were forgotten and not used since, are left out.
///
/// # Errors
/// Where the journal cannot be read. Errors in a depot's log are ignored.
pub(crate) fn known_projects(
    context: &Context,
    clock: Clock,
    depots: &[PathBuf],
) -> Result<Vec<KnownProject>, Error> {
    let records = project_record::read_all(&context.layout);
    let mut records: HashMap<String, ProjectRecord> =
        records.into_iter().map(|record| (record.path.clone(), record)).collect();
    let uses = uses(context, clock, depots, |path| counted_from(records.get(path)))?;
    let mut known: BTreeMap<String, KnownProject> = BTreeMap::new();
    for (path, uses) in uses {
        // Projects with an image, and those found by a scan, follow below even if unused.
        if uses.last > 0 && !is_temporary(&path) {
            let record = records.remove(&path);
            known.insert(path.clone(), KnownProject { path, uses, record });
        }
    }
    for (path, record) in records {
        if record.image.is_some() || record.is_found {
            known.insert(path.clone(), KnownProject { path, uses: Uses::default(), record: Some(record) });
        }
    }
    Ok(known.into_values().collect())
}

/// Uses of every project with any sign of use, by path: also of forgotten, temporary and removed ones.
///
/// # Errors
/// Where the journal cannot be read.
pub(crate) fn all_uses(
    context: &Context,
    clock: Clock,
    depots: &[PathBuf],
) -> Result<HashMap<String, Uses>, Error> {
    uses(context, clock, depots, |_| i64::MIN)
}

/// Uses of each project, counted from the time that `since` gives for it.
fn uses(
    context: &Context,
    clock: Clock,
    depots: &[PathBuf],
    since: impl Fn(&str) -> i64 + Copy,
) -> Result<HashMap<String, Uses>, Error> {
    let mut uses = journal::uses(&context.layout, clock, since)?;
    let zone = Context::time_zone();
    for depot in depots {
        // The log is optional: Pkg works without it.
        let _ = add_managed(depot, &zone, clock, since, &mut uses);
    }
    uses.remove("-");
    // Pkg's log names the environments that builders work in.
    let root = path_text::encode(context.layout.root());
    uses.retain(|folder, _| !is_own_folder(folder, &root));
    Ok(uses)
}

/// Returns one project with its uses and its record.
///
/// # Errors
/// As [`known_projects`].
pub(crate) fn known_project(context: &Context, clock: Clock, folder: &Path) -> Result<KnownProject, Error> {
    let path = path_text::encode(folder);
    let record = project_record::read(&context.layout, folder);
    let since = |_: &str| counted_from(record.as_ref());
    let uses = journal::uses(&context.layout, clock, since)?.remove(&path).unwrap_or_default();
    Ok(KnownProject { path, uses, record })
}

/// Time from which uses count.
fn counted_from(record: Option<&ProjectRecord>) -> i64 {
    record.and_then(|record| record.forgotten).map_or(i64::MIN, |time| time.saturating_add(1))
}

/// Adds the times at which Pkg worked in a project, from the log of a depot.
fn add_managed(
    depot: &Path,
    zone: &TimeZone,
    clock: Clock,
    since: impl Fn(&str) -> i64,
    uses: &mut HashMap<String, Uses>,
) -> io::Result<()> {
    let Some(mut lines) = fs::Lines::open(&depot.join("logs/manifest_usage.toml"))? else { return Ok(()) };
    let mut reader = UsageReader::new(zone);
    while let Some(line) = lines.next()? {
        let Some(event) = reader.line(line) else { continue };
        let Some(folder) = Path::new(&event.manifest).parent().map(path_text::encode) else { continue };
        if event.time >= since(&folder) {
            uses.entry(folder).or_default().add_sign(event.time, clock);
        }
    }
    Ok(())
}
