//! `jlproj list`.

mod faults;
mod known;
