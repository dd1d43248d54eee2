//! `jlproj key`: the key of the image that `build` would make.

use serde::Serialize;

use crate::assessment::TargetProject;
use crate::cli::KeyArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::image::key::{Digest, KeyInputs};
use crate::ui::output::{self, Format};

#[derive(Serialize)]
struct Report<'a> {
    key: Digest,
    inputs: &'a KeyInputs,
}

pub(crate) fn run(arguments: &KeyArgs, context: &Context) -> Result<u8, Error> {
    let julia = arguments.julia.julia.clone();
    let target = TargetProject::read(context, julia, arguments.project.project.as_deref())?;
    let inputs = target.assessment.wanted.inputs.as_ref();
    if arguments.inputs && arguments.format.format == Format::Table {
        output::print(inputs, Format::Json, String::new)?;
    } else if arguments.inputs {
        output::print(inputs, arguments.format.format, String::new)?;
    } else {
        let report = Report { key: inputs.key(), inputs };
        output::print(&report, arguments.format.format, || format!("{}\n", report.key))?;
    }
    Ok(exit::SUCCESS)
}
