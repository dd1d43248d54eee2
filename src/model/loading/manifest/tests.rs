use super::filtered::filtered;
use std::collections::HashSet;
use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const A: &str = "00000000-0000-0000-0000-00000000000a";
const B: &str = "00000000-0000-0000-0000-00000000000b";
const C: &str = "00000000-0000-0000-0000-00000000000c";

fn id(text: &str) -> Uuid {
    toml_file::uuid(text).unwrap()
}

fn parse(text: &str) -> Manifest {
    Manifest::parse(text.as_bytes()).unwrap()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn an_empty_file_has_no_packages() {
    let manifest = parse("# nothing\n");
    assert_eq!(manifest.format, Format { major: 1, minor: 0 });
    assert!(manifest.packages.is_empty());
    assert!(parse("manifest_format = \"2.0\"\n").packages.is_empty());
    assert!(parse("manifest_format = \"2.0\"\n[deps]\n").packages.is_empty());
}

#[test]
fn all_formats_hold_the_same() {
    let stanza =
        |head: &str| format!("[[{head}X]]\nuuid = \"{A}\"\nversion = \"1.0.0\"\ngit-tree-sha1 = \"abc\"\n");
    let first = parse(&stanza(""));
    let second = parse(&format!("julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n{}", stanza("deps.")));
    let registries = "registries = [\"General\"]\n[registries.General]\nurl = \"u\"\n";
    let later = parse(&format!("manifest_format = \"2.7\"\nnew = [1]\n{}{registries}", stanza("deps.")));
    assert_eq!(first.packages, second.packages);
    assert_eq!(first.packages, later.packages);
    assert_eq!(second.julia_version.as_deref(), Some("1.9.0"));
    assert_eq!(later.format, Format { major: 2, minor: 7 });
    assert_eq!(first.packages[&id(A)].source, Source::Tree("abc".into()));
}

#[test]
fn every_field_is_read() {
    let manifest = parse(&format!(
        "manifest_format = \"2.1\"\n[[deps.X]]\nuuid = \"{A}\"\npath = \"../X\"\n\
         git-tree-sha1 = \"abc\"\nentryfile = \"src/Y.jl\"\nrepo-url = \"u\"\nrepo-rev = \"main\"\n\
         repo-subdir = \"sub\"\npinned = true\n[deps.X.extensions]\nOne = \"W\"\n\
         Two = [\"W\", \"V\"]\n[deps.X.weakdeps]\nW = \"{B}\"\nV = \"{C}\"\n"
    ));
    let package = &manifest.packages[&id(A)];
    // `path` before tree hash: explicit_manifest_entry_path, base/loading.jl 1.12.
    assert_eq!(package.source, Source::Path("../X".into()));
    assert_eq!(package.entry_file.as_deref(), Some("src/Y.jl"));
    let repository = package.repository.as_ref().unwrap();
    assert_eq!(repository.revision.as_deref(), Some("main"));
    assert_eq!(repository.subdirectory.as_deref(), Some("sub"));
    assert_eq!(package.extensions["One"], ["W"]);
    assert_eq!(package.extensions["Two"], ["W", "V"]);
    assert_eq!(package.weak_dependencies["W"], id(B));
    assert!(package.unresolved_weak_dependencies.is_empty());
}

#[test]
fn the_syntax_is_that_of_a_release_since_1_13() {
    // As Pkg of Julia 1.14 writes it; what a person may write.
    let syntax = |text: &str| {
        let manifest = format!("manifest_format = \"2.1\"\n[[deps.X]]\nuuid = \"{A}\"\n{text}");
        parse(&manifest).packages[&id(A)].syntax.clone()
    };
    let table = |version: &str| format!("[deps.X.syntax]\njulia_version = \"{version}\"\n");
    for version in ["1.14.0", "1.14.0-DEV", "1.14"] {
        assert_eq!(syntax(&table(version)).as_deref(), Some("1.14"), "{version}");
    }
    assert_eq!(syntax("syntax.julia_version = \"2.0.1\"").as_deref(), Some("2.0"));
    for version in ["1.6.0", "1.13.5", "1", "x.y"] {
        assert_eq!(syntax(&table(version)), None, "{version}");
    }
    for text in ["", "syntax = 1", "syntax = {}", "syntax = {julia_version = 1.14}"] {
        assert_eq!(syntax(text), None, "{text}");
    }
}

#[test]
fn a_package_may_be_called_like_a_field() {
    // Format 1 has packages at the top: one called `deps` is an array of tables.
    let manifest = parse(&format!("[[deps]]\nuuid = \"{A}\"\n[[manifest_version]]\nuuid = \"{B}\"\n"));
    assert_eq!(manifest.packages[&id(A)].name, "deps");
    assert_eq!(manifest.packages[&id(A)].source, Source::Stdlib);
    assert_eq!(manifest.packages.len(), 2);
}

#[test]
fn what_a_list_cannot_tell_is_unresolved_and_no_failure() {
    let manifest = parse(&format!(
        "[[Two]]\nuuid = \"{A}\"\n[[Two]]\nuuid = \"{B}\"\n\
         [[X]]\nuuid = \"{C}\"\ndeps = [\"Two\", \"Gone\"]\nweakdeps = [\"Weak\", \"Two\"]\n"
    ));
    let package = &manifest.packages[&id(C)];
    assert_eq!(package.unresolved_dependencies, names(&["Gone", "Two"]));
    assert_eq!(package.unresolved_weak_dependencies, names(&["Two", "Weak"]));
    assert!(package.dependencies.is_empty() && package.weak_dependencies.is_empty());
    assert_eq!(manifest.packages[&id(A)].name, manifest.packages[&id(B)].name);
}

#[test]
fn a_table_tells_names_apart_and_may_name_what_is_absent() {
    let manifest = parse(&format!(
        "[[Two]]\nuuid = \"{A}\"\n[[Two]]\nuuid = \"{B}\"\n\
         [[X]]\nuuid = \"{C}\"\n[X.deps]\nTwo = \"{B}\"\nGone = \"{}\"\n",
        B.replace('b', "d")
    ));
    let package = &manifest.packages[&id(C)];
    assert_eq!(package.dependencies["Two"], id(B));
    assert_eq!(package.unresolved_dependencies, names(&["Gone"]));
}

#[test]
fn weak_dependencies_mean_the_same_present_and_absent() {
    // facts/julia.md section 12: a table while the trigger is absent, a list once it is there.
    let absent = parse(&format!("[[Par]]\nuuid = \"{A}\"\n[Par.weakdeps]\nTrig = \"{B}\"\n"));
    let present =
        parse(&format!("[[Par]]\nuuid = \"{A}\"\nweakdeps = [\"Trig\"]\n[[Trig]]\nuuid = \"{B}\"\n"));
    assert_eq!(absent.packages[&id(A)], present.packages[&id(A)]);
}

#[test]
fn entries_without_identity_are_passed_over_but_make_a_name_ambiguous() {
    let manifest = parse(&format!(
        "[[W]]\nversion = \"1\"\n[[W]]\nuuid = \"{B}\"\n[[X]]\nuuid = \"{A}\"\ndeps = [\"W\"]\n"
    ));
    assert_eq!(manifest.packages.len(), 2);
    assert_eq!(manifest.packages[&id(A)].unresolved_dependencies, names(&["W"]));
}

#[test]
fn a_wrong_type_is_named_by_its_keys() {
    let x = "manifest_format = \"2.0\"\n[[deps.X]]\n";
    for (text, message) in [
        ("manifest_format = true".to_owned(), "`manifest_format` is not a version"),
        ("manifest_format = \"two\"".to_owned(), "`manifest_format` is not a version"),
        ("manifest_format = \"2.0\"\ndeps = 1".to_owned(), "`deps` is not a table"),
        ("manifest_format = \"2.0\"\n[deps]\nX = 1".to_owned(), "`deps.X` is not a list of tables"),
        (format!("{x}uuid = 1"), "`deps.X.uuid` is not a string"),
        (format!("{x}uuid = \"1\""), "`deps.X.uuid` is not a UUID"),
        (format!("{x}uuid = \"{A}\"\nversion = 1.0"), "`deps.X.version` is not a string"),
        (format!("{x}uuid = \"{A}\"\ndeps = [1]"), "`deps.X.deps` is not a list of strings"),
        (format!("{x}uuid = \"{A}\"\ndeps = 1"), "`deps.X.deps` is not a table"),
    ] {
        assert_eq!(Manifest::parse(text.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_line_that_only_looks_like_a_header_splits_no_statement() {
    let text = format!(
        "manifest_format = \"2.0\"\nnested = [\n[[1], [2]],\n[[3]]\n]\nlines = \"\"\"\n[[deps.Y]]\n\"\"\"\n\
         [[deps.X]]\nuuid = \"{A}\"\ndeps = [\"Z\"]\n[[deps.Z]]\nuuid = \"{B}\"\n\
         [registries.General]\nurl = \"u\"\n"
    );
    let manifest = parse(&text);
    assert_eq!(manifest.packages.keys().copied().collect::<Vec<_>>(), [id(A), id(B)]);
    assert_eq!(manifest.packages[&id(A)].dependencies["Z"], id(B));
    assert!(stanzas::read(pieces::pieces(&text, 0)).is_err());
}

#[test]
fn a_table_apart_from_its_package_is_found() {
    let mut others = String::new();
    for number in 100..500 {
        writeln!(others, "[[P{number}]]\nuuid = \"{}\"", A.replace("00a", &number.to_string())).unwrap();
    }
    let text = format!("[[X]]\nuuid = \"{A}\"\n{others}[[Y]]\nuuid = \"{B}\"\n[X.deps]\nY = \"{B}\"\n");
    assert!(text.len() > 2 * pieces::ENOUGH);
    assert_eq!(parse(&text).packages[&id(A)].dependencies["Y"], id(B));
    let second = text.replace("[[", "[[deps.").replace("[X.deps]", "[deps.X.deps]");
    let second = parse(&format!("manifest_format = \"2.0\"\n{second}"));
    assert_eq!(second.packages[&id(A)].dependencies["Y"], id(B));
}

#[test]
fn of_one_identity_the_first_name_counts_wherever_it_is() {
    let two = |first: &str, second: &str| {
        let stanza = |name: &str| format!("[[{name}]]\nuuid = \"{A}\"\n");
        let texts = [stanza(first), stanza(second)];
        stanzas::read(texts.iter().map(String::as_str)).unwrap().packages[&id(A)].name.clone()
    };
    assert_eq!((two("X", "Y"), two("Y", "X")), ("X".to_owned(), "X".to_owned()));
}

#[test]
fn what_is_wrong_in_a_piece_is_told_with_its_line_in_the_file() {
    let package = |number: usize| format!("[[deps.P{number}]]\nuuid = \"{A}\"\n");
    let many: String = (0..1000).map(package).collect();
    assert!(many.len() > 2 * pieces::ENOUGH);
    let text = format!("manifest_format = \"2.0\"\n{many}[[deps.Last]]\nversion = \n");
    let error = Manifest::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("line 2003, "), "{error}");
}

#[test]
fn a_later_piece_says_nothing_of_the_whole() {
    let parts = |last: &str| ["manifest_format = \"2.0\"\n".to_owned(), last.to_owned()];
    for last in ["[[manifest_format]]\n", "julia_version = \"1.10.0\"\n"] {
        let parts = parts(last);
        assert!(stanzas::read(parts.iter().map(String::as_str)).is_err(), "{last}");
    }
    let flat = ["[[X]]\n", "[[manifest_format]]\n"];
    assert!(stanzas::read(flat.into_iter()).is_err());
}

#[test]
fn a_reduced_manifest_is_one_that_julia_reads() {
    let text = format!(
        "manifest_format = \"2.0\"\nproject_hash = \"x\"\njulia_version = \"1.10.4\"\n\
         [[deps.Par]]\nuuid = \"{A}\"\nweakdeps = [\"Gone\", \"Trig\"]\npinned = true\n\
         [deps.Par.extensions]\nParGone = [\"Trig\", \"Gone\"]\nParTrig = \"Trig\"\n\
         [[deps.Trig]]\nuuid = \"{B}\"\n"
    );
    let raw = toml_file::table(text.as_bytes()).unwrap();
    let result = filtered(&raw, &HashSet::from([id(A)]));
    let expected = format!(
        "julia_version = \"1.10.4\"\nmanifest_format = \"2.0\"\n\n[[deps.Par]]\npinned = true\n\
         uuid = \"{A}\"\n\n[deps.Par.extensions]\nParTrig = \"Trig\"\n\n\
         [deps.Par.weakdeps]\nTrig = \"{B}\"\n"
    );
    assert_eq!(toml::to_string(&result).unwrap(), expected);
}

#[test]
fn nothing_kept_is_still_a_manifest() {
    for text in ["manifest_format = \"2.0\"\n[[deps.X]]\n", "[[X]]\n"] {
        let raw = toml_file::table(format!("{text}uuid = \"{A}\"").as_bytes()).unwrap();
        let result = toml::to_string(&filtered(&raw, &HashSet::new())).unwrap();
        assert!(parse(&result).packages.is_empty(), "{result}");
    }
}

/// A manifest by numbers: package `i` is `Pi`, with strong and weak dependencies by index.
#[derive(Debug, Clone)]
struct Plan {
    packages: Vec<(Vec<usize>, Vec<usize>)>,
    format: u8,
}

impl Plan {
    fn write(&self, tables: bool) -> String {
        let uuid = |index: usize| format!("00000000-0000-0000-0000-{index:012}");
        let (mut text, head) = match self.format {
            1 => (String::new(), ""),
            minor => (format!("manifest_format = \"2.{}\"\n", minor - 2), "deps."),
        };
        for (index, (strong, weak)) in self.packages.iter().enumerate() {
            writeln!(text, "[[{head}P{index}]]\nuuid = \"{}\"", uuid(index)).unwrap();
            for (key, links) in [("deps", strong), ("weakdeps", weak)] {
                let each = links.iter().map(|&link| {
                    if tables { format!("P{link} = \"{}\"", uuid(link)) } else { format!("\"P{link}\"") }
                });
                let each: BTreeSet<String> = each.collect();
                let joined = each.into_iter().collect::<Vec<_>>().join(", ");
                let (open, close) = if tables { ('{', '}') } else { ('[', ']') };
                writeln!(text, "{key} = {open}{joined}{close}").unwrap();
            }
        }
        text
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let links = |count: usize| proptest::collection::vec(0..count, 0..4);
    let packages = (1usize..8).prop_flat_map(move |n| proptest::collection::vec((links(n), links(n)), n));
    (packages, 1u8..4).prop_map(|(packages, format)| Plan { packages, format })
}

const LINES: [&str; 16] = [
    "manifest_format = \"2.0\"",
    "julia_version = \"1.10.0\"",
    "[[deps.X]]",
    "[[deps.Y]]",
    "[[X]]",
    "[deps.X.deps]",
    "[X.deps]",
    "Y = \"00000000-0000-0000-0000-00000000000b\"",
    "uuid = \"00000000-0000-0000-0000-00000000000a\"",
    "uuid = \"00000000-0000-0000-0000-00000000000b\"",
    "deps = [\"X\", \"Y\"]",
    "list = [",
    "[[1]],",
    "]",
    "text = \"\"\"",
    "\"\"\"",
];

proptest! {
    #[test]
    fn lists_and_tables_mean_the_same(plan in plans()) {
        prop_assert_eq!(parse(&plan.write(false)), parse(&plan.write(true)));
    }

    #[test]
    fn pieces_mean_what_the_whole_means(plan in plans(), tables in any::<bool>(), enough in 0usize..400) {
        let text = plan.write(tables);
        let pieces: Vec<&str> = pieces::pieces(&text, enough).collect();
        prop_assert_eq!(pieces.concat(), text.as_str());
        prop_assert_eq!(stanzas::read(pieces.into_iter()), stanzas::read(iter::once(text.as_str())));
    }

    /// Statements that lists, texts of several lines, names and tables are made of, in any order.
    #[test]
    fn pieces_that_can_be_read_mean_what_the_whole_means(
        lines in proptest::collection::vec(0..LINES.len(), 0..12),
        enough in 0usize..60,
    ) {
        let text: String = lines.iter().flat_map(|&line| [LINES[line], "\n"]).collect();
        let whole = stanzas::read(iter::once(text.as_str()));
        if let (Ok(pieces), Ok(whole)) = (stanzas::read(pieces::pieces(&text, enough)), whole) {
            prop_assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn keeping_all_changes_nothing(plan in plans(), tables in any::<bool>()) {
        let text = plan.write(tables);
        let before = parse(&text);
        let keep = before.packages.keys().copied().collect();
        let reduced = filtered(&toml_file::table(text.as_bytes()).unwrap(), &keep);
        prop_assert_eq!(parse(&toml::to_string(&reduced).unwrap()), before);
    }

    #[test]
    fn what_is_kept_keeps_its_meaning(plan in plans(), chosen in any::<u8>()) {
        let text = plan.write(false);
        let before = parse(&text);
        let all = before.packages.keys().enumerate();
        let keep: HashSet<Uuid> =
            all.filter(|(index, _)| chosen >> index & 1 == 1).map(|(_, uuid)| *uuid).collect();
        let reduced = filtered(&toml_file::table(text.as_bytes()).unwrap(), &keep);
        let after = parse(&toml::to_string(&reduced).unwrap());
        prop_assert_eq!(after.packages.keys().copied().collect::<HashSet<_>>(), keep);
        for (uuid, package) in after.packages {
            prop_assert_eq!(&package.weak_dependencies, &before.packages[&uuid].weak_dependencies);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse(&bytes);
    }

    #[test]
    fn a_manifest_cut_anywhere_never_panics(plan in plans(), at in any::<prop::sample::Index>()) {
        let text = plan.write(false);
        let _ = Manifest::parse(&text.as_bytes()[..at.index(text.len())]);
    }
}
