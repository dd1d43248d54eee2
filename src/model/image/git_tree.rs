//! The hash of a folder as git and Pkg compute it: the `git-tree-sha1` of a manifest (`tree_hash`, Pkg's
//! `src/GitTools.jl` 1.4 to 1.13).

use std::collections::BTreeMap;

use sha1::{Digest as _, Sha1};

use crate::model::image::key::hexadecimal;

/// The hash of a git object.
type ObjectId = [u8; 20];

/// Kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Plain,
    Executable,
    /// A symbolic link; its contents are its target path.
    Link,
}

/// A file below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path below the folder, name by name.
    path: Vec<Vec<u8>>,
    mode: Mode,
    id: ObjectId,
}

impl Entry {
    /// Builds the entry of a file with this path and these contents.
    #[must_use]
    pub(crate) fn new(path: Vec<Vec<u8>>, mode: Mode, contents: &[u8]) -> Self {
        Self { path, mode, id: object("blob", contents) }
    }
}

/// Most files that may have been added to a folder. A package that builds itself adds one or two.
const MOST_ADDITIONS: usize = 64;

/// Returns how many of the last `entries` were added to the folder of this hash: the others alone have the hash. `None`
/// if no number of them fits.
#[must_use]
pub(crate) fn additions(entries: &[Entry], tree: &str) -> Option<usize> {
    let most = entries.len().min(MOST_ADDITIONS);
    (0..=most).find(|count| hash(&entries[..entries.len() - count]) == tree)
}

/// A file, and its path below a folder.
type Below<'a> = (&'a [Vec<u8>], &'a Entry);

/// Returns the hash of a folder with these files, in hexadecimal digits. Folders without files do not count.
fn hash(entries: &[Entry]) -> String {
    let all: Vec<Below<'_>> = entries.iter().map(|entry| (entry.path.as_slice(), entry)).collect();
    hexadecimal(&tree(&all))
}

/// Returns the hash of a folder with these files.
fn tree(all: &[Below<'_>]) -> ObjectId {
    let mut folders: BTreeMap<&[u8], Vec<Below<'_>>> = BTreeMap::new();
    // Git orders a folder as if its name ended with `/`.
    let mut lines: BTreeMap<Vec<u8>, (&str, &[u8], ObjectId)> = BTreeMap::new();
    for (path, entry) in all {
        match path {
            [] => {}
            [name] => {
                let mode = match entry.mode {
                    Mode::Plain => "100644",
                    Mode::Executable => "100755",
                    Mode::Link => "120000",
                };
                lines.insert(name.clone(), (mode, name, entry.id));
            }
            [name, rest @ ..] => folders.entry(name).or_default().push((rest, entry)),
        }
    }
    for (name, below) in folders {
        lines.insert([name, b"/"].concat(), ("40000", name, tree(&below)));
    }
    let mut contents = Vec::new();
    for (mode, name, id) in lines.into_values() {
        contents.extend([mode.as_bytes(), b" ", name, b"\0", &id].concat());
    }
    object("tree", &contents)
}

fn object(kind: &str, contents: &[u8]) -> ObjectId {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", contents.len()));
    hash.update(contents);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, mode: Mode, contents: &str) -> Entry {
        let names = path.split('/').map(|name| name.as_bytes().to_vec()).collect();
        Entry::new(names, mode, contents.as_bytes())
    }

    /// As `git write-tree` gave it for these files.
    const TREE: &str = "58328c129fc3998958a7c98912ad536b9d998e56";

    fn files() -> Vec<Entry> {
        vec![
            entry("Project.toml", Mode::Plain, "name = \"A\"\n"),
            entry("src/A.jl", Mode::Plain, "module A\nend\n"),
            entry("src.md", Mode::Plain, "text\n"),
            entry("bin/a", Mode::Executable, "#!/bin/sh\n"),
            entry("link", Mode::Link, "src/A.jl"),
        ]
    }

    #[test]
    fn the_hash_is_gits() {
        assert_eq!(hash(&files()), TREE);
        // In whatever order they are found.
        let mut reversed = files();
        reversed.reverse();
        assert_eq!(hash(&reversed), TREE);
        assert_eq!(hash(&[]), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn what_was_added_is_told_from_what_was_changed() {
        assert_eq!(additions(&files(), TREE), Some(0));
        let added = [entry("deps/build.log", Mode::Plain, ""), entry("deps/deps.jl", Mode::Plain, "1\n")];
        assert_eq!(additions(&[files(), added.to_vec()].concat(), TREE), Some(2));
        // One of its own files was edited: the additions are unknown.
        let mut edited = files();
        edited[1] = entry("src/A.jl", Mode::Plain, "module A\nx = 1\nend\n");
        assert_eq!(additions(&edited, TREE), None);
        assert_eq!(additions(&[], TREE), None);
    }
}
