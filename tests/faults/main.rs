//! Faults: jlproj is killed at each system call that changes the disk, and each of them fails in turn.
//!
//! The program that ships is what is tested. It runs under ptrace: no switch for tests is built into it, none of its
//! calls can be missed because nobody thought of a switch there, and what the libraries below it do is tested as well.
//! A failpoint in the source would test the places that its author thought of. Linux on `x86_64` only, and only where
//! the system lets a process trace its children: elsewhere all of this is skipped, loudly.
//!
//! Every scene has a store that it begins with, and a command. The command runs once to count its calls; then, for
//! each call and each [`Fault`], it runs again on a fresh copy and meets that fault. Afterwards:
//!
//! - it ended with an exit code that it documents, and not in a panic;
//! - whatever the store lists as an image is whole, byte by byte;
//! - nothing of what was there before is lost: the image and the record of another project, the lines of the journal,
//!   the project's own files;
//! - the next start works, with at most one line on stderr, and answers what the manifest says;
//! - the command works when it is repeated, and then nothing of the fault is left.
//!
//! The last two begin processes, so they are done once for each state that a store can be left in: stores whose files
//! differ in numbers (times, process numbers, random names) only are in the same state.
//!
//! All points take long. An ordinary run tries some of them (each scene has its own step, and begins elsewhere each
//! day); `JLPROJ_TEST_ALL=1` tries every one.

#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so, and figures are printed")]
#![allow(unreachable_pub, reason = "a binary has no outside")]

#[cfg(unix)]
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line")]
mod support;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod disk_call;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod load;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod scene;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod scenes;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod setups;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod state;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod stepper;

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[test]
fn skipped() {
    eprintln!("SKIPPED: faults are tried on Linux on x86_64 only");
}
