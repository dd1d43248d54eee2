//! The layers of the source: imports point down only, nothing imports in a circle, and the model is pure.

#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the crate, from the lowest on, and which others it may import.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("fuzzing", &["model"]),
    ("exit", &[]),
    ("platform", &["exit", "model"]),
    ("fs", &["platform", "model"]),
    ("path_text", &["platform", "model"]),
    ("installation", &["fs", "path_text", "platform", "model"]),
    ("template", &["fs", "path_text", "platform", "model"]),
    ("ui", &["fs", "path_text", "platform", "model", "exit"]),
    ("store", &["fs", "path_text", "platform", "installation", "template", "model", "exit"]),
    ("julia", &["fs", "path_text", "platform", "installation", "template", "model", "exit"]),
    ("hosts", &["fs", "path_text", "platform", "template", "store", "julia", "model"]),
    ("error", &["ui", "julia", "hosts", "model", "exit"]),
    ("context", &["error", "ui", "julia", "store", "fs", "path_text", "platform", "model"]),
    (
        "assessment",
        &["context", "error", "julia", "store", "installation", "fs", "path_text", "platform", "model"],
    ),
    (
        "building",
        &[
            "assessment",
            "context",
            "error",
            "julia",
            "store",
            "ui",
            "template",
            "installation",
            "fs",
            "path_text",
            "platform",
            "model",
            "exit",
        ],
    ),
    ("cli", &["ui", "model"]),
    (
        "commands",
        &[
            "cli",
            "building",
            "assessment",
            "context",
            "error",
            "hosts",
            "julia",
            "store",
            "ui",
            "template",
            "installation",
            "fs",
            "path_text",
            "platform",
            "model",
            "exit",
        ],
    ),
    ("lib", &["commands", "cli", "context", "error", "ui", "platform", "exit", "model"]),
    ("main", &["lib"]),
];

/// The same for what is in the model.
const MODEL: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("loading", &[]),
    ("image", &["loading"]),
    ("settings", &["image", "text"]),
    ("launch", &["settings", "loading"]),
    ("caches", &["image", "loading"]),
    ("hosts", &["image", "text"]),
    ("usage", &["image", "loading"]),
    ("sharing", &[]),
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

/// The source files by the module that each one is, as in `model::image::key`, without tests and comments.
struct Sources(BTreeMap<String, String>);

impl Sources {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let of_module = |file: PathBuf| {
            let relative = file.strip_prefix(&root).expect("below src").with_extension("");
            let names = relative.iter().map(|name| name.to_str().expect("a name"));
            let module = names.filter(|name| *name != "mod").collect::<Vec<_>>().join("::");
            (module, code(&fs::read_to_string(&file).expect("source")))
        };
        let all = files(&root).into_iter().map(of_module);
        Self(all.filter(|(module, _)| !module.contains("tests") && !module.ends_with("testing")).collect())
    }

    /// What a module imports, each as the module that it is from.
    fn imports(&self, module: &str) -> BTreeSet<String> {
        let named = paths(module, &self.0[module]);
        named.iter().filter_map(|path| self.origin(path)).filter(|origin| origin != module).collect()
    }

    /// The module that a path leads to: where one passes it on from another one, that.
    fn origin(&self, path: &str) -> Option<String> {
        let names: Vec<&str> = path.split("::").collect();
        let length =
            (1..=names.len()).rev().find(|length| self.0.contains_key(&names[..*length].join("::")))?;
        let module = names[..length].join("::");
        let Some(name) = names.get(length) else { return Some(module) };
        let passed_on = passed_on(&module, &self.0[&module]);
        let further = passed_on
            .iter()
            .find(|path| path.rsplit("::").next() == Some(name) && **path != names.join("::"));
        further.map_or(Some(module), |path| self.origin(path))
    }

    /// Modules that import each other, the first one twice; a module and those inside of it are one.
    fn circle(&self) -> Option<Vec<String>> {
        let is_inside =
            |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"));
        let imports: BTreeMap<&str, Vec<String>> = self
            .0
            .keys()
            .map(|module| {
                let others = self.imports(module).into_iter().filter(|other| !is_inside(module, other));
                (module.as_str(), others.collect())
            })
            .collect();
        circle(&imports)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("source folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A text without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    own.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// All paths of this crate that a text names, from its root on.
fn paths(module: &str, code: &str) -> Vec<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let roots = [("crate::", String::new()), ("super::", format!("{parent}::"))];
    let mut found = Vec::new();
    for (word, root) in roots {
        for (place, _) in code.match_indices(word) {
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let rest = &code[place + word.len()..];
            let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (path, rest) = rest.split_at(length);
            let items = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            match items.filter(|_| path.is_empty() || path.ends_with("::")) {
                Some((items, _)) => found.extend(items.split(',').map(|item| {
                    let item = item.trim().split(' ').next().unwrap_or_default();
                    format!("{root}{path}{item}").trim_end_matches("::self").to_owned()
                })),
                None => found.push(format!("{root}{path}")),
            }
        }
    }
    found.retain(|path| !path.is_empty() && !path.ends_with("::"));
    found
}

/// What a module has others import from it that is from elsewhere.
fn passed_on(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, word) in code.match_indices("pub(crate) use ") {
        let statement = code[place + word.len()..].split(';').next().unwrap_or_default();
        let statement = match statement.strip_prefix("crate::") {
            Some(rest) => rest.to_owned(),
            None => format!("{module}::{statement}"),
        };
        found.extend(paths(module, &format!("crate::{statement}")));
    }
    found
}

/// The first circle that there is.
fn circle(imports: &BTreeMap<&str, Vec<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        module: &'a str,
        imports: &'a BTreeMap<&str, Vec<String>>,
        trail: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(place) = trail.iter().position(|one| *one == module) {
            return Some(trail[place..].iter().chain(&[module]).map(|one| (*one).to_owned()).collect());
        }
        if !done.insert(module) {
            return None;
        }
        trail.push(module);
        let others = imports.get(module).into_iter().flatten();
        let found = others.map(String::as_str).find_map(|other| visit(other, imports, trail, done));
        trail.pop();
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| visit(module, imports, &mut Vec::new(), &mut done))
}

/// What in `layers` imports what it may not; what has no row is told, too. `prefix` is before their names.
fn violations(sources: &Sources, layers: &[(&str, &[&str])], prefix: &str) -> Vec<String> {
    let room = |path: &str| path.strip_prefix(prefix)?.split("::").next().map(str::to_owned);
    let mut list = Vec::new();
    for module in sources.0.keys() {
        let Some(own) = room(module) else { continue };
        let Some((_, allowed)) = layers.iter().find(|(name, _)| *name == own) else {
            list.push(format!("`{module}` has no row in tests/layers.rs"));
            continue;
        };
        let named = paths(module, &sources.0[module]);
        let others: BTreeSet<String> =
            named.iter().filter_map(|path| room(path)).filter(|other| *other != own).collect();
        let is_a_room = |other: &String| layers.iter().any(|(name, _)| name == other);
        let forbidden = others.iter().filter(|other| is_a_room(other) && !allowed.contains(&other.as_str()));
        list.extend(forbidden.map(|other| format!("`{module}` imports `{prefix}{other}`")));
    }
    list
}

#[test]
fn imports_point_down() {
    let sources = Sources::read();
    let list = [violations(&sources, LAYERS, ""), violations(&sources, MODEL, "model::")].concat();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

#[test]
fn each_row_allows_only_what_is_above_it() {
    for layers in [LAYERS, MODEL] {
        for (place, (name, allowed)) in layers.iter().enumerate() {
            let lower: Vec<&str> = layers[..place].iter().map(|(name, _)| *name).collect();
            let wrong: Vec<_> = allowed.iter().filter(|other| !lower.contains(other)).collect();
            assert!(wrong.is_empty(), "`{name}` may import {wrong:?}, which is not below it");
        }
    }
}

#[test]
fn nothing_imports_in_a_circle() {
    let circle = Sources::read().circle();
    assert!(circle.is_none(), "{}", circle.unwrap_or_default().join(" → "));
}

#[test]
fn the_model_is_pure_and_only_the_platform_is_unsafe() {
    for (module, code) in &Sources::read().0 {
        if module.starts_with("model") {
            for word in IMPURE {
                assert!(!code.contains(word), "`{module}` uses `{word}`");
            }
        }
        assert!(module.starts_with("platform") || !code.contains("unsafe "), "`{module}` has unsafe code");
    }
}

#[test]
fn paths_are_found_in_a_text() {
    let text =
        "use crate::store::layout::Layout;\nuse crate::fs::{\n    self,\n    read as r,\n};\nsuper::x::f()";
    let found = paths("a::b", text);
    assert_eq!(found, ["store::layout::Layout", "fs", "fs::read", "a::x::f"]);
    let passed_on =
        passed_on("hosts", "pub(crate) use setup::Setup;\npub(crate) use crate::fs::{read, write};");
    assert_eq!(passed_on, ["hosts::setup::Setup", "fs::read", "fs::write"]);
}

#[test]
fn a_circle_is_found_through_what_a_module_passes_on() {
    let of = |code: &[(&str, &str)]| {
        Sources(code.iter().map(|(module, code)| ((*module).to_owned(), (*code).to_owned())).collect())
    };
    let mut sources = of(&[
        ("a", "pub(crate) use b::B;\npub(crate) use c::C;"),
        ("a::b", "use crate::a::C;"),
        ("a::c", "use crate::d::D;"),
        ("d", "use crate::a::B;"),
    ]);
    let circle = sources.circle().unwrap_or_default();
    assert_eq!(circle, ["a::b", "a::c", "d", "a::b"]);
    sources.0.insert("d".to_owned(), String::new());
    assert_eq!(sources.circle(), None);
}
