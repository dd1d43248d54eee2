//! Other ways into Julia: the files that each of them needs to get the image of the project.
//!
//! A [`Host`](host::Host) describes its setup as data ([`Plan`](plan::Plan)). [`changes`] compares the plan with the
//! disk and with what was done before, [`carry_out`] does it, [`withdrawal`] takes it back. Whatever a host writes asks
//! `jlproj` for the image when it is started, and starts Julia plainly if `jlproj` or the image is gone.

mod apps;
mod change;
mod draft;
mod effect;
mod error;
mod host;
mod juliaup;
mod jupyter;
mod plan;
mod proof;
mod python;
mod quarto;
mod record;
mod setup;
mod shell;
mod vscode;
mod withdraw;
mod wrapper;

pub(crate) use apps::{App, Apps};
pub(crate) use change::changes;
pub(crate) use effect::{Changes, Effect, carry_out};
pub(crate) use error::{HostError, Trouble};
pub(crate) use juliaup::Juliaup;
pub(crate) use jupyter::{Jupyter, RUN_KERNEL};
pub(crate) use python::{Bridge, Interview, PythonSetup, interview};
pub(crate) use quarto::Quarto;
pub(crate) use record::{read, read_all};
pub(crate) use setup::Setup;
pub(crate) use shell::Shell;
pub(crate) use vscode::{Vscode, as_argument, named_julia};
pub(crate) use withdraw::withdrawal;
pub(crate) use wrapper::{Note, Wrapper, note_beside, project_option};
