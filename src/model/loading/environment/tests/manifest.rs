//! The manifest and the preferences of the project.

use super::*;

impl Ask {
    /// The manifest of the primary project.
    fn manifest(&self, files: &dyn Files) -> Option<PathBuf> {
        match self.on(files).primary().unwrap() {
            StackEntry::Project { manifest_file, .. } => manifest_file.clone(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_manifest_that_the_project_names() {
    // project_file_manifest_path: 1.5.3 returns nothing where it is missing, 1.6 goes on.
    let files = MemoryFiles::default()
        .with(HERE, "manifest = \"../shared/M.toml\"")
        .with("/home/u/work/p/Manifest.toml", "");
    for julia in VERSIONS {
        let plain =
            (!["1.4.2", "1.5.3"].contains(&julia)).then(|| PathBuf::from("/home/u/work/p/Manifest.toml"));
        assert_eq!(ask().julia(julia).manifest(&files), plain, "{julia}");
    }
    let files = files.with("/home/u/work/shared/M.toml", "");
    for julia in VERSIONS {
        let named = ask().julia(julia).manifest(&files);
        assert_eq!(named, Some("/home/u/work/shared/M.toml".into()));
    }
}

#[test]
fn manifest_names_in_order() {
    // manifest_names, 1.10.8:616, 1.11.7:626, 1.12.5:629 and on master of 2026-06-12 (1.14); no versions before.
    let folder = "/home/u/work/p";
    for (julia, release) in [("1.10.8", "1.10"), ("1.11.0", "1.11"), ("1.13.0", "1.13")] {
        let mut files = MemoryFiles::default().with(HERE, "");
        for wrong in ["Manifest-v1.9.toml", "Manifest-v1.jl", "Manifest-v1.12.toml"] {
            files = files.with(format!("{folder}/{wrong}"), "");
        }
        let versioned = ["Manifest", "JuliaManifest"].map(|name| format!("{name}-v{release}"));
        for name in ["Manifest", "JuliaManifest"].into_iter().chain(versioned.iter().map(String::as_str)) {
            files = files.with(format!("{folder}/{name}.toml"), "");
            let newest = ask().julia(julia).manifest(&files);
            assert_eq!(newest, Some(format!("{folder}/{name}.toml").into()), "{julia}");
            let before = if name == "Manifest" { name } else { "JuliaManifest" };
            let older = ask().julia("1.10.7").manifest(&files);
            assert_eq!(older, Some(format!("{folder}/{before}.toml").into()));
        }
    }
}

fn workspace(members: &str, root: &str) -> MemoryFiles {
    MemoryFiles::default()
        .with(HERE, "")
        .with("/home/u/work/p/Manifest.toml", "")
        .with(format!("{root}/Project.toml"), format!("[workspace]\nprojects = {members}"))
        .with(format!("{root}/Manifest.toml"), "")
}

#[test]
fn a_workspace_has_one_manifest_from_1_12() {
    let files = workspace("[\"p\"]", "/home/u/work");
    let own = Some(PathBuf::from("/home/u/work/p/Manifest.toml"));
    let shared = Some(PathBuf::from("/home/u/work/Manifest.toml"));
    assert_eq!(ask().julia("1.11.7").manifest(&files), own);
    for julia in ["1.12.0", "1.12.2", "1.13.0"] {
        assert_eq!(ask().julia(julia).manifest(&files), shared);
        let environment = ask().julia(julia).on(&files);
        assert_eq!(environment.project_file, Some(HERE.into()));
        assert_eq!(environment.preference_projects, [PathBuf::from(HERE), WORK.into()]);
        for members in ["[\"q\"]", "\"p\"", "[]"] {
            assert_eq!(ask().julia(julia).manifest(&workspace(members, "/home/u/work")), own);
        }
    }
}

#[test]
fn deep_members_count_from_1_12_2() {
    // base_project, 1.12.2:672 (JuliaLang/julia#59849).
    let files = workspace("[\"work/./p\"]", "/home/u");
    let shared = Some(PathBuf::from("/home/u/Manifest.toml"));
    let own = Some(PathBuf::from("/home/u/work/p/Manifest.toml"));
    assert_eq!(ask().julia("1.12.2").manifest(&files), shared);
    assert_eq!(ask().julia("1.12.1").manifest(&files), own);
    // Not above the home folder, for a project inside it.
    let files = workspace("[\"u/work/p\"]", "/home");
    assert_eq!(ask().julia("1.12.2").manifest(&files), own);
}

#[test]
fn a_workspace_within_a_workspace() {
    let files = workspace("[\"p\"]", "/home/u/work")
        .with("/home/u/Project.toml", "[workspace]\nprojects = [\"work\"]")
        .with("/home/u/Manifest.toml", "");
    let environment = ask().julia("1.12.2").on(&files);
    let Some(StackEntry::Project { manifest_file, .. }) = environment.primary() else { panic!() };
    assert_eq!(manifest_file.as_deref(), Some(Path::new("/home/u/Manifest.toml")));
    let chain = [HERE, WORK, "/home/u/Project.toml"].map(PathBuf::from);
    assert_eq!(environment.preference_projects, chain);
}

#[test]
fn the_projects_of_a_workspace_are_those_that_julia_takes_for_them() {
    let files = MemoryFiles::default()
        .with(WORK, "[workspace]\nprojects = [\"p\", \"docs\", \".\", \"../beside\", \"none\", \"p\"]")
        .with(HERE, "[workspace]\nprojects = [\"inner\", \"..\"]")
        .with("/home/u/work/p/inner/Project.toml", "")
        .with("/home/u/work/docs/JuliaProject.toml", "")
        .with("/home/u/work/none/notes.txt", "")
        .with("/home/u/beside/Project.toml", "");
    let projects = [WORK, HERE, "/home/u/work/docs/JuliaProject.toml", "/home/u/work/p/inner/Project.toml"];
    let strangers = ["/home/u/beside", "/home/u/work/none"];
    for start in projects {
        let found = ask().julia("1.12.5").workspace(&files, start);
        assert_eq!(found.projects, projects.map(PathBuf::from), "{start}");
        assert_eq!(found.strangers, strangers.map(PathBuf::from), "{start}");
    }
    // Julia 1.11 knows none, and a project of no list is alone.
    let alone = ask().julia("1.11.7").workspace(&files, HERE);
    assert_eq!(alone.projects, [PathBuf::from(HERE)]);
    let alone = ask().julia("1.12.5").workspace(&files, "/home/u/beside/Project.toml");
    assert_eq!((alone.projects.len(), alone.strangers.len()), (1, 0));
}
