//! On Linux with glibc: a program without shared libraries, where that can be built. It starts sooner, and runs with whatever
//! C library there is. `cargo install` takes no settings from a package, so the linker is told here: it finds the static form
//! of each library first. `JLPROJ_DYNAMIC=1` leaves all as usual.

#![allow(clippy::disallowed_methods, reason = "a program of its own, before there is jlproj")]
#![allow(clippy::print_stdout, reason = "what it prints is for cargo")]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Libraries that Rust's standard library names to the linker (`library/unwind` and `libc` for Linux with glibc).
const LIBRARIES: [&str; 6] = ["c", "m", "rt", "pthread", "util", "dl"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=JLPROJ_DYNAMIC");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let is_glibc = variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    let is_static = variable("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    let is_for_here = variable("TARGET") == variable("HOST");
    if !is_glibc || is_static || !is_for_here || variable("JLPROJ_DYNAMIC") == "1" {
        return Ok(());
    }
    let folder = PathBuf::from(variable("OUT_DIR")).join("static");
    // Of the linker, not of the compiler: tests are linked as usual.
    let arguments = [format!("-L{}", folder.display()), "-static".to_owned(), "-no-pie".to_owned()];
    if !find_libraries(&folder)? {
        println!(
            "cargo::warning=there is no static C library: the program will need shared ones, and start later (Debian: \
             libc6-dev; Fedora: glibc-static)"
        );
        return Ok(());
    }
    // Not every linker and not every set of flags goes along.
    if !starts(&folder, &arguments)? {
        return Ok(());
    }
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
        // What programs are compared with starts the same way.
        println!("cargo::rustc-link-arg-benches={argument}");
    }
    Ok(())
}

/// Writes linker scripts that stand for the libraries. `false` where the C compiler has no static ones.
fn find_libraries(folder: &Path) -> io::Result<bool> {
    fs::create_dir_all(folder)?;
    for name in LIBRARIES {
        let Some(library) = library(&format!("lib{name}.a")) else { return Ok(false) };
        fs::write(folder.join(format!("lib{name}.a")), format!("INPUT(\"{}\")\n", library.display()))?;
    }
    let (Some(unwinding), Some(arithmetic)) = (library("libgcc_eh.a"), library("libgcc.a")) else {
        return Ok(false);
    };
    let both = format!("GROUP(\"{}\" \"{}\")\n", unwinding.display(), arithmetic.display());
    fs::write(folder.join("libgcc_s.a"), both)?;
    Ok(true)
}

/// The path of a library of the C compiler's.
fn library(name: &str) -> Option<PathBuf> {
    let compiler = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let output = Command::new(compiler).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    // Otherwise it is the name again.
    path.is_absolute().then_some(path)
}

/// Whether a small program that is linked so can be built, and starts, and unwinds.
fn starts(folder: &Path, arguments: &[String]) -> io::Result<bool> {
    const TRIAL: &str = "fn main() { let caught = std::panic::catch_unwind(|| panic!(\"trial\")); assert!(caught.is_err()); }";
    let program = folder.join("trial");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--crate-name", "trial", "--edition", "2021", "-C", "panic=unwind", "-o"]).arg(&program);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut option = OsString::from("linker=");
        option.push(linker);
        rustc.arg("-C").arg(option);
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    rustc.args(arguments.iter().flat_map(|argument| ["-C".to_owned(), format!("link-arg={argument}")]));
    let mut child =
        rustc.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(TRIAL.as_bytes())?;
    }
    if !child.wait()?.success() {
        return Ok(false);
    }
    let ran = Command::new(&program).stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(ran.is_ok_and(|status| status.success()))
}
