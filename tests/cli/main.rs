//! jlproj from outside: real Julia, real packages, real images.

#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(unreachable_pub, reason = "a binary has no outside")]

mod sandbox;
mod world;

mod build_faults;
mod golden;
mod image;
mod interruption;
mod julia_faults;
mod packagecompiler;
mod project_faults;
mod run;
mod store_faults;
