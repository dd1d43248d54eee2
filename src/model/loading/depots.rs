//! Depots: the folders where Julia keeps packages, environments and caches, and the place in them of a package with a
//! given content.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use semver::Version;
use uuid::Uuid;

use crate::model::loading::paths::{self, System, TildeError};

/// Inputs of `DEPOT_PATH`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepotQuestion<'a> {
    /// The Julia that builds it.
    pub(crate) julia: &'a Version,
    /// `JULIA_DEPOT_PATH`; `None` if it is not set.
    pub(crate) julia_depot_path: Option<&'a OsStr>,
    /// The user's home folder.
    pub(crate) home: Option<&'a Path>,
    /// `Sys.BINDIR`, the folder of the real Julia binary.
    pub(crate) binary_folder: &'a Path,
    /// The system whose path rules apply.
    pub(crate) system: System,
}

/// Builds `DEPOT_PATH` as Julia does at its start (`init_depot_path`, `base/initdefs.jl`).
///
/// Unset: the user's depot and the two that come with Julia. Set to nothing: no depot at all. An empty entry stands for
/// all three up to 1.10, and from 1.11 for the two that come with Julia; the user's depot then goes first if no entry
/// was given (1.11.0 and 1.11.1), or if the list starts with an empty one (from 1.11.2). Entries stay as they are
/// given, relative ones too. If the home folder is unknown, the user's depot is left out.
///
/// # Errors
///
/// [`TildeError`] for an entry that starts with `~`.
pub(crate) fn depot_path(question: &DepotQuestion<'_>) -> Result<Vec<PathBuf>, TildeError> {
    let mut depots = Vec::new();
    let Some(list) = question.julia_depot_path else {
        append_user(&mut depots, question);
        append_bundled(&mut depots, question);
        return Ok(depots);
    };
    if list.is_empty() {
        return Ok(depots);
    }
    let entries = paths::split_list(list, question.system);
    let julia = (question.julia.major, question.julia.minor, question.julia.patch);
    let bundled_only = julia >= (1, 11, 0);
    for entry in &entries {
        if entry.is_empty() {
            if !bundled_only {
                append_user(&mut depots, question);
            }
            append_bundled(&mut depots, question);
        } else {
            let path = paths::expand_tilde(entry, question.home, question.system)?;
            append(&mut depots, path.into());
        }
    }
    let user_first = if julia >= (1, 11, 2) {
        entries.first().is_some_and(|entry| entry.is_empty())
    } else {
        entries.iter().all(|entry| entry.is_empty())
    };
    if bundled_only && user_first {
        depots.splice(0..0, user_depot(question));
    }
    Ok(depots)
}

fn user_depot(question: &DepotQuestion<'_>) -> Option<PathBuf> {
    question.home.map(|home| home.join(".julia"))
}

fn append_user(depots: &mut Vec<PathBuf>, question: &DepotQuestion<'_>) {
    if let Some(path) = user_depot(question) {
        append(depots, path);
    }
}

fn append_bundled(depots: &mut Vec<PathBuf>, question: &DepotQuestion<'_>) {
    append(depots, paths::absolute(question.binary_folder, "../local/share/julia"));
    append(depots, shipped(question.binary_folder));
}

/// Returns the depot that comes with the Julia whose binary is in this folder. From 1.9 on it holds the standard
/// libraries' precompile files, named by the machine that Julia was made on.
#[must_use]
pub(crate) fn shipped(binary_folder: &Path) -> PathBuf {
    paths::absolute(binary_folder, "../share/julia")
}

/// Appends a depot unless it is there. Julia compares the text of entries: `/a` and `/a/` are two.
fn append(depots: &mut Vec<PathBuf>, path: PathBuf) {
    if !depots.iter().any(|depot| depot.as_os_str() == path.as_os_str()) {
        depots.push(path);
    }
}

/// Returns the folders where a package of this content may be installed, in Julia's order of search
/// (`explicit_manifest_entry_path`, `base/loading.jl` 1.7 to 1.12): the slug of five characters in all depots, then the
/// one of four that Julia 1.0 wrote. Up to 1.6 Julia looks for the short one first, which matters only if both are
/// there, with the same content.
///
/// Relative depots give relative paths. Empty if `tree_hash` is no SHA-1 in hexadecimal digits.
#[must_use]
pub(crate) fn package_folders(depots: &[PathBuf], name: &str, uuid: &Uuid, tree_hash: &str) -> Vec<PathBuf> {
    let Some(checksum) = version_checksum(uuid, tree_hash) else {
        return Vec::new();
    };
    let slugs = [slug(checksum, 5), slug(checksum, 4)];
    let folder = |slug: &String, depot: &PathBuf| depot.join("packages").join(name).join(slug);
    slugs.iter().flat_map(|slug| depots.iter().map(move |depot| folder(slug, depot))).collect()
}

/// `version_slug` without its last step (`base/loading.jl` 1.4 to 1.12): CRC-32C over the UUID's 16
/// bytes, the lowest first, and then the tree hash's 20.
fn version_checksum(uuid: &Uuid, tree_hash: &str) -> Option<u32> {
    let hash = sha1_bytes(tree_hash)?;
    let seed = crc32c::crc32c(&uuid.as_u128().to_le_bytes());
    Some(crc32c::crc32c_append(seed, &hash))
}

fn sha1_bytes(text: &str) -> Option<[u8; 20]> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes = digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]));
    let bytes: Vec<u8> = bytes.collect::<Result<_, _>>().ok()?;
    (digits.len() == 40).then(|| bytes.try_into().ok())?
}

/// Julia's `slug` (`base/loading.jl` 1.4 to 1.12): base 62, the lowest digit first.
#[must_use]
pub(crate) fn slug(mut checksum: u32, length: usize) -> String {
    const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digit = |_| {
        let digit = DIGITS[(checksum % 62) as usize];
        checksum /= 62;
        char::from(digit)
    };
    (0..length).map(digit).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn depots(julia: &str, list: Option<&str>) -> Vec<String> {
        let question = DepotQuestion {
            julia: &Version::parse(julia).expect("a version"),
            julia_depot_path: list.map(OsStr::new),
            home: Some(Path::new("/home/u")),
            binary_folder: Path::new("/opt/julia/bin"),
            system: System::Unix,
        };
        let depots = depot_path(&question).expect("depots");
        depots.into_iter().map(|path| path.to_str().expect("text").to_owned()).collect()
    }

    const USER: &str = "/home/u/.julia";
    const LOCAL: &str = "/opt/julia/local/share/julia";
    const SHARE: &str = "/opt/julia/share/julia";

    #[test]
    fn not_set_is_the_default_and_empty_is_none() {
        for julia in ["1.4.0", "1.5.3", "1.10.4", "1.11.0", "1.12.2"] {
            assert_eq!(depots(julia, None), [USER, LOCAL, SHARE]);
            assert!(depots(julia, Some("")).is_empty());
            assert_eq!(depots(julia, Some("/d:~/e:/d:rel")), ["/d", "/home/u/e", "rel"]);
        }
    }

    #[test]
    fn an_empty_entry_is_the_whole_default_up_to_1_10() {
        // base/initdefs.jl 1.5.3 and 1.10.4, append_default_depot_path!.
        for julia in ["1.4.0", "1.5.3", "1.10.4"] {
            assert_eq!(depots(julia, Some("/d:")), ["/d", USER, LOCAL, SHARE]);
            assert_eq!(depots(julia, Some(":/d")), [USER, LOCAL, SHARE, "/d"]);
            assert_eq!(depots(julia, Some(":")), [USER, LOCAL, SHARE]);
        }
    }

    #[test]
    fn an_empty_entry_is_what_comes_with_julia_from_1_11() {
        // base/initdefs.jl 1.11.0:115 (`populated`) and 1.11.2:115 (`pushfirst_default`).
        for julia in ["1.11.0", "1.11.1", "1.11.2", "1.11.7", "1.12.2"] {
            assert_eq!(depots(julia, Some("/d:")), ["/d", LOCAL, SHARE]);
            assert_eq!(depots(julia, Some(":")), [USER, LOCAL, SHARE]);
        }
        assert_eq!(depots("1.11.1", Some(":/d")), [LOCAL, SHARE, "/d"]);
        assert_eq!(depots("1.11.2", Some(":/d")), [USER, LOCAL, SHARE, "/d"]);
        assert_eq!(depots("1.12.0", Some(":/d")), [USER, LOCAL, SHARE, "/d"]);
    }

    #[test]
    fn the_checksum_is_castagnoli() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_known_package_lies_where_julia_put_it() {
        // Example 0.5.3 of the General registry: `packages/Example/aqsx3` in any depot, and
        // `lLvWP` is the slug of its UUID in compiled/v1.5 (facts/julia.md 1.3).
        let uuid = Uuid::try_parse("7876af07-990d-54b4-ab0e-23690620f79a").unwrap();
        assert_eq!(slug(crc32c::crc32c(&uuid.as_u128().to_le_bytes()), 5), "lLvWP");
        let hash = "46e44e869b4d90b96bd8ed1fdcf32244fddfb6cc";
        let depots = [PathBuf::from("/d"), PathBuf::from("/e")];
        let expected = ["/d", "/e"].map(|depot| format!("{depot}/packages/Example/aqsx3"));
        let found = package_folders(&depots, "Example", &uuid, hash);
        assert_eq!(found[..2], expected.map(PathBuf::from));
        assert_eq!(found[2..], ["/d", "/e"].map(|d| PathBuf::from(format!("{d}/packages/Example/aqsx"))));
    }

    #[test]
    fn no_hash_no_folder() {
        let long = "0".repeat(42);
        for hash in ["", "abc", "g6e44e869b4d90b96bd8ed1fdcf32244fddfb6cc", "é", long.as_str()] {
            assert!(package_folders(&["/d".into()], "X", &Uuid::nil(), hash).is_empty());
        }
    }
}
