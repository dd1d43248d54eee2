//! The scripts that we write for programs that start Julia by a path, as far as others have to know them.

/// The folder of the store that has them.
pub(crate) const FOLDER: &str = "launchers-v1";

/// What begins the line that says which Julia is behind one.
pub(crate) const JULIA_LINE: &str = "# julia: ";

/// The Julia behind a wrapper, as path text, from what is in it.
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
