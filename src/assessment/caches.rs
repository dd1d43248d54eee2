//! Every precompile file of the depots, with its owner and what becomes of it.

use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;

use crate::assessment::compiled::{self, Compiled, Kind};
use crate::assessment::owners::Owners;
use crate::model::caches::header::{self, Header, HeaderError};
use crate::model::caches::owner::{CacheVerdict, Marks, Owner, Standing, judge};

/// Seconds after which an unfinished compilation counts as broken off.
const DAY: i64 = 24 * 3600;

/// The reason of a file that came with Julia.
pub(crate) const SHIPPED: &str = "comes with Julia";

/// A precompile file with its owner and what becomes of it.
#[derive(Debug)]
pub(crate) struct CacheFile {
    pub(crate) file: Compiled,
    /// `None` if no known project would give it this name.
    pub(crate) owner: Option<Rc<Owner>>,
    pub(crate) verdict: CacheVerdict,
    /// In a few words; empty if there is nothing to say.
    pub(crate) reason: &'static str,
}

/// Judges the files of a listing. `now` is in seconds since 1970.
pub(crate) fn judge_all(files: Vec<Compiled>, owners: &mut Owners, now: i64) -> Vec<CacheFile> {
    files.into_iter().map(|file| judge_one(file, owners, now)).collect()
}

fn judge_one(file: Compiled, owners: &mut Owners, now: i64) -> CacheFile {
    // Files in a Julia's own folder go with that Julia, whoever wrote them.
    if owners.is_shipped(&file.depot) {
        return CacheFile { file, owner: None, verdict: CacheVerdict::Live, reason: SHIPPED };
    }
    let project_slug = match &file.kind {
        compiled::Kind::Cache { project_slug } => project_slug,
        Kind::Leftover if now.saturating_sub(file.last_use()) >= DAY => {
            return CacheFile {
                file,
                owner: None,
                verdict: CacheVerdict::Leftover,
                reason: "a compilation broke off",
            };
        }
        Kind::Leftover => {
            return CacheFile { file, owner: None, verdict: CacheVerdict::Live, reason: "being compiled" };
        }
        Kind::Other => {
            return CacheFile { file, owner: None, verdict: CacheVerdict::Unknown, reason: "" };
        }
    };
    // Nearly all files have the usual marks: only the others' headers are read.
    let mut header = None;
    let mut owner = owners.owner(&file.release, project_slug, Marks::default()).cloned();
    if owner.is_none() {
        header = read_header(&file.path());
        let marks = header.as_ref().map_or(Marks::default(), marks);
        if marks != Marks::default() {
            owner = owners.owner(&file.release, project_slug, marks).cloned();
        }
    }
    let Some(owner) = owner else {
        let reason = match &header {
            Some(header) if owners.knows(&header.julia) => "",
            Some(_) => "of a Julia that is not known",
            None => "damaged, or of a Julia of another kind",
        };
        return CacheFile { file, owner: None, verdict: CacheVerdict::Unknown, reason };
    };
    let asks_for_need = owner.has_julia && !owner.has_project && owner.standing == Standing::InForce;
    let is_needed = asks_for_need && {
        let header = header.or_else(|| read_header(&file.path()));
        // A file counts as needed if its header cannot be read.
        header.and_then(|header| header.source).is_none_or(|source| owners.is_needed(&source))
    };
    let (verdict, reason) = judge(&owner, file.last_use(), is_needed);
    CacheFile { file, owner: Some(owner), verdict, reason }
}

fn marks(header: &Header) -> Marks {
    let usual = Marks::default();
    Marks {
        flags: header.flags.unwrap_or(usual.flags),
        preferences: header.preferences.clone().unwrap_or(usual.preferences),
    }
}

/// Reads the header of a precompile file; `None` if it cannot be read.
fn read_header(path: &Path) -> Option<Header> {
    const FIRST: u64 = 16 << 10;
    const MOST: u64 = 16 << 20;
    let mut length = FIRST;
    loop {
        let mut head = Vec::new();
        fs_err::File::open(path).ok()?.take(length).read_to_end(&mut head).ok()?;
        match header::parse(&head) {
            Ok(header) => return Some(header),
            Err(HeaderError::Truncated) if head.len() as u64 == length && length < MOST => length *= 8,
            Err(_) => return None,
        }
    }
}
