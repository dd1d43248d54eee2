//! jlproj from outside: real Julia, real packages, real images.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(unreachable_pub, reason = "a binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod build;
mod cache;
mod env;
mod examples;
mod forget;
mod gc;
mod golden;
mod list;
mod overview;
mod pages;
mod plan;
mod report;
mod run;
mod scan;
mod setup;
mod status;
mod test;
mod warm;
