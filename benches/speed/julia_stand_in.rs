//! Programs that the bench itself is under other names: one that stands for Julia, which answers the probe and otherwise ends
//! at once (a real Julia's start varies by more than what is measured), and one that does nothing but start it.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

/// Name of the program that becomes the `julia` beside it at once: what no launcher can do without.
pub(crate) const BARE: &str = "julia-through-exec";

/// Whether this process was started under this name.
pub(crate) fn is_called(name: &str) -> bool {
    env::args_os().next().is_some_and(|own| Path::new(&own).file_name() == Some(OsStr::new(name)))
}

/// Becomes Julia.
pub(crate) fn start() {
    let mut arguments = env::args_os();
    let own = arguments.next().expect("own name");
    let error = Command::new(Path::new(&own).with_file_name("julia")).args(arguments).exec();
    panic!("{error}");
}

/// Puts both into a folder of programs.
pub(crate) fn install(folder: &Path) {
    // Copies: a link would be resolved to a program of another name.
    let own = env::current_exe().expect("own path");
    fs::copy(&own, folder.join("julia")).expect("julia");
    fs::copy(&own, folder.join(BARE)).expect("a bare launcher");
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
