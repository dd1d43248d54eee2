//! Wrappers, the scripts that we write for programs that start Julia by a path: the parts that others need.

/// Folder of the store that holds the wrappers.
pub(crate) const FOLDER: &str = "launchers-v1";

/// Start of the line that names the Julia behind a wrapper.
pub(crate) const JULIA_LINE: &str = "# julia: ";

/// Returns the Julia behind a wrapper, as path text, from the wrapper's contents.
pub(crate) fn julia(contents: &str) -> Option<&str> {
    contents.lines().take(5).find_map(|line| line.strip_prefix(JULIA_LINE))
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
