//! Folders of jlproj's own that look like projects, since Pkg worked there; nobody else works in them.

/// Folder of a store that holds the builders' environments.
pub(crate) const BUILDERS: &str = "builders-v1";

/// Whether a folder is below the store `root`, or among the builders' environments of another store. Both are path
/// text.
#[must_use]
pub(crate) fn is_own_folder(folder: &str, root: &str) -> bool {
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with(['/', '\\']);
    folder.strip_prefix(root).is_some_and(is_below) || folder.split(['/', '\\']).any(|part| part == BUILDERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_store_is_no_project_of_the_users() {
        let root = "/home/u/.local/share/jlproj";
        for (folder, expected) in [
            ("/home/u/.local/share/jlproj/builders-v1/1.10.8/environment", true),
            ("/home/u/.local/share/jlproj", true),
            ("/srv/other/builders-v1/1.12.5/projects/0a1b", true),
            ("/home/u/.local/share/jlproj-notes", false),
            ("/home/u/builders-v10/p", false),
            ("/home/u/p", false),
        ] {
            assert_eq!(is_own_folder(folder, root), expected, "{folder}");
        }
    }
}
