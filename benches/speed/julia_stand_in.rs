//! A program that stands for Julia: the bench itself under that name, which answers the probe and otherwise ends at
//! once. A real Julia's start varies by more than what is measured.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

/// Whether this process was started as Julia.
pub(crate) fn is_julia() -> bool {
    env::args_os().next().is_some_and(|name| Path::new(&name).file_name() == Some(OsStr::new("julia")))
}

/// Puts it into a folder of programs.
pub(crate) fn install(folder: &Path) {
    // A copy: a link would be resolved to a program of another name.
    fs::copy(env::current_exe().expect("own path"), folder.join("julia")).expect("julia");
    fs::write(folder.join("default-image"), "image").expect("default image");
}

/// Answers as `templates/probe.jl` does when it is asked to; any other start ends at once, as under an image of ours: with a
/// mark that is made and removed.
pub(crate) fn answer() {
    if let Some(mark) = env::var_os("JLPROJ_MARK") {
        fs::write(&mark, "").and_then(|()| fs::remove_file(mark)).expect("the mark of this start");
    }
    let arguments: Vec<_> = env::args_os().collect();
    let asked = arguments.iter().position(|argument| argument.to_string_lossy().ends_with("probe.jl"));
    let Some(result) = asked.and_then(|place| arguments.get(place + 1)) else { return };
    let own = env::current_exe().expect("own path");
    let folder = own.parent().expect("folder").display().to_string();
    let image = own.with_file_name("default-image");
    let text = format!(
        "version = \"1.10.4\"\ncommit = \"\"\narch = \"x86_64\"\nkernel = \"Linux\"\njulia_bin = \"{}\"\n\
         bin_dir = \"{folder}\"\nimage_file = \"{}\"\nlibrary_dirs = []\nlink_libraries = []\n\
         stdlib_dir = \"{folder}\"\n",
        own.display(),
        image.display()
    );
    fs::write(result, text).expect("result");
}

/// Gives a command the surroundings below `folder`, and nothing else.
pub(crate) fn surround(command: &mut Command, folder: &Path, store: &str, directory: &Path) {
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", folder.join("bin"))
        .env("HOME", folder.join("home"))
        .env("JLPROJ_HOME", folder.join(store))
        .env("JLPROJ_BUILDER", "direct")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
}
