//! Finds the owner of a precompile file: computes the names that Julia gives to the files of each project, image and
//! Julia, and looks the file's name up among them.

use std::collections::HashMap;
use std::rc::Rc;

use semver::Version;
use serde::Serialize;

use crate::model::caches::slug::{DEFAULT_FLAGS, ProjectSlug};
use crate::model::image::key::Digest;

/// State of the image that a file was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is Julia's own, or the one that the project's starts get.
    InForce,
    /// The project got another one at this time (seconds since 1970).
    Superseded { since: i64 },
    /// It was removed, and the project has no other one.
    Gone,
}

/// Owner of a precompile file: the project, image and Julia whose starts give it its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The project's folder as path text; empty for a start without a project.
    pub(crate) project: String,
    /// Whether the project is still there; also true while that is unknown.
    pub(crate) has_project: bool,
    /// Key of the image; `None` for Julia's own.
    pub(crate) image: Option<Digest>,
    pub(crate) standing: Standing,
    /// Path text of the Julia.
    pub(crate) julia: String,
    /// Whether the Julia is still there.
    pub(crate) has_julia: bool,
}

/// Standing of a precompile file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CacheVerdict {
    /// A project that exists loads it, or may load it.
    Live,
    /// Its project, its image or its Julia is gone.
    Orphan,
    /// Its project has got another image.
    Superseded,
    /// Left by a compilation that did not end.
    Leftover,
    /// Its writer is unknown. Never deleted.
    Unknown,
}

impl CacheVerdict {
    /// The word for it.
    #[must_use]
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Orphan => "orphan",
            Self::Superseded => "superseded",
            Self::Leftover => "leftover",
            Self::Unknown => "unknown",
        }
    }

    /// Whether `gc` may delete the file.
    #[must_use]
    pub(crate) const fn is_garbage(self) -> bool {
        matches!(self, Self::Orphan | Self::Superseded | Self::Leftover)
    }
}

/// Returns the standing of a file of `owner` that was last loaded at `last_use` (seconds since 1970), and the reason.
///
/// Julia loads any file of a package whose contents fit, whoever wrote it: `is_needed` means that an existing project
/// holds this very code. A file that was loaded after its image was replaced fits under another image.
#[must_use]
pub(crate) fn judge(owner: &Owner, last_use: i64, is_needed: bool) -> (CacheVerdict, &'static str) {
    if !owner.has_julia {
        return (CacheVerdict::Orphan, "its Julia is gone");
    }
    match owner.standing {
        Standing::Gone => (CacheVerdict::Orphan, "its image is gone"),
        Standing::Superseded { since } if last_use < since => {
            (CacheVerdict::Superseded, "its image was replaced")
        }
        Standing::Superseded { .. } => (CacheVerdict::Live, "used under another image"),
        Standing::InForce if owner.has_project => (CacheVerdict::Live, ""),
        Standing::InForce if is_needed => (CacheVerdict::Live, "others have the same code"),
        Standing::InForce => (CacheVerdict::Orphan, "its project is gone"),
    }
}

/// The parts of a file's name that only its header gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Marks {
    /// Julia 1.9 and later.
    pub(crate) flags: u8,
    /// Julia 1.6 and later; as in [`ProjectSlug`].
    pub(crate) preferences: Vec<u8>,
}

impl Default for Marks {
    /// The marks of nearly all files.
    fn default() -> Self {
        Self { flags: DEFAULT_FLAGS, preferences: Vec::new() }
    }
}

/// A project, image and Julia that may have written files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    /// `Base.active_project()`.
    pub(crate) active_project: Vec<u8>,
    /// `JLOptions().image_file`.
    pub(crate) image_file: Vec<u8>,
    /// `JLOptions().julia_bin`.
    pub(crate) binary: Vec<u8>,
    pub(crate) owner: Rc<Owner>,
}

/// All candidates for the writer of a file of one release of Julia.
#[derive(Debug)]
pub(crate) struct Writers {
    julia: Version,
    cpu_targets: CpuTargets,
    list: Vec<Writer>,
    by_slug: HashMap<(Marks, IsRare), HashMap<String, usize>>,
}

/// The targets for which files may have been written, as `JULIA_CPU_TARGET` and `-C` name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTargets {
    /// Targets of nearly all starts.
    pub(crate) usual: Vec<Vec<u8>>,
    /// Other targets, tried if no name of the usual ones matches.
    pub(crate) rare: Vec<Vec<u8>>,
}

/// Whether names are those of rare targets.
type IsRare = bool;

impl Writers {
    /// `julia` is any version of the release. If two writers give the same name, the earlier counts.
    #[must_use]
    pub(crate) fn new(julia: Version, cpu_targets: CpuTargets, writers: Vec<Writer>) -> Self {
        Self { julia, cpu_targets, list: writers, by_slug: HashMap::new() }
    }

    /// Returns the owner of the files with this second part of the name.
    pub(crate) fn owner(&mut self, project_slug: &str, marks: Marks) -> Option<&Rc<Owner>> {
        let kinds = [(marks.clone(), false), (marks, true)];
        let place = kinds.iter().find_map(|kind| self.place(project_slug, kind))?;
        self.list.get(place).map(|writer| &writer.owner)
    }

    /// Returns the place in the list of the writer that gives this name.
    fn place(&mut self, project_slug: &str, kind: &(Marks, IsRare)) -> Option<usize> {
        if !self.by_slug.contains_key(kind) {
            let names = self.names(&kind.0, kind.1);
            self.by_slug.insert(kind.clone(), names);
        }
        self.by_slug.get(kind)?.get(project_slug).copied()
    }

    fn names(&self, marks: &Marks, is_rare: IsRare) -> HashMap<String, usize> {
        let mut names = HashMap::new();
        let cpu_targets = if is_rare { &self.cpu_targets.rare } else { &self.cpu_targets.usual };
        for flags in self.flags(marks.flags) {
            for cpu_target in cpu_targets {
                for (place, writer) in self.list.iter().enumerate() {
                    let slug = ProjectSlug {
                        julia: &self.julia,
                        project: &writer.active_project,
                        image: &writer.image_file,
                        binary: &writer.binary,
                        flags,
                        cpu_target,
                        preferences: &marks.preferences,
                    };
                    if let Ok(slug) = slug.text() {
                        names.entry(slug).or_insert(place);
                    }
                }
            }
        }
        names
    }

    /// Returns the flags that may be in the name of a file with `flags` in its header: without native code Julia puts
    /// the caller's `-O` into the name and the worker's `-O0` into the header (`create_expr_cache`, `base/loading.jl`
    /// 1.10.4:2257, 1.12.5:3088).
    fn flags(&self, flags: u8) -> Vec<u8> {
        const NATIVE: u8 = 1;
        const LEVELS: u8 = 0b1100_0000;
        if self.julia.minor >= 9 && flags & NATIVE == 0 {
            let levels = (0..4).map(|level| flags & !LEVELS | level << 6);
            return levels.collect();
        }
        vec![flags]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            project: "/p".to_owned(),
            has_project: true,
            image: None,
            standing: Standing::InForce,
            julia: "/b/julia".to_owned(),
            has_julia: true,
        }
    }

    fn writers(julia: &str) -> Writers {
        let writer = |project: &str| Writer {
            active_project: format!("{project}/Project.toml").into_bytes(),
            image_file: b"/i/sys.so".to_vec(),
            binary: b"/b/julia".to_vec(),
            owner: Rc::new(Owner { project: project.to_owned(), ..owner() }),
        };
        let julia = Version::parse(julia).expect("a version");
        let cpu_targets =
            CpuTargets { usual: vec![b"native".to_vec()], rare: vec![b"generic;haswell,clone_all".to_vec()] };
        Writers::new(julia, cpu_targets, vec![writer("/q"), writer("/p")])
    }

    #[test]
    fn a_name_leads_back_to_its_writer() {
        // The vectors of cache_slug.rs.
        let project = |writers: &mut Writers, slug: &str, marks| {
            writers.owner(slug, marks).map(|owner| owner.project.clone())
        };
        let mut old = writers("1.5.3");
        assert_eq!(project(&mut old, "fzk3p", Marks::default()).as_deref(), Some("/p"));
        assert_eq!(project(&mut old, "AAAAA", Marks::default()), None);
        let mut new = writers("1.12.6");
        assert_eq!(project(&mut new, "RiAPl", Marks::default()).as_deref(), Some("/p"), "a rare target");
        let preferences = vec![8, 7, 6, 5, 4, 3, 2, 1];
        let marks = Marks { preferences, ..Marks::default() };
        assert_eq!(project(&mut new, "OhcQJ", Marks::default()).as_deref(), Some("/p"));
        assert_eq!(project(&mut new, "ikcUB", Marks::default()), None);
        assert_eq!(project(&mut new, "ikcUB", marks).as_deref(), Some("/p"));
        let marks = Marks { flags: DEFAULT_FLAGS & !1, ..Marks::default() };
        assert_eq!(project(&mut new, "bVvIu", marks).as_deref(), Some("/p"));
    }

    #[test]
    fn without_native_code_any_level_of_the_caller_may_be_in_the_name() {
        for julia in ["1.10.4", "1.12.6"] {
            let mut writers = writers(julia);
            // The name has -O2, the header the worker's -O0.
            let marks = Marks { flags: DEFAULT_FLAGS & !1 & 0b0011_1111, ..Marks::default() };
            assert!(writers.owner("bVvIu", marks.clone()).is_some());
            assert!(writers.owner("OhcQJ", marks).is_none());
        }
    }

    #[test]
    fn what_somebody_may_load_is_live() {
        let verdict = |owner: Owner, needed| judge(&owner, 100, needed).0;
        assert_eq!(verdict(owner(), false), CacheVerdict::Live);
        let gone = Owner { has_project: false, ..owner() };
        assert_eq!(verdict(gone.clone(), false), CacheVerdict::Orphan);
        assert_eq!(verdict(gone, true), CacheVerdict::Live);
        assert_eq!(verdict(Owner { has_julia: false, ..owner() }, true), CacheVerdict::Orphan);
        assert_eq!(verdict(Owner { standing: Standing::Gone, ..owner() }, true), CacheVerdict::Orphan);
        let replaced = |since| Owner { standing: Standing::Superseded { since }, ..owner() };
        assert_eq!(verdict(replaced(101), true), CacheVerdict::Superseded);
        assert_eq!(verdict(replaced(100), false), CacheVerdict::Live);
    }
}
