use super::*;
use proptest::prelude::*;

use crate::model::loading::files::MemoryFiles;

const P: &str = "00000000-0000-0000-0000-00000000000a";

fn project(text: &str) -> Project {
    Project::parse(text.as_bytes()).unwrap()
}

fn table(text: &str) -> Table {
    toml::from_str(text).unwrap()
}

fn read(julia: &str, layers: &[Layer<'_>]) -> Table {
    let uuid = P.parse().unwrap();
    effective(&Version::parse(julia).unwrap(), &uuid, layers).unwrap().0
}

fn with_deps(preferences: &str) -> Project {
    project(&format!("[deps]\nP = \"{P}\"\n{preferences}"))
}

#[test]
fn lower_entries_first_and_the_file_over_the_project() {
    // get_preferences and collect_preferences, base/loading.jl 1.6 to 1.12.
    let top = with_deps("[preferences.P]\na = 1\nb = 1\n");
    let file = table("[P]\nb = 2\n[Q]\na = 9\n");
    let below = with_deps("[preferences.P]\na = 3\nc = 3\n");
    let layers = [Layer { project: &top, file: Some(&file) }, Layer { project: &below, file: None }];
    assert_eq!(read("1.6.7", &layers), table("a = 1\nb = 2\nc = 3\n"));
    assert_eq!(read("1.12.2", &layers), table("a = 1\nb = 2\nc = 3\n"));
}

#[test]
fn before_1_6_there_are_none() {
    let top = with_deps("[preferences.P]\na = 1\n");
    let layers = [Layer { project: &top, file: None }];
    assert!(read("1.5.3", &layers).is_empty());
    assert!(!read("1.6.0", &layers).is_empty());
}

#[test]
fn clearing_deletes_what_was_there_and_stays_written() {
    // recursive_prefs_merge, base/loading.jl 1.10.4: `__clear__` is copied like any other key.
    let top = with_deps("[preferences.P]\n__clear__ = [\"a\", \"n\"]\n");
    let below = with_deps("[preferences.P]\na = 1\nb = 2\n[preferences.P.n]\nx = 1\n");
    let layers = [Layer { project: &top, file: None }, Layer { project: &below, file: None }];
    assert_eq!(read("1.10.4", &layers), table("b = 2\n__clear__ = [\"a\", \"n\"]\n"));
    let mixed = with_deps("[preferences.P]\n__clear__ = [\"a\", 1]\n");
    let layers = [Layer { project: &mixed, file: None }, Layer { project: &below, file: None }];
    assert_eq!(read("1.10.4", &layers)["a"], Value::Integer(1));
}

#[test]
fn nested_tables_merge_into_tables_only() {
    let top = with_deps("[preferences.P.n]\nx = 2\n__clear__ = [\"y\"]\n[preferences.P.m]\nz = 1\n");
    let below = with_deps("[preferences.P]\nm = 1\n[preferences.P.n]\nx = 1\ny = 1\nw = 1\n");
    let layers = [Layer { project: &top, file: None }, Layer { project: &below, file: None }];
    let expected = table("[n]\nx = 2\nw = 1\n__clear__ = [\"y\"]\n[m]\nz = 1\n");
    assert_eq!(read("1.8.5", &layers), expected);
}

#[test]
fn a_project_must_know_the_package_by_name() {
    let preferences = "[preferences.P]\na = 1\n";
    let named = |section: &str| project(&format!("[{section}]\nP = \"{P}\"\n{preferences}"));
    let found = |julia: &str, project: &Project| !read(julia, &[Layer { project, file: None }]).is_empty();
    // get_uuid_name: 1.8.5:1912 reads `extras`, 1.10.4 `weakdeps` as well.
    assert!(found("1.8.5", &named("extras")));
    assert!(found("1.10.4", &named("weakdeps")));
    assert!(!found("1.8.5", &named("weakdeps")));
    assert!(!found("1.12.2", &project(preferences)));
    let own = project(&format!("name = \"P\"\nuuid = \"{P}\"\n{preferences}"));
    assert!(found("1.6.0", &own));
}

#[test]
fn the_name_is_the_one_that_the_project_gives() {
    let renamed = project(&format!("[deps]\nQ = \"{P}\"\n[preferences.Q]\na = 1\n"));
    assert_eq!(read("1.9.0", &[Layer { project: &renamed, file: None }]), table("a = 1"));
}

#[test]
fn anything_but_a_table_is_an_error() {
    let top = with_deps("[preferences]\nP = 1\n");
    let layers = [Layer { project: &top, file: None }];
    let result = effective(&Version::new(1, 10, 4), &P.parse().unwrap(), &layers);
    assert_eq!(result.unwrap_err().to_string(), "the preferences of `P` are not a table");
}

#[test]
fn the_first_file_name_wins() {
    let both =
        MemoryFiles::default().with("/w/LocalPreferences.toml", "").with("/w/JuliaLocalPreferences.toml", "");
    let found = locate_file(Path::new("/w/Project.toml"), &both);
    assert_eq!(found, Some("/w/JuliaLocalPreferences.toml".into()));
    assert_eq!(locate_file(Path::new("/v/Project.toml"), &both), None);
}

#[test]
fn canonical_text_tells_types_apart() {
    let canonical = |text: &str| Preferences(table(text)).canonical();
    assert_eq!(
        canonical(
            "s = \"1\\n\\\"\"\ni = 0x10\nf = 1e3\nd = 1979-05-27T07:32:00Z\nb = true\n\
                   l = [1, [2.5]]\nnan = -nan\ninf = -inf\n[t]\nk = 1\n"
        ),
        "{\"b\"=true,\"d\"=1979-05-27T07:32:00Z,\"f\"=1000.0,\"i\"=16,\"inf\"=-inf,\
         \"l\"=[1,[2.5]],\"nan\"=nan,\"s\"=\"1\\u{a}\\\"\",\"t\"={\"k\"=1}}"
    );
    assert_ne!(canonical("a = 1"), canonical("a = 1.0"));
    assert_ne!(canonical("a = \"true\""), canonical("a = true"));
    assert_eq!(Preferences::default().canonical(), "{}");
}

proptest! {
    #[test]
    fn canonical_text_ignores_order_and_sees_every_value(
        entries in proptest::collection::btree_map("[a-c]{1,2}", any::<i64>(), 1..5),
    ) {
        let write = |reverse: bool| {
            let mut lines: Vec<_> = entries.iter().map(|(k, v)| format!("{k} = {v}\n")).collect();
            if reverse { lines.reverse(); }
            Preferences(table(&lines.concat()))
        };
        prop_assert_eq!(write(false).canonical(), write(true).canonical());
        let mut changed = write(false);
        let key = entries.keys().next().unwrap().clone();
        changed.0.insert(key, Value::String("other".into()));
        prop_assert_ne!(changed.canonical(), write(false).canonical());
    }
}
