//! `jlproj log`: output of the project's last build.

use crate::assessment;
use crate::cli::LogArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::store::{attempt, project_record};
use crate::ui::{message, output};

pub(crate) fn run(arguments: &LogArgs, context: &Context) -> Result<u8, Error> {
    let folder = assessment::project_folder(context, arguments.project.project.as_deref())?;
    let failed = context.layout.failed_log(&folder);
    // A build that did not start has no log, but a reason.
    if let Some((time, text)) = attempt::last(&context.layout, &folder).filter(|_| !arguments.path) {
        message::note(&format!("{}: {text}", crate::ui::time::date(time)));
    }
    // A successful build removes the log of a failure: if there is one, it is the latest.
    let log = if failed.is_file() {
        failed
    } else {
        let record = project_record::read(&context.layout, &folder);
        let key = record.and_then(|record| record.image).ok_or(Error::NoLog)?;
        context.layout.image_folder(&key).join("build.log")
    };
    if arguments.path {
        output::line(log.as_os_str())?;
    } else {
        output::write(&fs_err::read(&log).map_err(|_| Error::NoLog)?)?;
    }
    Ok(exit::SUCCESS)
}
