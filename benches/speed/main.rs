//! What jlproj costs, and how that grows: `cargo bench` prints one table; `JLPROJ_DYNAMIC=1 cargo bench` that of a program
//! with shared libraries, and `RUSTFLAGS='-C relocation-model=static' cargo bench --target …-linux-musl` that of the archive
//! of a release.
//!
//! Starts of Julia: by hand, through a program that does nothing else, through a script, through juliaup's launcher and
//! through `jlproj run`, for more and more known projects and packages. Then the commands that look at all projects, at all
//! precompile files and at the whole journal.
//! Julia is a stand-in that ends at once: a real one's start varies by more than what is measured. All ways of a group are
//! timed in turns, and medians told.
//!
//! `JLPROJ_BENCH_JULIAUP` names the folder of a juliaup that is built for speed (the `bin` of `cargo install juliaup`).
//! `JLPROJ_BENCH_QUICK` has fewer sizes and rounds, to see that it works.

#![allow(clippy::disallowed_methods, reason = "sets up files and starts programs as it pleases")]
#![allow(clippy::print_stdout, reason = "its table is what it is for")]

#[cfg(unix)]
mod julia_stand_in;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
mod sizes;
#[cfg(unix)]
mod table;
#[cfg(unix)]
mod world;

#[cfg(unix)]
fn main() {
    sizes::print();
}

#[cfg(not(unix))]
fn main() {
    println!("it counts system calls, on Unix only");
}
