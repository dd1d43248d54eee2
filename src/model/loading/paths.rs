//! Julia's rules for path text (`base/path.jl`), on text that may hold any bytes.
//!
//! Nothing here asks the disk: `..` is dropped by name alone, links are kept.

use std::ffi::{OsStr, OsString};
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

/// The two families of systems whose path rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Linux, macOS, the BSDs.
    Unix,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this program runs on.
    pub(crate) const HOST: Self = if MAIN_SEPARATOR == '\\' { Self::Windows } else { Self::Unix };

    /// Separator of the entries of `JULIA_LOAD_PATH` and `JULIA_DEPOT_PATH` (`base/initdefs.jl`, `init_depot_path` and
    /// `parse_load_path`, all versions).
    #[must_use]
    pub(crate) const fn separator(self) -> u8 {
        match self {
            Self::Unix => b':',
            Self::Windows => b';',
        }
    }
}

/// Why a path that starts with `~` has no meaning. Julia refuses to start with either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TildeError {
    /// `~` or `~/…` without a home folder.
    #[error("`{}` needs a home folder, and none is known", .0.display())]
    HomeUnknown(OsString),
    /// `~name`, which Julia does not implement.
    #[error("Julia does not expand `{}`: only `~` and `~/…` are known to it", .0.display())]
    OtherUser(OsString),
}

/// Text from a slice of another text's bytes, cut at an ASCII character.
///
/// Lossless on Unix. Elsewhere, where text is not bytes, a lone surrogate becomes U+FFFD.
#[must_use]
pub(crate) fn from_bytes(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}

/// The entries of a path list, empty ones included; the empty list has one empty entry.
#[must_use]
pub(crate) fn split_list(list: &OsStr, system: System) -> Vec<OsString> {
    let separator = system.separator();
    list.as_encoded_bytes().split(|&byte| byte == separator).map(from_bytes).collect()
}

/// Julia's `expanduser` (`base/path.jl`, 1.5 to 1.12): `~` and `~/…` become the home folder;
/// on Windows nothing changes.
///
/// # Errors
///
/// [`TildeError`] where Julia throws, or where the home folder is not known.
pub(crate) fn expand_tilde(
    text: &OsStr,
    home: Option<&Path>,
    system: System,
) -> Result<OsString, TildeError> {
    let bytes = text.as_encoded_bytes();
    if system == System::Windows || bytes.first() != Some(&b'~') {
        return Ok(text.to_owned());
    }
    if bytes.get(1).is_some_and(|&byte| byte != b'/') {
        return Err(TildeError::OtherUser(text.to_owned()));
    }
    let home = home.ok_or_else(|| TildeError::HomeUnknown(text.to_owned()))?;
    let mut expanded = home.as_os_str().to_owned();
    expanded.push(from_bytes(&bytes[1..]));
    Ok(expanded)
}

/// Julia's `abspath`: `path` seen from `directory`, with `.` and `..` dropped by name alone.
#[must_use]
pub(crate) fn absolute(directory: &Path, path: impl AsRef<Path>) -> PathBuf {
    let mut result = PathBuf::new();
    for component in directory.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if result.file_name().is_some() => {
                result.pop();
            }
            Component::ParentDir if result.has_root() => {}
            other => result.push(other),
        }
    }
    result
}

/// Julia's `dirname`: the text before the last run of separators, empty if there is none.
///
/// Unlike [`Path::parent`] it takes the text literally: both `a/` and `a/.` give `a`.
#[must_use]
pub(crate) fn directory_name(path: &Path) -> PathBuf {
    if System::HOST == System::Windows {
        return path.parent().unwrap_or(path).to_owned();
    }
    let bytes = path.as_os_str().as_encoded_bytes();
    let Some(last) = bytes.iter().rposition(|&byte| byte == b'/') else {
        return PathBuf::new();
    };
    match bytes[..last].iter().rposition(|&byte| byte != b'/') {
        Some(end) => from_bytes(&bytes[..=end]).into(),
        None => PathBuf::from("/"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_empty_entries_and_any_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let list = OsStr::from_bytes(b":a\xff:");
        let expected = [OsStr::new(""), OsStr::from_bytes(b"a\xff"), OsStr::new("")];
        assert_eq!(split_list(list, System::Unix), expected);
        assert_eq!(split_list(OsStr::new("C:\\a;b"), System::Windows), ["C:\\a", "b"]);
    }

    #[test]
    fn tilde_is_the_home_folder_only_at_the_start() {
        let expand = |text: &str| expand_tilde(OsStr::new(text), Some(Path::new("/home/u")), System::Unix);
        assert_eq!(expand("~").unwrap(), "/home/u");
        assert_eq!(expand("~/p").unwrap(), "/home/u/p");
        assert_eq!(expand("a~").unwrap(), "a~");
        assert_eq!(expand("~other/p"), Err(TildeError::OtherUser("~other/p".into())));
        let homeless = expand_tilde(OsStr::new("~"), None, System::Unix);
        assert_eq!(homeless, Err(TildeError::HomeUnknown("~".into())));
        let windows = expand_tilde(OsStr::new("~"), None, System::Windows);
        assert_eq!(windows.unwrap(), "~");
    }

    #[test]
    fn absolute_drops_dots_by_name() {
        let from = |path: &str| absolute(Path::new("/w/x"), path);
        assert_eq!(from("./../a/./b"), Path::new("/w/a/b"));
        assert_eq!(from("/../../a"), Path::new("/a"));
        assert_eq!(from(""), Path::new("/w/x"));
    }

    #[test]
    fn directory_name_follows_julia() {
        // `dirname` in Julia 1.5.3's `base/path.jl`.
        for (path, name) in [
            ("a/b", "a"),
            ("a//b", "a"),
            ("a/", "a"),
            ("a/.", "a"),
            ("a", ""),
            ("", ""),
            ("/a", "/"),
            ("/", "/"),
            ("//a", "/"),
        ] {
            assert_eq!(directory_name(Path::new(path)).as_os_str(), name, "{path}");
        }
    }
}
