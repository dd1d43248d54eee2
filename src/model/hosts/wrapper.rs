//! Wrappers, which we write for programs that start Julia by a path: the parts that others need.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// First argument that has jlproj be jlproj, although it was started under the name of Julia.
pub(crate) const AS_JLPROJ: &str = "--as-jlproj";

/// Folder of the store that holds the wrappers.
pub(crate) const FOLDER: &str = "launchers-v1";

/// The file beside a wrapper that is a program, which says what it starts.
pub(crate) fn note(program: &Path) -> PathBuf {
    program.with_file_name("julia-wrapper.toml")
}

/// Start of the line that names the Julia behind a wrapper.
pub(crate) const JULIA_LINE: &str = "# julia: ";

/// Returns the Julia behind a wrapper, as path text, from the contents of the script, or of the note beside the program.
pub(crate) fn julia(contents: &str) -> Option<&str> {
    contents.lines().take(5).find_map(|line| line.strip_prefix(JULIA_LINE))
}

/// Whether a program of this name is Julia, as far as the name goes.
pub(crate) fn is_julia(program: &OsStr) -> bool {
    Path::new(program).file_stem() == Some(OsStr::new("julia"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_julia_behind_a_wrapper_stands_at_its_head() {
        assert_eq!(julia("#!/bin/sh\n# generated\n# julia: /a b/julia\n"), Some("/a b/julia"));
        assert_eq!(julia("#!/bin/sh\nexec julia\n"), None);
    }
}
