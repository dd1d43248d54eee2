//! Turns one entry of the load path into a path (`load_path_expand`, `base/initdefs.jl`), and finds the kind of
//! environment at that path (`env_project_file`, `base/loading.jl`).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{EnvironmentError, Files, Question};
use crate::model::loading::{paths, toml_file};

/// `project_names`, `base/loading.jl`, all versions.
pub(crate) const PROJECT_NAMES: [&str; 2] = ["JuliaProject.toml", "Project.toml"];

/// Meaning of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expanded {
    /// No environment.
    Nothing,
    /// A folder that Julia makes for this session alone.
    Temporary,
    /// The standard libraries.
    Stdlib,
    /// A project file or a folder; need not exist.
    Path(PathBuf),
}

/// Result of `env_project_file` for a path.
pub(super) enum Kind {
    Project(PathBuf),
    Packages,
    Absent,
}

/// A question with the files to answer it from.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) files: &'a dyn Files,
}

impl Search<'_> {
    /// Whether the Julia in question is this one or a later one.
    pub(super) fn since(&self, major: u64, minor: u64, patch: u64) -> bool {
        let julia = self.question.julia;
        (julia.major, julia.minor, julia.patch) >= (major, minor, patch)
    }

    /// `abspath`.
    pub(super) fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        paths::absolute(self.question.directory, path)
    }

    /// `expanduser`.
    pub(super) fn expand_tilde(&self, text: &OsStr) -> Result<OsString, EnvironmentError> {
        Ok(paths::expand_tilde(text, self.question.home, self.question.system)?)
    }

    /// `load_path_expand`, apart from `@`, which depends on the active project.
    pub(super) fn expand(&self, entry: &OsStr) -> Expanded {
        let bytes = entry.as_encoded_bytes();
        if bytes.first() != Some(&b'@') {
            return Expanded::Path(self.project_or(self.absolute(entry)));
        }
        match bytes {
            b"@." => optional(self.upward(self.question.directory)),
            b"@stdlib" => Expanded::Stdlib,
            b"@temp" if self.since(1, 12, 0) => Expanded::Temporary,
            _ if bytes.starts_with(b"@script") && self.since(1, 11, 0) => {
                self.beside_script(&bytes[b"@script".len()..])
            }
            _ => optional(self.named(&bytes[1..])),
        }
    }

    /// `current_project`: the project file in `directory` or in the nearest folder above it, but not above the home
    /// folder. A relative `directory` is left only as far as its text goes.
    pub(super) fn upward(&self, directory: &Path) -> Option<PathBuf> {
        let home = self.question.home.map(Path::as_os_str);
        let mut directory = directory.to_owned();
        loop {
            if let Some(file) = self.project_in(&self.absolute(&directory)) {
                return Some(file);
            }
            if Some(directory.as_os_str()) == home {
                return None;
            }
            let above = paths::directory_name(&directory);
            if above == directory {
                return None;
            }
            directory = above;
        }
    }

    /// `@script` with the text after it. Without a script only the current folder is searched. Julia 1.11.0 to 1.11.5
    /// did not know the script's name yet at this point (fixed by JuliaLang/julia#56351): they looked into the current
    /// folder, or took the rest as a path.
    fn beside_script(&self, rest: &[u8]) -> Expanded {
        if !self.since(1, 11, 6) {
            return match rest {
                b"" => optional(self.upward(Path::new(""))),
                rest => Expanded::Path(self.project_or(self.absolute(paths::from_bytes(rest)))),
            };
        }
        let script = self.question.script.unwrap_or_default();
        let mut directory = paths::directory_name(Path::new(script)).into_os_string();
        directory.push(paths::from_bytes(rest));
        optional(self.upward(Path::new(&directory)))
    }

    /// `@name`: in the first depot that has the environment, else where it would be created. The first three `#` stand
    /// for the parts of Julia's version. 1.14 creates it at once, with only a `syntax.julia_version` in it
    /// (`init_named_env!`, `base/initdefs.jl`; `f467548ad7`).
    fn named(&self, name: &[u8]) -> Option<PathBuf> {
        let folder = Path::new("environments").join(versioned(name, self.question.julia));
        for depot in self.question.depots {
            let path = self.absolute(depot.join(&folder));
            if self.files.is_directory(&path)
                && let Some(file) = self.project_in(&path)
            {
                return Some(file);
            }
        }
        let first = self.question.depots.first()?;
        Some(self.absolute(first.join(folder)).join(PROJECT_NAMES[1]))
    }

    /// The project file in a folder.
    fn project_in(&self, directory: &Path) -> Option<PathBuf> {
        let paths = PROJECT_NAMES.iter().map(|name| directory.join(name));
        paths.into_iter().find(|path| self.files.is_file(path))
    }

    /// Returns the project file in a folder that has one; else the path as it is.
    fn project_or(&self, path: PathBuf) -> PathBuf {
        let project = self.files.is_directory(&path).then(|| self.project_in(&path));
        project.flatten().unwrap_or(path)
    }

    /// `env_project_file`: a file counts only under one of the two names.
    pub(super) fn kind(&self, path: &Path) -> Kind {
        if self.files.is_directory(path) {
            return self.project_in(path).map_or(Kind::Packages, Kind::Project);
        }
        if has_project_name(path) && self.files.is_file(path) {
            return Kind::Project(path.to_owned());
        }
        Kind::Absent
    }

    /// Reads with `parse` what a project file says under `key`; one that has vanished says nothing. A file without that
    /// word says nothing either, and is not parsed: who needs more of it does so, and most have no such key.
    pub(super) fn read<T: Default>(
        &self,
        path: &Path,
        key: &str,
        parse: impl FnOnce(&toml_file::Fields<'_>) -> Result<T, toml_file::TomlError>,
    ) -> Result<T, EnvironmentError> {
        let bytes = self
            .files
            .read(path)
            .map_err(|source| EnvironmentError::Unreadable { path: path.to_owned(), source })?;
        // A key can be written with `\u…` instead of its letters.
        let may_say = |text: &&str| text.contains(key) || text.contains('\\');
        let parsed = toml_file::text(bytes.as_deref().unwrap_or_default()).and_then(|text| {
            match Some(text).filter(may_say) {
                Some(text) => parse(&toml_file::Fields::root(&toml_file::borrowed(text)?)),
                None => Ok(T::default()),
            }
        });
        parsed.map_err(|source| EnvironmentError::Project { path: path.to_owned(), source })
    }
}

/// Whether Julia takes a path for a project file because of its name.
pub(super) fn has_project_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| PROJECT_NAMES.iter().any(|known| name == *known))
}

fn optional(path: Option<PathBuf>) -> Expanded {
    path.map_or(Expanded::Nothing, Expanded::Path)
}

fn versioned(name: &[u8], julia: &semver::Version) -> OsString {
    let mut numbers = [julia.major, julia.minor, julia.patch].into_iter();
    let mut result = Vec::with_capacity(name.len());
    for &byte in name {
        match (byte == b'#').then(|| numbers.next()).flatten() {
            Some(number) => result.extend(number.to_string().into_bytes()),
            None => result.push(byte),
        }
    }
    paths::from_bytes(&result)
}
