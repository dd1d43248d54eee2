//! Line numbers are those of Julia's `base/initdefs.jl` or `base/loading.jl` in the version named.
#![cfg(unix)]

mod manifest;

use std::os::unix::ffi::OsStrExt;

use proptest::prelude::*;

use super::*;
use crate::model::loading::files::MemoryFiles;

/// A question to vary: in `/home/u/work/p`, with the depots `/home/u/.julia` and `/depot`.
#[derive(Clone)]
struct Ask {
    julia: &'static str,
    flag: Option<ProjectFlag>,
    project: Option<OsString>,
    load_path: Option<OsString>,
    depots: Vec<PathBuf>,
    directory: &'static str,
    home: Option<&'static str>,
    script: Option<&'static str>,
}

fn ask() -> Ask {
    Ask {
        julia: "1.10.4",
        flag: None,
        project: None,
        load_path: None,
        depots: vec!["/home/u/.julia".into(), "/depot".into()],
        directory: "/home/u/work/p",
        home: Some("/home/u"),
        script: None,
    }
}

impl Ask {
    fn julia(mut self, version: &'static str) -> Self {
        self.julia = version;
        self
    }

    fn flag(mut self, value: impl Into<OsString>) -> Self {
        self.flag = Some(ProjectFlag::Value(value.into()));
        self
    }

    fn variable(mut self, value: &str) -> Self {
        self.project = Some(value.into());
        self
    }

    fn load_path(mut self, value: &str) -> Self {
        self.load_path = Some(value.into());
        self
    }

    fn directory(mut self, path: &'static str) -> Self {
        self.directory = path;
        self
    }

    fn script(mut self, path: &'static str) -> Self {
        self.script = Some(path);
        self
    }

    fn asked<T>(&self, answer: impl FnOnce(&Question<'_>) -> T) -> T {
        answer(&Question {
            julia: &Version::parse(self.julia).unwrap(),
            project_flag: self.flag.as_ref(),
            julia_project: self.project.as_deref(),
            julia_load_path: self.load_path.as_deref(),
            depots: &self.depots,
            directory: Path::new(self.directory),
            home: self.home.map(Path::new),
            script: self.script.map(OsStr::new),
            stdlib: Some(Path::new("/opt/julia/share/julia/stdlib/v1")),
            system: System::Unix,
        })
    }

    fn result(&self, files: &dyn Files) -> Result<Environment, EnvironmentError> {
        self.asked(|question| locate(question, files))
    }

    fn workspace(&self, files: &dyn Files, project_file: &str) -> Workspace {
        self.asked(|question| workspace(question, files, Path::new(project_file))).unwrap()
    }

    fn on(&self, files: &dyn Files) -> Environment {
        self.result(files).unwrap()
    }

    /// The active project and who chose it.
    fn active(&self, files: &dyn Files) -> (Option<String>, ProjectOrigin) {
        let environment = self.on(files);
        let file = environment.project_file.map(|path| path.to_str().unwrap().to_owned());
        (file, environment.origin)
    }

    fn project(&self, files: &dyn Files) -> Option<String> {
        self.active(files).0
    }
}

fn disk(paths: &[&str]) -> MemoryFiles {
    paths.iter().fold(MemoryFiles::default(), |files, path| files.with(path, ""))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for an answer, which may be none")]
fn some(path: &str) -> Option<String> {
    Some(path.to_owned())
}

const VERSIONS: [&str; 7] = ["1.4.2", "1.5.3", "1.6.7", "1.7.3", "1.10.4", "1.11.7", "1.12.2"];
const HERE: &str = "/home/u/work/p/Project.toml";
const WORK: &str = "/home/u/work/Project.toml";

#[test]
fn bare_flag_looks_upward() {
    // jloptions.c: `optarg ? strdup(optarg) : "@."`; current_project, 1.5.3:108.
    for julia in VERSIONS {
        let mut bare = ask().julia(julia);
        bare.flag = Some(ProjectFlag::Bare);
        assert_eq!(bare.active(&disk(&[HERE, WORK])), (some(HERE), ProjectOrigin::Flag));
        assert_eq!(bare.project(&disk(&[WORK])), some(WORK));
        assert_eq!(ask().julia(julia).flag("@.").project(&disk(&[WORK])), some(WORK));
    }
}

#[test]
fn looking_upward_stops_at_home() {
    let up = ask().flag("@.");
    let home = disk(&["/home/u/Project.toml"]);
    assert_eq!(up.project(&home), some("/home/u/Project.toml"));
    let above = disk(&["/home/Project.toml"]);
    assert_eq!(up.active(&above).1, ProjectOrigin::Default);
    assert_eq!(up.clone().directory("/srv/x").project(&disk(&["/Project.toml"])), some("/Project.toml"));
    let mut homeless = up;
    homeless.home = None;
    assert_eq!(homeless.project(&above), some("/home/Project.toml"));
}

#[test]
fn julia_project_toml_comes_first() {
    let both = disk(&[HERE, "/home/u/work/p/JuliaProject.toml"]);
    assert_eq!(ask().flag("@.").project(&both), some("/home/u/work/p/JuliaProject.toml"));
    assert_eq!(ask().flag(".").project(&both), some("/home/u/work/p/JuliaProject.toml"));
}

#[test]
fn without_flag_and_variable_the_project_is_found_or_julias_own() {
    let found = ask().on(&disk(&[WORK]));
    assert_eq!(found.project_file.as_deref(), Some(Path::new(WORK)));
    assert_eq!(found.origin, ProjectOrigin::Found);
    let default = "/home/u/.julia/environments/v1.10/Project.toml";
    assert_eq!(ask().active(&disk(&[])), (some(default), ProjectOrigin::Default));
}

#[test]
fn empty_means_julias_default() {
    // init_active_project, 1.10.4: `project == "" ? nothing`; the flag still wins over the variable.
    for julia in VERSIONS {
        let files = disk(&[HERE, "/v/Project.toml"]);
        let (_, origin) = ask().julia(julia).flag("").variable("/v").active(&files);
        assert_eq!(origin, ProjectOrigin::Default);
        assert_eq!(ask().julia(julia).variable("").active(&files).1, ProjectOrigin::Default);
    }
}

#[test]
fn the_flag_wins_over_the_variable() {
    let files = disk(&["/f/Project.toml", "/v/Project.toml"]);
    let variable = ask().variable("/v");
    assert_eq!(variable.active(&files), (some("/v/Project.toml"), ProjectOrigin::Variable));
    let both = variable.flag("/f");
    assert_eq!(both.active(&files), (some("/f/Project.toml"), ProjectOrigin::Flag));
}

#[test]
fn paths_to_folders_files_and_nothing() {
    // active_project, 1.5.3:233; facts/julia.md 1.4.
    let files = disk(&["/w/envt/Project.toml", "/w/Other.toml"]);
    for text in ["/w/envt", "/w/envt/", "/w/envt/Project.toml", "/w/./sub/../envt", "../../../../w/envt"] {
        assert_eq!(ask().flag(text).project(&files), some("/w/envt/Project.toml"), "{text}");
    }
    assert_eq!(ask().flag("/none").project(&files), some("/none/Project.toml"));
    assert_eq!(ask().flag("/none/Project.toml").project(&files), some("/none/Project.toml"));
    assert_eq!(ask().flag("none").project(&files), some("/home/u/work/p/none/Project.toml"));
    // Any file is taken for active, but nothing is loaded from one of another name (1.5.3:239).
    let other = ask().flag("/w/Other.toml").on(&files);
    assert_eq!(other.project_file, Some("/w/Other.toml".into()));
    assert_eq!(other.stack, [StackEntry::Stdlib]);
}

#[test]
fn a_missing_project_is_active_but_not_in_the_stack() {
    let files = disk(&["/home/u/.julia/environments/v1.10/Project.toml"]);
    let environment = ask().flag("/none").on(&files);
    assert_eq!(environment.project_file, Some("/none/Project.toml".into()));
    let Some(StackEntry::Project { project_file, .. }) = environment.primary() else { panic!() };
    assert_eq!(project_file, Path::new("/home/u/.julia/environments/v1.10/Project.toml"));
}

#[test]
fn tildes_are_expanded_in_flag_variable_and_load_path() {
    let files = disk(&["/home/u/e/Project.toml"]);
    assert_eq!(ask().flag("~/e").project(&files), some("/home/u/e/Project.toml"));
    assert_eq!(ask().variable("~/e").project(&files), some("/home/u/e/Project.toml"));
    assert_eq!(ask().load_path("~/e").project(&files), some("/home/u/e/Project.toml"));
    let error = ask().flag("~other/e").result(&files).unwrap_err();
    assert!(matches!(error, EnvironmentError::Tilde(TildeError::OtherUser(_))));
    let mut homeless = ask().flag("~/e");
    homeless.home = None;
    let error = homeless.result(&files).unwrap_err();
    assert_eq!(error.to_string(), "`~/e` needs a home folder, and none is known");
}

#[test]
fn named_environments_are_names_from_1_7() {
    // init_active_project: 1.6.0 `project == "@."`, 1.7 `startswith(project, "@")`.
    let files = disk(&["/depot/environments/tools/Project.toml"]);
    let named = ask().flag("@tools");
    for julia in ["1.7.3", "1.10.4", "1.12.2"] {
        let found = named.clone().julia(julia).project(&files);
        assert_eq!(found, some("/depot/environments/tools/Project.toml"));
    }
    for julia in ["1.4.2", "1.5.3", "1.6.7"] {
        let path = named.clone().julia(julia).project(&files);
        assert_eq!(path, some("/home/u/work/p/@tools/Project.toml"));
    }
    assert_eq!(ask().flag("@new").project(&files), some("/home/u/.julia/environments/new/Project.toml"));
    let mut nowhere = ask().flag("@new");
    nowhere.depots.clear();
    assert_eq!(nowhere.active(&files), (None, ProjectOrigin::Default));
}

#[test]
fn hashes_stand_for_the_version() {
    let files = disk(&[]);
    let project = |text: &str| ask().flag(text).project(&files).unwrap();
    assert_eq!(project("@v#.#"), "/home/u/.julia/environments/v1.10/Project.toml");
    assert_eq!(project("@a#b#c#d#"), "/home/u/.julia/environments/a1b10c4d#/Project.toml");
}

#[test]
fn a_lone_at_sign_is_no_project() {
    let files = disk(&[HERE]);
    assert_eq!(ask().flag("@").active(&files).1, ProjectOrigin::Default);
    let old = ask().julia("1.5.3").flag("@").project(&files);
    assert_eq!(old, some("/home/u/work/p/@/Project.toml"));
}

#[test]
fn stdlib_as_a_project_has_no_file() {
    let environment = ask().flag("@stdlib").on(&disk(&[]));
    let expected = PathBuf::from("/opt/julia/share/julia/stdlib/v1/Project.toml");
    assert_eq!(environment.project_file, Some(expected));
    assert_eq!(environment.primary(), None);
    assert_eq!(environment.shadowing(), [StackEntry::Stdlib]);
}

#[test]
fn a_temporary_project_is_known_as_such_from_1_12() {
    // load_path_expand, 1.12: `env == "@temp" && return mktempdir()`.
    let files = disk(&["/home/u/.julia/environments/v1.12/Project.toml"]);
    let environment = ask().julia("1.12.2").flag("@temp").on(&files);
    assert_eq!((environment.project_file, environment.origin), (None, ProjectOrigin::Temporary));
    assert_eq!(environment.stack.len(), 2);
    let named = ask().julia("1.11.7").flag("@temp").project(&files);
    assert_eq!(named, some("/home/u/.julia/environments/temp/Project.toml"));
}

#[test]
fn beside_the_script_from_1_11() {
    // load_path_expand, 1.11.7:278; 1.13 the same.
    let files = disk(&["/s/Project.toml", "/s/sub/deep/x.jl", "/s/test/Project.toml", WORK]);
    for julia in ["1.11.6", "1.11.7", "1.12.2"] {
        let at = |script| ask().julia(julia).flag("@script").script(script).project(&files);
        assert_eq!(at("/s/x.jl"), some("/s/Project.toml"));
        assert_eq!(at("/s/sub/deep/x.jl"), some("/s/Project.toml"));
        // A relative path is left upward only as far as its text goes.
        assert_eq!(at("../x.jl"), some(WORK));
        assert_ne!(at("x.jl"), some(WORK));
        let below = ask().julia(julia).flag("@script/test").script("/s/x.jl");
        assert_eq!(below.project(&files), some("/s/test/Project.toml"));
        let above = ask().julia(julia).flag("@script/..").script("/s/sub/x.jl");
        assert_eq!(above.project(&files), some("/s/Project.toml"));
    }
    let named = ask().flag("@script").script("/s/x.jl").project(&files);
    assert_eq!(named, some("/home/u/.julia/environments/script/Project.toml"));
}

#[test]
fn without_a_script_only_the_current_folder_counts() {
    let here = disk(&[HERE, WORK]);
    for julia in ["1.11.0", "1.11.5", "1.11.7", "1.12.2"] {
        assert_eq!(ask().julia(julia).flag("@script").project(&here), some(HERE));
        let above = ask().julia(julia).flag("@script").active(&disk(&[WORK]));
        assert_eq!(above.1, ProjectOrigin::Default);
    }
    // 1.11.0 to 1.11.5: PROGRAM_FILE is still empty (1.11.5:280).
    let early = ask().julia("1.11.5").flag("@script").script("/s/x.jl");
    assert_eq!(early.project(&disk(&[HERE, "/s/Project.toml"])), some(HERE));
    let early = ask().julia("1.11.5").flag("@script/rest").script("/s/x.jl");
    assert_eq!(early.project(&disk(&[])), some("/rest/Project.toml"));
}

#[test]
fn the_default_stack() {
    let default = "/home/u/.julia/environments/v1.10/Project.toml";
    let files = disk(&[HERE, "/home/u/work/p/Manifest.toml", default]);
    let environment = ask().on(&files);
    let project = |file: &str, manifest: Option<&str>| StackEntry::Project {
        project_file: file.into(),
        manifest_file: manifest.map(PathBuf::from),
    };
    let first = project(HERE, Some("/home/u/work/p/Manifest.toml"));
    assert_eq!(environment.stack, [first.clone(), project(default, None), StackEntry::Stdlib]);
    assert_eq!(environment.primary(), Some(&first));
    assert!(environment.shadowing().is_empty());
    assert_eq!(environment.preference_projects, [PathBuf::from(HERE), default.into()]);
}

#[test]
fn one_project_is_in_the_stack_once() {
    let default = "/home/u/.julia/environments/v1.10/Project.toml";
    let environment = ask().flag("@v1.10").on(&disk(&[default]));
    assert_eq!(environment.stack.len(), 2);
}

#[test]
fn load_paths_with_empty_entries_and_folders_of_packages() {
    // parse_load_path, 1.5.3:126: an empty entry is the default list, and nothing comes twice.
    let files = disk(&[HERE, "/pk/Foo/src/Foo.jl", "/env/Project.toml"]);
    let packages = StackEntry::Packages("/pk".into());
    let environment = ask().load_path("/pk:").on(&files);
    assert_eq!(environment.origin, ProjectOrigin::Found);
    assert_eq!(environment.shadowing(), std::slice::from_ref(&packages));
    assert_eq!(environment.stack.len(), 3);
    assert_eq!(ask().load_path(":/pk:").on(&files).stack[2], packages);
    assert_eq!(ask().load_path(":").on(&files).stack, ask().on(&files).stack);
    assert_eq!(ask().load_path("/pk:/pk/:../../../../pk").on(&files).stack, [packages]);
}

#[test]
fn a_set_and_empty_load_path_has_nothing() {
    let environment = ask().load_path("").on(&disk(&[HERE]));
    assert_eq!(environment.project_file, None);
    assert_eq!(environment.origin, ProjectOrigin::LoadPath);
    assert!(environment.stack.is_empty());
}

#[test]
fn without_an_at_entry_the_active_project_is_not_searched() {
    let files = disk(&[HERE, "/env/Project.toml"]);
    let environment = ask().load_path("/none:/env:@stdlib").on(&files);
    assert_eq!(environment.project_file, Some("/env/Project.toml".into()));
    assert_eq!(environment.origin, ProjectOrigin::LoadPath);
    let flagged = ask().load_path("/env").flag("@.").on(&files);
    assert_eq!(flagged.project_file, Some(HERE.into()));
    assert!(matches!(&flagged.stack[..], [StackEntry::Project { project_file, .. }]
        if project_file == Path::new("/env/Project.toml")));
}

#[test]
fn an_entry_that_could_be_a_project_is_active_though_absent() {
    // active_project, 1.5.3:247: `basename(project) in project_names`.
    let files = disk(&["/pk/Foo/src/Foo.jl"]);
    let project = ask().load_path("/pk:/none:/none/Project.toml").project(&files);
    assert_eq!(project, some("/none/Project.toml"));
    assert_eq!(ask().load_path("@stdlib").project(&files), None);
}

#[test]
fn at_dot_in_the_load_path_is_looked_up_at_once() {
    let environment = ask().load_path("@.:@stdlib").on(&disk(&[WORK]));
    assert_eq!(environment.project_file, Some(WORK.into()));
    assert_eq!(environment.origin, ProjectOrigin::LoadPath);
    assert_eq!(ask().load_path("@.").on(&disk(&[])).stack, []);
}

#[test]
fn semicolons_separate_on_windows() {
    let julia = Version::new(1, 10, 4);
    let question = Question {
        julia: &julia,
        project_flag: None,
        julia_project: None,
        julia_load_path: Some(OsStr::new("/a:b;@stdlib")),
        depots: &[],
        directory: Path::new("/w"),
        home: None,
        script: None,
        stdlib: None,
        system: System::Windows,
    };
    let environment = locate(&question, &disk(&["/a:b/Project.toml"])).unwrap();
    assert_eq!(environment.project_file, Some("/a:b/Project.toml".into()));
    assert_eq!(environment.stack.len(), 2);
}

#[test]
fn paths_may_hold_any_bytes() {
    let odd = OsStr::from_bytes(b"/w/\xff $(x)\n'\"");
    let file = Path::new(odd).join("Project.toml");
    let files = MemoryFiles::default().with(&file, "");
    assert_eq!(ask().flag(odd).on(&files).project_file, Some(file.clone()));
    let mut listed = ask();
    listed.load_path = Some(odd.to_owned());
    assert_eq!(listed.on(&files).project_file, Some(file));
}

#[test]
fn a_project_that_cannot_be_used_is_named() {
    let broken = MemoryFiles::default().with(HERE, "manifest = ");
    let error = ask().result(&broken).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot use `{HERE}`"));
    assert!(matches!(error, EnvironmentError::Project { source: TomlError::Syntax { .. }, .. }));
    let secret = MemoryFiles::default().with_unreadable(HERE);
    let error = ask().result(&secret).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read `{HERE}`"));
    // Fields that do not decide where packages come from are not read, in whatever state they are.
    for text in ["uuid = 1\ndeps = 2", "a = "] {
        let odd = MemoryFiles::default().with(HERE, text);
        assert_eq!(ask().project(&odd), some(HERE));
    }
    let escaped = MemoryFiles::default().with(HERE, "\"mani\\u0066est\" = 1");
    assert!(ask().result(&escaped).is_err());
}

#[test]
fn files_are_asked_for_in_julias_order_and_no_others() {
    let files = disk(&[WORK, "/home/u/work/Manifest.toml"]);
    let mut question = ask().julia("1.10.4");
    question.depots.truncate(1);
    question.on(&files);
    let mut asked = files.asked();
    asked.dedup();
    let expected = [
        "/home/u/work/p/JuliaProject.toml",
        HERE,
        "/home/u/work/JuliaProject.toml",
        WORK,
        "/home/u/.julia/environments/v1.10",
        WORK,
        "/home/u/work/JuliaManifest.toml",
        "/home/u/work/Manifest.toml",
        "/home/u/.julia/environments/v1.10/Project.toml",
    ];
    assert_eq!(asked, expected.map(PathBuf::from));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(
        flag in proptest::option::of("[@~./:#a-z]{0,12}"),
        variable in proptest::option::of(proptest::collection::vec(1u8..=255, 0..12)),
        list in proptest::option::of("[@~./:#a-z]{0,20}"),
        script in proptest::option::of("[./a-z]{0,12}"),
        version in proptest::sample::select(&VERSIONS[..]),
    ) {
        let mut question = ask().julia(version);
        question.flag = flag.map(|text| ProjectFlag::Value(text.into()));
        question.project = variable.map(|bytes| OsStr::from_bytes(&bytes).to_owned());
        question.load_path = list.map(OsString::from);
        question.script = script.map(|text| &*text.leak());
        let files = disk(&[HERE, "/a/Project.toml", "/depot/environments/a/Project.toml"]);
        if let Ok(environment) = question.result(&files) {
            if let Some(file) = &environment.project_file {
                prop_assert!(file.is_absolute());
            }
            let rest = environment.stack.len() - environment.shadowing().len();
            prop_assert_eq!(environment.primary().is_some(), rest > 0);
        }
    }
}
