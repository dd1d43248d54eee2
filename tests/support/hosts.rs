//! Programs that start Julia: set up, used, and taken back to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::sandbox::{Ran, Sandbox, copy_folder};
use crate::support::starts::instead;

pub const IMAGE: &str = "print(unsafe_string(Base.JLOptions().image_file))";

/// The name of a project that every quoting has to survive.
pub const ODD: &str = "it's a \"$HOME\" zoë";

/// A sandbox with a project of an odd name, and an image of its own for it.
pub fn sandbox() -> (Sandbox, PathBuf) {
    let mut sandbox = Sandbox::new().in_world().with_standin_builder();
    // What programs start is no terminal's.
    sandbox.unset("__JLPROJ_READ");
    let project = sandbox.path(ODD);
    copy_folder(&sandbox.project(), &project);
    (sandbox, project)
}

/// The same, with the image built.
pub fn with_image() -> (Sandbox, PathBuf) {
    let (sandbox, project) = sandbox();
    sandbox.jlproj(["build".as_ref(), project.as_os_str()]).code(0);
    (sandbox, project)
}

/// jlproj in a folder.
pub fn jlproj(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Ran {
    sandbox.run(sandbox.command(arguments).current_dir(folder))
}

/// Any program in the sandbox's surroundings, in a folder.
pub fn program(sandbox: &Sandbox, program: &Path, folder: &Path) -> Command {
    let mut command = instead(sandbox, program, [""; 0]);
    command.current_dir(folder);
    command
}

/// What a program prints.
pub fn printed(sandbox: &Sandbox, path: &Path, folder: &Path, arguments: &[&str]) -> String {
    let ran = sandbox.run(program(sandbox, path, folder).args(arguments));
    ran.code(0).stderr("").stdout.clone()
}

/// All that is below a folder: links with what they lead to, files with mode and contents. Of folders that they are there.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(root) else { return found };
    for entry in entries {
        let path = entry.expect("entry").path();
        let metadata = fs::symlink_metadata(&path).expect("metadata");
        let what = if metadata.is_symlink() {
            format!("link to {}", fs::read_link(&path).expect("link").display())
        } else if metadata.is_dir() {
            found.extend(tree(&path));
            "folder".to_owned()
        } else {
            let contents = fs::read(&path).expect("file");
            format!("{:o} {}", metadata.permissions().mode(), String::from_utf8_lossy(&contents))
        };
        found.insert(path, what);
    }
    found
}

/// All that is in the sandbox but for what jlproj keeps in its store about projects and Julias.
pub fn files(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let store = sandbox.path("store");
    let is_ours = |path: &Path| {
        ["hosts-v1", "launchers-v1", "shims-v1"].iter().any(|name| path.starts_with(store.join(name)))
    };
    let of_store = |path: &Path| path.starts_with(&store) && !is_ours(path);
    let mut files = tree(&sandbox.path(""));
    files.retain(|path, _| !of_store(path) && !path.starts_with(sandbox.path("tmp")));
    // The folder of records is made by the first, and stays.
    files.remove(&store.join("hosts-v1"));
    files.remove(&store.join("launchers-v1"));
    // juliaup writes its settings in any order: its tests compare what they say.
    files.retain(|path, _| !path.starts_with(sandbox.path("home/juliaup-depot")));
    files.retain(|path, _| !path.starts_with(sandbox.path("home/.local")));
    // What Julia compiles, and the times that it notes.
    for name in ["compiled", "logs"] {
        files.retain(|path, _| !path.starts_with(sandbox.path("home/.julia").join(name)));
    }
    files
}

/// Sets up, once more, looks, takes back; `used` is called between, and the files as they were are compared.
pub fn there_and_back(sandbox: &Sandbox, folder: &Path, arguments: &[&str], used: impl FnOnce()) {
    let host = arguments[0];
    let with = |last: &[&'static str]| [&["setup"], arguments, last].concat();
    let before = files(sandbox);
    jlproj(sandbox, folder, &with(&["--dry-run"])).code(0).stderr("");
    assert_eq!(files(sandbox), before, "a dry run changes nothing");
    jlproj(sandbox, folder, &with(&[])).code(0).stdout("").stderr_has(" is set up\n");
    let after = files(sandbox);
    assert_ne!(after, before);
    jlproj(sandbox, folder, &with(&[])).code(0).stderr_has(" is set up already\n");
    jlproj(sandbox, folder, &with(&["--dry-run"])).code(0).stdout("nothing to do\n");
    assert_eq!(files(sandbox), after, "a second time changes nothing");
    jlproj(sandbox, folder, &with(&["--check"])).code(0).stdout_has(" is as it was set up\n");
    jlproj(sandbox, folder, &["doctor"]).stdout_has(&format!("ok    setup     {host} ("));
    used();
    jlproj(sandbox, folder, &with(&["--undo"])).code(0).stderr_has(" is taken back\n");
    assert_eq!(files(sandbox), before);
    jlproj(sandbox, folder, &with(&["--undo"])).code(0).stderr_has(" is not set up\n");
}

/// The one wrapper in the store.
pub fn wrapper(sandbox: &Sandbox) -> PathBuf {
    let names = sandbox.names("store/launchers-v1");
    assert_eq!(names.len(), 1, "{names:?}");
    sandbox.path("store/launchers-v1").join(&names[0]).join("julia")
}
