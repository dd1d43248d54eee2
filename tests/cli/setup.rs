//! `jlproj setup`: other ways into Julia.

mod apps;
mod faults;
mod juliaup;
mod jupyter;
mod pycall;
mod python;
mod quarto;
mod shell;
mod shim;
mod vscode;
mod wrapper;
