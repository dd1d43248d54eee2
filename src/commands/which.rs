//! `jlproj which`: the path of the image that `run` would use.

use serde::Serialize;

use crate::assessment;
use crate::assessment::TargetProject;
use crate::cli::WhichArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::model::image::verdict::Verdict;
use crate::path_text;
use crate::ui::message;
use crate::ui::output::{self, Format};

#[derive(Serialize)]
struct Report {
    project: String,
    julia: String,
    image: Option<String>,
    reason: Option<String>,
}

pub(crate) fn run(arguments: &WhichArgs, context: &Context) -> Result<u8, Error> {
    let julia = arguments.julia.julia.clone();
    let target = TargetProject::read(context, julia, arguments.project.project.as_deref())?;
    let (image, reason) = match (&target.switched_off, &target.assessment.verdict) {
        (Some(switched_off), _) => (None, Some(switched_off.clone())),
        (None, Verdict::Exact { key } | Verdict::Contained { key, .. }) => {
            (target.assessment.catalog.image(key).map(|image| image.path.clone()), None)
        }
        (None, Verdict::Plain(plain)) => (None, Some(assessment::reason(plain))),
    };
    if arguments.format.format == Format::Table {
        match (&image, &reason) {
            (Some(path), _) => output::line(path.as_os_str())?,
            (None, reason) => message::note(reason.as_deref().unwrap_or("no image")),
        }
    } else {
        let report = Report {
            project: path_text::encode(&target.assessment.state.folder),
            julia: path_text::encode(&target.located.binary),
            image: image.as_deref().map(path_text::encode),
            reason,
        };
        output::print(&report, arguments.format.format, String::new)?;
    }
    Ok(if image.is_some() { exit::SUCCESS } else { exit::NOT_FRESH })
}
