//! `jlproj processor`: describes the processor of a compute node; `build` starts it through a runner.

use crate::cli::ProcessorArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs;

pub(crate) fn run(arguments: &ProcessorArgs, context: &Context) -> Result<u8, Error> {
    let text = toml::to_string(&context.processor()).map_err(std::io::Error::other)?;
    fs::replace(&arguments.file, text.as_bytes())?;
    Ok(exit::SUCCESS)
}
