//! Finds a linker for images on this machine.
//!
//! Apple's processors load no code that is not signed: for them Apple's linker and lld sign what they write, by nobody in
//! particular, and nothing is written into an image afterwards.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::installation::Installation;
use crate::julia::command::Invocation;

/// What to do where there is no linker.
pub(crate) const INSTALL: &str = if cfg!(target_os = "macos") {
    "install Apple's command line tools: `xcode-select --install`"
} else if cfg!(windows) {
    "use Julia 1.9 or later, which brings a linker along"
} else {
    "install a C compiler: `sudo apt-get install gcc`"
};

/// A program that makes a shared library from an archive of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Linker {
    /// A C compiler, which knows how its system links; may have further words (`CC="ccache gcc"`).
    Compiler(Vec<OsString>),
    /// A linker by itself.
    Plain(PathBuf),
    /// The linker that comes with Julia (1.9 and later).
    Bundled(PathBuf),
}

impl Linker {
    /// The program's path, for messages.
    pub(crate) fn program(&self) -> &Path {
        match self {
            Self::Compiler(words) => Path::new(words.first().map_or(OsStr::new("cc"), OsString::as_os_str)),
            Self::Plain(path) | Self::Bundled(path) => path,
        }
    }
}

/// Finds a linker: the C compiler that the user names (`compiler`, the value of `JULIA_CC` or `CC`), `cc`, `gcc` or
/// `clang`; else `ld` or `ld.lld`; else Julia's own `lld`, which comes second on macOS and Windows: there `cc` may be a
/// program that asks to install a compiler, or one that links for another C library than Julia's.
pub(crate) fn find(
    compiler: Option<&OsStr>,
    search_path: Option<&OsStr>,
    julia: &Installation,
) -> Option<Linker> {
    let on_path = |name: &OsStr| {
        std::env::split_paths(search_path?)
            .map(|folder| folder.join(crate::platform::program_name(name)))
            .find(|path| {
                fs_err::metadata(path).is_ok_and(|metadata| crate::platform::is_executable(&metadata))
            })
    };
    if let Some(words) = compiler.and_then(OsStr::to_str) {
        let mut words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        if let Some(found) = words.first().and_then(|first| on_path(first)) {
            words[0] = found.into();
            return Some(Linker::Compiler(words));
        }
    }
    if !cfg!(target_os = "linux")
        && let Some(path) = bundled(julia)
    {
        return Some(Linker::Bundled(path));
    }
    let first = |names: &[&str]| names.iter().find_map(|name| on_path(OsStr::new(name)));
    if let Some(path) = first(&["cc", "gcc", "clang"]) {
        return Some(Linker::Compiler(vec![path.into()]));
    }
    if let Some(path) = first(&["ld", "ld.lld"]) {
        return Some(Linker::Plain(path));
    }
    bundled(julia).map(Linker::Bundled)
}

/// Julia's own linker: `libexec/julia/lld` beside its `bin` (`base/linking.jl` of 1.10 to 1.13, and of 1.14, where
/// Julia gives it the C runtime that it ships as well: `d19eac062f`, 2026-04-27).
fn bundled(julia: &Installation) -> Option<PathBuf> {
    let prefix = julia.binary_folder.parent()?;
    ["libexec/julia", "libexec", "tools"]
        .iter()
        .map(|folder| prefix.join(folder).join(crate::platform::program_name(OsStr::new("lld"))))
        .find(|path| path.is_file())
}

/// The command that links `archive` into `image`.
pub(crate) fn invocation(linker: &Linker, julia: &Installation, archive: &Path, image: &Path) -> Invocation {
    if let Linker::Bundled(_) = linker {
        // Julia knows what its linker wants on each system (`base/linking.jl` of 1.9 to 1.13).
        const LINK: &str = "Base.Linking.link_image(ARGS[1], ARGS[2])";
        let start = Invocation::julia(&julia.binary).argument("-e").argument(LINK);
        return start.argument(archive).argument(image);
    }
    let (start, for_compiler) = match linker {
        Linker::Compiler(words) => {
            let mut start = Invocation::new(words.first().map(PathBuf::from).unwrap_or_default());
            start.arguments.extend(words.iter().skip(1).cloned());
            (start, true)
        }
        Linker::Plain(path) | Linker::Bundled(path) => (Invocation::new(path), false),
    };
    let mut invocation = start.argument("-shared").argument("-o").argument(image);
    let (before, after) = whole_archive(for_compiler);
    invocation = invocation.argument(before).argument(archive);
    if let Some(after) = after {
        invocation = invocation.argument(after);
    }
    for folder in &julia.library_folders {
        let mut argument = OsString::from("-L");
        argument.push(folder.as_os_str());
        invocation = invocation.argument(argument);
    }
    for library in &julia.libraries {
        invocation = invocation.argument(format!("-l{library}"));
    }
    invocation
}

/// Flags around an archive that is linked as a whole.
const fn whole_archive(for_compiler: bool) -> (&'static str, Option<&'static str>) {
    if cfg!(target_os = "macos") {
        ("-Wl,-all_load", None)
    } else if for_compiler {
        ("-Wl,--whole-archive", Some("-Wl,--no-whole-archive"))
    } else {
        ("--whole-archive", Some("--no-whole-archive"))
    }
}
