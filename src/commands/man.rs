//! `jlproj man`: the manual page, in roff.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::error::Error;
use crate::exit;
use crate::ui::output;

pub(crate) fn run() -> Result<u8, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    output::write(&page)?;
    Ok(exit::SUCCESS)
}
