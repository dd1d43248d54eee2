//! The layers of the source: imports point down only, and the model is pure.

#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]

use std::fs;
use std::path::{Path, PathBuf};

/// Which modules of the crate each one may import besides itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("exit", &[]),
    ("platform", &["exit", "model"]),
    ("fs", &["platform", "model"]),
    ("path_text", &["platform", "model"]),
    ("installation", &["fs", "path_text", "platform", "model"]),
    ("template", &["fs", "path_text", "platform", "model"]),
    ("store", &["fs", "path_text", "platform", "installation", "template", "model", "exit"]),
    ("julia", &["fs", "path_text", "platform", "installation", "template", "model", "exit"]),
    ("hosts", &["fs", "path_text", "platform", "template", "store", "julia", "model"]),
    ("ui", &["fs", "path_text", "platform", "model", "exit"]),
];

/// What the model may not touch of the standard library.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::thread",
    "SystemTime",
    "Instant",
    "fs_err",
    "rustix",
    "println!",
    "eprintln!",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("source folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The first module below `src` that a file belongs to.
fn module_of(file: &Path, root: &Path) -> String {
    let relative = file.strip_prefix(root).expect("below src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of the crate that a text names.
fn named_modules(text: &str) -> Vec<String> {
    text.match_indices("crate::")
        .map(|(place, word)| {
            let rest = &text[place + word.len()..];
            rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn violations() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut list = Vec::new();
    for file in sources(&root) {
        let module = module_of(&file, &root);
        let text = fs::read_to_string(&file).expect("source");
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| [line, "\n"])
            .collect();
        if let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == module) {
            for named in named_modules(&code) {
                if named != module && !allowed.contains(&named.as_str()) {
                    list.push(format!("{}: imports `{named}`", file.display()));
                }
            }
        }
        if module == "model" {
            list.extend(
                IMPURE
                    .iter()
                    .filter(|word| code.contains(**word))
                    .map(|word| format!("{}: uses `{word}`", file.display())),
            );
        }
        if module != "platform" && code.contains("unsafe ") {
            list.push(format!("{}: unsafe code outside of platform", file.display()));
        }
    }
    list
}

#[test]
fn imports_point_down_and_the_model_is_pure() {
    let list = violations();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

#[test]
fn modules_are_found_in_a_text() {
    assert_eq!(named_modules("use crate::store::layout::Layout; crate::fs::x()"), ["store", "fs"]);
}
