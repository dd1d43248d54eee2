//! `jlproj processor`, which `build` starts through a runner: what the processor of a compute node is.

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
