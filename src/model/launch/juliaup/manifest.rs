//! Finds the Julia that a project's manifest names, as juliaup's launcher does with its setting `ManifestVersionDetect`
//! (`src/version_selection.rs` of juliaup 1.23.0). It looks for the project by rules of its own, which are not quite
//! Julia's: no workspaces, no `@script`, versions in names of environments taken literally.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use semver::Version;

use crate::model::loading::environment::{PROJECT_NAMES, ProjectFlag};
use crate::model::loading::files::Files;
use crate::model::loading::paths::{self, System};
use crate::model::loading::toml_file;

const MANIFEST_NAMES: [&str; 2] = ["JuliaManifest.toml", "Manifest.toml"];

/// Inputs of the choice of the project, besides the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProjectQuestion<'a> {
    /// The last `--project` of the command line.
    pub(crate) flag: Option<&'a ProjectFlag>,
    /// `JULIA_PROJECT`; ignored if it is not UTF-8.
    pub(crate) julia_project: Option<&'a OsStr>,
    /// `JULIA_LOAD_PATH`, likewise.
    pub(crate) julia_load_path: Option<&'a OsStr>,
    /// `JULIA_DEPOT_PATH`.
    pub(crate) julia_depot_path: Option<&'a OsStr>,
    /// The current folder.
    pub(crate) directory: &'a Path,
    /// The user's home folder.
    pub(crate) home: Option<&'a Path>,
    /// Whether Julia will be given the project above the current folder if nobody names one.
    pub(crate) looks_upward: bool,
}

/// Returns `julia_version` from the manifest of the chosen project; `None` if juliaup would go on to its default
/// channel.
pub(crate) fn julia_version(question: &ProjectQuestion<'_>, files: &dyn Files) -> Option<String> {
    let search = Search { question, files };
    let project = search.project()?;
    let manifest = search.manifest(&project)?;
    version_in_head(&files.read(&manifest).ok()??)
}

/// Reads the value, which is before the first table; the rest of a manifest may be long. (juliaup reads all of it, and
/// skips a manifest whose rest is no TOML.)
fn version_in_head(manifest: &[u8]) -> Option<String> {
    let lines = manifest.split_inclusive(|byte| *byte == b'\n');
    let head: Vec<u8> =
        lines.take_while(|line| !line.trim_ascii_start().starts_with(b"[")).flatten().copied().collect();
    let table = toml_file::table(&head).ok()?;
    Some(table.get("julia_version")?.as_str()?.to_owned())
}

/// Forms of a text that may name a project.
enum Spec {
    Upward,
    Named(String),
    Path(PathBuf),
    Nothing,
}

struct Search<'a> {
    question: &'a ProjectQuestion<'a>,
    files: &'a dyn Files,
}

impl Search<'_> {
    /// Returns the project file, which need not exist (`determine_project_version_spec_impl`).
    fn project(&self) -> Option<PathBuf> {
        let variable = || {
            let text = self.question.julia_project?.to_str()?;
            Some(if text.trim().is_empty() { "@." } else { text }.to_owned())
        };
        let named = match self.question.flag {
            Some(ProjectFlag::Bare) => Some("@.".to_owned()),
            Some(ProjectFlag::Value(value)) => Some(value.to_str()?.to_owned()),
            None => variable(),
        };
        let found = named.as_deref().and_then(|text| self.expand(text));
        let found = found.or_else(|| self.in_load_path());
        let is_free = named.is_none() && self.question.julia_load_path.is_none();
        found.or_else(|| (is_free && self.question.looks_upward).then(|| self.expand("@."))?)
    }

    /// The first entry of `JULIA_LOAD_PATH` that has a manifest (`find_project_from_load_path`).
    fn in_load_path(&self) -> Option<PathBuf> {
        let text = self.question.julia_load_path?.to_str()?;
        let entries = text.split(char::from(System::HOST.separator())).map(str::trim);
        let entries =
            entries.filter(|entry| !matches!(*entry, "" | "@" | "@stdlib") && !entry.starts_with("@v"));
        entries.filter_map(|entry| self.expand(entry)).find(|project| self.manifest(project).is_some())
    }

    /// `load_path_expand_impl`.
    fn expand(&self, text: &str) -> Option<PathBuf> {
        match self.spec(text) {
            Spec::Upward => self.upward(),
            Spec::Named(name) => self.environment(&name),
            Spec::Path(path) if self.files.is_directory(&path) => {
                Some(self.file_in(&path, &PROJECT_NAMES).unwrap_or(path))
            }
            Spec::Path(path) => Some(path),
            Spec::Nothing => None,
        }
    }

    fn spec(&self, text: &str) -> Spec {
        match text.strip_prefix('@') {
            Some("" | "stdlib") => Spec::Nothing,
            Some(".") => Spec::Upward,
            Some(name) => Spec::Named(name.to_owned()),
            None => {
                let home = self.question.home;
                let below = text.strip_prefix("~/").or((text == "~").then_some(""));
                let expanded = below.zip(home).map(|(below, home)| home.join(below));
                Spec::Path(self.question.directory.join(expanded.unwrap_or_else(|| PathBuf::from(text))))
            }
        }
    }

    /// The nearest project file at or above the current folder, and not above the home folder (`current_project`).
    fn upward(&self) -> Option<PathBuf> {
        for folder in self.question.directory.ancestors() {
            let found = self.file_in(folder, &PROJECT_NAMES);
            if found.is_some() || Some(folder) == self.question.home {
                return found;
            }
        }
        None
    }

    /// `@name`, in the depots as they are written.
    fn environment(&self, name: &str) -> Option<PathBuf> {
        let depots: Vec<PathBuf> = match self.question.julia_depot_path {
            Some(list) => paths::split_list(list, System::HOST).into_iter().map(PathBuf::from).collect(),
            None => vec![self.question.home?.join(".julia")],
        };
        let folders =
            depots.iter().map(|depot| self.question.directory.join(depot).join("environments").join(name));
        folders.into_iter().find_map(|folder| self.file_in(&folder, &PROJECT_NAMES))
    }

    /// `project_file_manifest_path`: the manifest that the project names, else the versioned one of the highest
    /// version, else the plain one.
    fn manifest(&self, project: &Path) -> Option<PathBuf> {
        let folder = project.parent()?;
        if !self.files.is_file(project) {
            return None;
        }
        let table = toml_file::table(&self.files.read(project).ok()??).ok()?;
        let named = table.get("manifest").and_then(toml::Value::as_str).map(|path| folder.join(path));
        let named = named.filter(|path| self.files.is_file(path));
        named.or_else(|| self.versioned(folder)).or_else(|| self.file_in(folder, &MANIFEST_NAMES))
    }

    /// `find_highest_versioned_manifest`: of equal versions the one whose name begins with `Julia`.
    fn versioned(&self, folder: &Path) -> Option<PathBuf> {
        let names = self.files.names(folder);
        let versioned = names.iter().filter_map(|name| Some((manifest_version(name)?, name)));
        let (_, name) = versioned.max_by_key(|((version, is_julias), _)| (version.clone(), *is_julias))?;
        Some(folder.join(name))
    }

    fn file_in(&self, folder: &Path, names: &[&str]) -> Option<PathBuf> {
        names.iter().map(|name| folder.join(name)).find(|path| self.files.is_file(path))
    }
}

/// The version in the name of a versioned manifest, and whether the name begins with `Julia`.
fn manifest_version(name: &OsString) -> Option<(Version, bool)> {
    let name = name.to_str()?;
    let (rest, is_julias) = match name.strip_prefix("JuliaManifest-v") {
        Some(rest) => (rest, true),
        None => (name.strip_prefix("Manifest-v")?, false),
    };
    let text = rest.strip_suffix(".toml")?;
    let whole = match text.split('.').count() {
        1 => format!("{text}.0.0"),
        2 => format!("{text}.0"),
        _ => text.to_owned(),
    };
    let version = Version::parse(text).or_else(|_| Version::parse(&whole)).ok()?;
    Some((version, is_julias))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::model::loading::files::MemoryFiles;

    fn named(version: &str) -> String {
        format!(
            "# made by Pkg\njulia_version = \"{version}\"\nmanifest_format = \"2.0\"\n\n[[deps.A]]\n = no TOML\n"
        )
    }

    fn question<'a>() -> ProjectQuestion<'a> {
        ProjectQuestion {
            flag: None,
            julia_project: None,
            julia_load_path: None,
            julia_depot_path: None,
            directory: Path::new("/home/u/w/src"),
            home: Some(Path::new("/home/u")),
            looks_upward: false,
        }
    }

    fn disk() -> MemoryFiles {
        MemoryFiles::default()
            .with("/home/u/w/Project.toml", "")
            .with("/home/u/w/Manifest.toml", named("1.10.8"))
            .with("/home/u/w/src/a.jl", "")
            .with("/home/u/.julia/environments/tools/Project.toml", "")
            .with("/home/u/.julia/environments/tools/Manifest.toml", named("1.11.1"))
            .with("/home/u/w/src/tools/Project.toml", "")
            .with("/home/u/w/src/tools/Manifest.toml", named("1.11.1"))
            .with("/opt/p/JuliaProject.toml", "manifest = \"other/M.toml\"")
            .with("/opt/p/other/M.toml", named("1.12.5"))
            .with("/opt/p/Manifest.toml", named("1.0.0"))
            .with("/opt/bare/Project.toml", "")
    }

    #[test]
    fn the_project_is_the_one_that_julia_is_told() {
        let flag = |text: &str| ProjectFlag::Value(text.into());
        let version = |question: &ProjectQuestion<'_>| julia_version(question, &disk());
        assert_eq!(version(&question()), None, "nobody names one");
        assert_eq!(version(&ProjectQuestion { looks_upward: true, ..question() }).as_deref(), Some("1.10.8"));
        let table = [
            ("@.", Some("1.10.8")),
            ("/home/u/w/Project.toml", Some("1.10.8")),
            ("tools", Some("1.11.1")),
            ("~/w", Some("1.10.8")),
            ("@tools", Some("1.11.1")),
            ("@v1.10", None),
            ("@stdlib", None),
            ("/opt/p", Some("1.12.5")),
            ("/opt/bare", None),
            ("/nowhere", None),
        ];
        for (text, expected) in table {
            let by_flag = flag(text);
            let by_flag = ProjectQuestion { flag: Some(&by_flag), looks_upward: true, ..question() };
            assert_eq!(version(&by_flag).as_deref(), expected, "--project={text}");
            let by_variable = ProjectQuestion { julia_project: Some(OsStr::new(text)), ..question() };
            assert_eq!(version(&by_variable).as_deref(), expected, "JULIA_PROJECT={text}");
        }
        let bare = ProjectQuestion {
            flag: Some(&ProjectFlag::Bare),
            julia_project: Some(OsStr::new("/opt/p")),
            ..question()
        };
        assert_eq!(version(&bare).as_deref(), Some("1.10.8"), "the flag comes first");
        let empty = ProjectQuestion { julia_project: Some(OsStr::new(" ")), ..question() };
        assert_eq!(version(&empty).as_deref(), Some("1.10.8"));
        let load_path = |text: &'static str| ProjectQuestion {
            julia_load_path: Some(OsStr::new(text)),
            looks_upward: true,
            ..question()
        };
        assert_eq!(version(&load_path("@:@v1.12:/opt/bare:/opt/p:@tools")).as_deref(), Some("1.12.5"));
        assert_eq!(version(&load_path("@:@stdlib")), None);
        let depots = ProjectQuestion {
            julia_project: Some(OsStr::new("@tools")),
            julia_depot_path: Some(OsStr::new("/none:/home/u/.julia")),
            ..question()
        };
        assert_eq!(version(&depots).as_deref(), Some("1.11.1"));
    }

    #[test]
    fn looking_upward_ends_at_the_home_folder() {
        let files = MemoryFiles::default()
            .with("/home/Project.toml", "")
            .with("/home/Manifest.toml", named("1.9.0"))
            .with_directory("/home/u/x");
        let upward = ProjectQuestion { directory: Path::new("/home/u/x"), looks_upward: true, ..question() };
        assert_eq!(julia_version(&upward, &files), None);
        let elsewhere = ProjectQuestion { home: Some(Path::new("/home/other")), ..upward };
        assert_eq!(julia_version(&elsewhere, &files).as_deref(), Some("1.9.0"));
    }

    #[test]
    fn the_highest_versioned_manifest_comes_first() {
        let version = |names: &[(&str, &str)]| {
            let mut files = MemoryFiles::default().with("/p/Project.toml", "manifest = \"absent.toml\"");
            for (name, version) in names {
                files = files.with(Path::new("/p").join(name), named(version));
            }
            let flag = ProjectFlag::Value("/p".into());
            julia_version(&ProjectQuestion { flag: Some(&flag), ..question() }, &files).unwrap_or_default()
        };
        assert_eq!(version(&[("Manifest.toml", "1.6.0"), ("JuliaManifest.toml", "1.7.0")]), "1.7.0");
        let versioned =
            [("Manifest.toml", "1.6.0"), ("Manifest-v1.9.toml", "1.9.1"), ("Manifest-v1.10.toml", "1.10.2")];
        assert_eq!(version(&versioned), "1.10.2");
        assert_eq!(
            version(&[("Manifest-v1.10.toml", "1.10.2"), ("JuliaManifest-v1.10.toml", "1.10.3")]),
            "1.10.3"
        );
        assert_eq!(
            version(&[
                ("Manifest-v2.toml", "2.0.0"),
                ("Manifest-vx.toml", "3.0.0"),
                ("Manifest-v9", "9.0.0")
            ]),
            "2.0.0"
        );
    }

    #[test]
    fn what_cannot_be_read_names_no_version() {
        let flag = ProjectFlag::Value("/p".into());
        let version = |project: &str, manifest: &str| {
            let files =
                MemoryFiles::default().with("/p/Project.toml", project).with("/p/Manifest.toml", manifest);
            julia_version(&ProjectQuestion { flag: Some(&flag), ..question() }, &files)
        };
        assert_eq!(version("", "julia_version = \"1.10.8\"").as_deref(), Some("1.10.8"));
        for (project, manifest) in [
            ("no TOML", "julia_version = \"1.10.8\""),
            ("", ""),
            ("", "julia_version = 1.10"),
            ("", "julia_version = \"1.10.8"),
            ("", "[deps]\njulia_version = \"1.10.8\"\n"),
        ] {
            assert_eq!(version(project, manifest), None, "{project:?}, {manifest:?}");
        }
    }
}
