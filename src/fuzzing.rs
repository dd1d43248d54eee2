//! Every reader of what others wrote, each as a function of bytes: for `tests/fuzz`, and for a test that keeps its seeds
//! read. None may panic, whatever it gets.

use std::ffi::OsString;

use jiff::tz::TimeZone;

use crate::model::caches::header;
use crate::model::caches::name::CacheName;
use crate::model::hosts::edit::jsonc::Member;
use crate::model::hosts::edit::yaml::Section;
use crate::model::hosts::edit::{Block, Edit};
use crate::model::image::key::KeyInputs;
use crate::model::image::record::ImageRecord;
use crate::model::image::statements::Statements;
use crate::model::image::target::targets_of;
use crate::model::launch::{juliaup, options};
use crate::model::loading::manifest::Manifest;
use crate::model::loading::project::Project;
use crate::model::loading::toml_file;
use crate::model::settings::{ProjectFile, UserFile};
use crate::model::usage::journal::Starts;
use crate::model::usage::manifest_usage::UsageReader;

/// `Project.toml`.
pub fn project(bytes: &[u8]) {
    let _ = Project::parse(bytes);
}

/// `Manifest.toml`.
pub fn manifest(bytes: &[u8]) {
    let _ = Manifest::parse(bytes);
}

/// `LocalPreferences.toml`.
pub fn preferences(bytes: &[u8]) {
    let _ = toml_file::table(bytes);
}

/// `jlproj.toml` and `config.toml`.
pub fn settings(bytes: &[u8]) {
    let _ = ProjectFile::parse(bytes);
    let _ = UserFile::parse(bytes);
}

/// `manifest_usage.toml`.
pub fn manifest_usage(bytes: &[u8]) {
    let zone = TimeZone::UTC;
    let mut reader = UsageReader::new(&zone);
    for line in bytes.split(|byte| *byte == b'\n') {
        let _ = reader.line(line);
    }
}

/// `juliaup.json`.
pub fn juliaup(bytes: &[u8]) {
    let _ = juliaup::Config::parse(bytes);
}

/// The head of a precompile file.
pub fn ji(bytes: &[u8]) {
    let _ = header::parse(bytes);
}

/// `image.toml` and `inputs.json`.
pub fn image(bytes: &[u8]) {
    let _ = serde_json::from_slice::<KeyInputs>(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = toml::from_str::<ImageRecord>(text);
}

/// The journal of starts, and names of precompile files.
pub fn journal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines() {
        let _ = (Starts::parse(line), CacheName::parse(line));
    }
}

/// Statements that Julia recorded.
pub fn statements(bytes: &[u8]) {
    let mut statements = Statements::default();
    for line in String::from_utf8_lossy(bytes).lines() {
        statements.add_line(line);
    }
}

/// The file of an image, from which its processors are read.
pub fn library(bytes: &[u8]) {
    let _ = targets_of(bytes);
}

/// Files of the user in which hosts edit one place: what is edited can be taken back, to the byte.
///
/// # Panics
/// Where it cannot.
pub fn user_files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let block = Block { comment: "#".to_owned(), lines: "a line\n".to_owned() };
    let value = "/a \"b\"".to_owned();
    let member = Member { key: "julia.executablePath".to_owned(), value, snippet: String::new() };
    let section = Section::new("julia", &["--load=x"]).map(Edit::Section);
    for edit in [Edit::Block(block), Edit::Member(member)].into_iter().chain(section) {
        let Ok(patch) = edit.patch(text) else { continue };
        let after = patch.applied(text).expect("a patch is of its text");
        assert!(edit.is_in(&patch, &after), "{edit:?}");
        assert_eq!(edit.undone(&patch, &after).as_deref(), Some(text), "{edit:?}");
    }
}

/// The arguments of `run`, one on each line.
pub fn arguments(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let arguments: Vec<OsString> = text.split('\n').map(OsString::from).collect();
    if let Ok(split) = options::split(&arguments) {
        let _ = split.effects();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    type Reader = fn(&[u8]);

    const READERS: [(&str, Reader); 13] = [
        ("arguments", arguments),
        ("library", library),
        ("image", image),
        ("ji", ji),
        ("journal", journal),
        ("juliaup", juliaup),
        ("manifest", manifest),
        ("manifest_usage", manifest_usage),
        ("preferences", preferences),
        ("project", project),
        ("settings", settings),
        ("statements", statements),
        ("user_files", user_files),
    ];

    /// Whatever once made a reader fail is among the seeds. Each is cut at every byte too, up to a length.
    #[test]
    fn every_seed_is_read() {
        const LONGEST_CUT: usize = 2_000;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
        for (name, read) in READERS {
            assert!(folder.join("targets").join(format!("{name}.rs")).exists(), "no target {name}");
            let mut count = 0;
            for entry in fs_err::read_dir(folder.join("seeds").join(name)).expect("seeds") {
                let bytes = fs_err::read(entry.expect("entry").path()).expect("seed");
                for end in 0..=bytes.len().min(LONGEST_CUT) {
                    read(&bytes[..end]);
                }
                read(&bytes);
                count += 1;
            }
            assert!(count > 0, "no seed for {name}");
        }
    }
}
