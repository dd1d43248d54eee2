//! jlproj from outside: real Julia, real packages, real images.

#![allow(clippy::disallowed_methods, reason = "tests set up files and start programs as they please")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(unreachable_pub, reason = "a binary has no outside")]

mod host_programs;
mod sandbox;
mod world;

mod background;
mod build_faults;
mod examples;
mod extensions;
mod frequent;
mod gc;
mod golden;
mod hostile;
mod hosts;
mod hosts_apps;
mod hosts_env;
mod hosts_juliaup;
mod hosts_jupyter;
mod hosts_pycall;
mod hosts_python;
mod hosts_quarto;
mod hosts_shim;
mod hosts_vscode;
mod hosts_wrapper;
mod image;
mod interruption;
mod julia_faults;
mod manifests;
mod package_images;
mod package_tests;
mod packagecompiler;
mod pay_off;
mod project_faults;
mod projects;
mod projects_faults;
mod recording;
mod report;
mod run;
mod setup_faults;
mod sharing;
mod slurm;
mod stacked;
mod store_faults;
mod stores;
mod strangers;
mod targets;
mod tracked;
mod warm;
mod workspaces;
