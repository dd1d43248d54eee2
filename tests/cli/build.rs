//! `jlproj build`.

mod background;
mod cpu_target;
mod faults;
mod frequent;
mod interruption;
mod measuring;
mod packagecompiler;
mod runner;
mod workspace;
