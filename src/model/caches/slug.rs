//! The names of Julia's precompile files, `compiled/v1.10/<package>/<package slug>_<project slug>.ji`.
//!
//! The project slug says where Julia writes a file, not what it reads: it takes any file of the package whose content
//! fits. So a computed name identifies the writer of a file, and no more.

use semver::Version;
use thiserror::Error;
use uuid::Uuid;

use crate::model::loading::depots::slug;

/// Length of both slugs in characters (`base/loading.jl` 1.3 to 1.13).
const LENGTH: usize = 5;

/// The first minor release whose files have the text of the preferences, in place of its digest.
pub(crate) const TEXT_OF_PREFERENCES: u64 = 13;

/// The cache flags of a release build started without options (`DefaultCacheFlags`, `base/loading.jl`
/// 1.12.2:1688). From the lowest bit: native code in packages (1), `-g1` (2 bits), `--check-bounds=auto`
/// (2 bits), `--inline=yes` (1), `-O2` (2 bits).
pub(crate) const DEFAULT_FLAGS: u8 = 0xa3;

/// The first part of the name (`package_slug`, `base/loading.jl` 1.3 to 1.13): CRC-32C over the UUID's
/// 16 bytes, the lowest first.
#[must_use]
pub(crate) fn package_slug(uuid: Uuid) -> String {
    slug(crc32c::crc32c(&uuid.as_u128().to_le_bytes()), LENGTH)
}

/// The folder under `compiled` that a Julia keeps its precompile files in, such as `v1.10`
/// (`cache_file_entry`, `base/loading.jl` 1.3 to 1.13).
#[must_use]
pub(crate) fn cache_folder(julia: &Version) -> String {
    format!("v{}.{}", julia.major, julia.minor)
}

/// Inputs of the second part of the name (`compilecache_path`, `base/loading.jl`; lines 1.3.0:1223, 1.5.3:1225,
/// 1.6.0:1272, 1.9.0:2081, 1.12.2:3152). Text may hold any bytes, as paths may on Unix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProjectSlug<'a> {
    /// The Julia that writes the file; decides which of the other inputs count.
    pub(crate) julia: &'a Version,
    /// `Base.active_project()`, the project file's path as Julia was given it, links kept; empty where
    /// there is none. Counts from 1.3.
    pub(crate) project: &'a [u8],
    /// `JLOptions().image_file`, the image's real path (on Windows with links kept). Counts from 1.4.
    pub(crate) image: &'a [u8],
    /// `JLOptions().julia_bin`, the real path of the running program. Counts from 1.4.
    pub(crate) binary: &'a [u8],
    /// One byte for `--pkgimages`, `-g`, `--check-bounds`, `--inline` and `-O`, as in [`DEFAULT_FLAGS`]; the
    /// header of the file has it too. Counts from 1.9.
    pub(crate) flags: u8,
    /// `JULIA_CPU_TARGET` if it is set, even to nothing; else `-C`; else `native`. Counts from 1.9. Taken literally:
    /// the name has `sysimage` (1.13 and later) itself, not the targets that it stands for.
    pub(crate) cpu_target: &'a [u8],
    /// What the file's header has of the preferences that the package read while it was compiled: up to 1.12 the bytes of
    /// their digest (`get_preferences_hash`), then their text (`preferences_blob`); nothing if it read none. Counts from
    /// 1.6.
    pub(crate) preferences: &'a [u8],
}

/// The names of precompile files are unknown for this Julia. Before 1.3 they had no second part.
///
/// 1.14 is not final. As of 2026-08-07 its inputs are those of 1.13, where the text of the preferences came with
/// `a25da50839` (JuliaLang/julia#61214; 1.13.0-rc1 has it, its branch point of 2025-10-28 had not).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the names of precompile files are not known for Julia `{julia}`")]
pub(crate) struct UnknownJulia {
    /// Its version.
    pub(crate) julia: Version,
}

impl ProjectSlug<'_> {
    /// Returns the second part of the name.
    ///
    /// Julia chains CRC-32C from one input to the next, which equals one checksum over all of them without separators.
    ///
    /// # Errors
    ///
    /// [`UnknownJulia`] before 1.3 and from 1.14.
    pub(crate) fn text(&self) -> Result<String, UnknownJulia> {
        let (1, minor @ 3..=13) = (self.julia.major, self.julia.minor) else {
            return Err(UnknownJulia { julia: self.julia.clone() });
        };
        let mut checksum = crc32c::crc32c(self.project);
        let mut append = |bytes: &[u8]| checksum = crc32c::crc32c_append(checksum, bytes);
        if minor >= 4 {
            append(self.image);
            append(self.binary);
        }
        if minor >= 9 {
            append(&[self.flags]);
            append(self.cpu_target);
        }
        if minor >= 6 {
            let none: &[u8] = if minor < TEXT_OF_PREFERENCES { &[0; size_of::<u64>()] } else { &[] };
            append(if self.preferences.is_empty() { none } else { self.preferences });
        }
        Ok(slug(checksum, LENGTH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// The inputs of the vectors below.
    fn question(julia: &Version) -> ProjectSlug<'_> {
        ProjectSlug {
            julia,
            project: b"/p/Project.toml",
            image: b"/i/sys.so",
            binary: b"/b/julia",
            flags: DEFAULT_FLAGS,
            cpu_target: b"native",
            preferences: b"",
        }
    }

    #[test]
    fn package_slugs_are_those_of_real_files() {
        // Julia 1.5.3 and 1.12.6: facts/julia.md 1.3.
        let slug = |uuid: &str| package_slug(Uuid::try_parse(uuid).unwrap());
        assert_eq!(slug("7876af07-990d-54b4-ab0e-23690620f79a"), "lLvWP", "Example");
        assert_eq!(slug("9b87118b-4619-50d2-8e1e-99f35a4d4d9d"), "MMV8C", "PackageCompiler");
        assert_eq!(slug("90137ffa-7385-5640-81b9-e52037218182"), "yY9vm", "StaticArrays");
    }

    #[test]
    fn project_slugs_are_those_of_1_12_6() {
        let julia = version("1.12.6");
        let base = question(&julia);
        let vectors = [
            (base, "OhcQJ"),
            (ProjectSlug { cpu_target: b"generic;haswell,clone_all", ..base }, "RiAPl"),
            (ProjectSlug { project: b"/other/Project.toml", ..base }, "1BYM9"),
            (ProjectSlug { binary: b"/b2/julia", ..base }, "8KHgD"),
            (ProjectSlug { image: b"/i2/sys.so", ..base }, "GavRd"),
            (ProjectSlug { flags: DEFAULT_FLAGS & !1, ..base }, "bVvIu"),
        ];
        for (question, expected) in vectors {
            assert_eq!(question.text().as_deref(), Ok(expected));
        }
        let empty = ProjectSlug { project: b"", image: b"", binary: b"", flags: 0, cpu_target: b"", ..base };
        assert_eq!(empty.text().as_deref(), Ok("rcCVb"));
    }

    #[test]
    fn preferences_go_in_with_the_lowest_byte_first() {
        let julia = version("1.12.6");
        let question = ProjectSlug { preferences: &[8, 7, 6, 5, 4, 3, 2, 1], ..question(&julia) };
        assert_eq!(question.text().as_deref(), Ok("ikcUB"), "`Pwohw` has the highest byte first");
    }

    #[test]
    fn project_slugs_are_those_of_1_13_0() {
        // By `Base._crc32c` and `Base.slug` of 1.13.0-rc1.
        let julia = version("1.13.0-rc1");
        let base = question(&julia);
        assert_eq!(base.text().as_deref(), Ok("LgBrt"));
        let read = ProjectSlug { preferences: b"[Size]\nx = 1\n", ..base };
        assert_eq!(read.text().as_deref(), Ok("X8mnN"));
    }

    #[test]
    fn project_slugs_are_those_of_1_5_3() {
        // By `Base._crc32c` and `Base.slug` of that Julia.
        let julia = version("1.5.3");
        let base = question(&julia);
        assert_eq!(base.text().as_deref(), Ok("fzk3p"));
        let accents = ProjectSlug { project: "/home/zoë/p/Project.toml".as_bytes(), ..base };
        assert_eq!(accents.text().as_deref(), Ok("1SOUK"));
        let empty = ProjectSlug { project: b"", image: b"", binary: b"", ..base };
        assert_eq!(empty.text().as_deref(), Ok("AAAAA"));
    }

    #[test]
    fn each_version_takes_its_own_inputs() {
        type Change = fn(&mut ProjectSlug<'_>);
        let text = |julia: &str, change: Change| {
            let julia = version(julia);
            let mut question = question(&julia);
            change(&mut question);
            question.text().unwrap()
        };
        // Julia 1.5.3: `Base.slug(Base._crc32c("/p/Project.toml"), 5)`.
        assert_eq!(text("1.3.0", |_| ()), "hr9Qq");
        assert_eq!(text("1.4.0", |_| ()), "fzk3p");
        let changes: [(u64, Change); 6] = [
            (3, |question| question.project = b"/q/Project.toml"),
            (4, |question| question.image = b"/i2/sys.so"),
            (4, |question| question.binary = b"/b2/julia"),
            (6, |question| question.preferences = &[1, 0, 0, 0, 0, 0, 0, 0]),
            (9, |question| question.flags = 0),
            (9, |question| question.cpu_target = b""),
        ];
        for minor in 3..=13 {
            let julia = format!("1.{minor}.0");
            for (since, change) in changes {
                let differs = text(&julia, change) != text(&julia, |_| ());
                assert_eq!(differs, minor >= since, "{julia}, an input since 1.{since}");
            }
        }
        for (low, high) in [("1.4.0", "1.5.4"), ("1.6.0", "1.8.5"), ("1.9.0", "1.12.5")] {
            assert_eq!(text(low, |_| ()), text(high, |_| ()));
        }
        for (before, after) in
            [("1.3.1", "1.4.0"), ("1.5.4", "1.6.0"), ("1.8.5", "1.9.0"), ("1.12.5", "1.13.0-rc1")]
        {
            assert_ne!(text(before, |_| ()), text(after, |_| ()));
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for julia in ["0.7.0", "1.0.5", "1.2.0", "1.14.0-DEV.5", "1.14.0", "2.5.0"] {
            let julia = version(julia);
            let error = question(&julia).text().unwrap_err();
            assert_eq!(error, UnknownJulia { julia: julia.clone() });
            let expected = format!("the names of precompile files are not known for Julia `{julia}`");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_folder_has_the_minor_version() {
        assert_eq!(cache_folder(&version("1.5.3")), "v1.5");
        assert_eq!(cache_folder(&version("1.13.0-beta2")), "v1.13");
    }

    proptest! {
        /// Chaining from input to input is one checksum over all: only the whole counts.
        #[test]
        fn inputs_are_chained(bytes in prop::collection::vec(any::<u8>(), 0..64), cut: prop::sample::Index) {
            let julia = version("1.5.3");
            let (project, image) = bytes.split_at(cut.index(bytes.len() + 1));
            let parts = ProjectSlug { project, image, binary: b"", ..question(&julia) };
            let whole = ProjectSlug { project: &bytes, image: b"", binary: b"", ..parts };
            prop_assert_eq!(parts.text(), whole.text());
            prop_assert_eq!(parts.text().unwrap(), slug(crc32c::crc32c(&bytes), 5));
        }

        #[test]
        fn a_slug_is_five_letters_or_digits(
            project: Vec<u8>,
            flags: u8,
            preferences: Vec<u8>,
            minor in 3_u64..=13,
        ) {
            let julia = Version::new(1, minor, 0);
            let base = question(&julia);
            let text = ProjectSlug { project: &project, flags, preferences: &preferences, ..base }.text().unwrap();
            prop_assert!(text.len() == 5 && text.chars().all(|letter| letter.is_ascii_alphanumeric()));
        }
    }
}
