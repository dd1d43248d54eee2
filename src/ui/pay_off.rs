//! Cost and benefit of an image, in words.

use crate::model::image::record::Measurements;
use crate::model::text::shell;
use crate::model::usage::savings::PayOff;
use crate::path_text;
use crate::ui::time::time;

/// Describes cost and benefit of a project's image, and what to do if the benefit is too small.
pub(crate) fn pay_off_text(pay_off: &PayOff, project: &str) -> String {
    let PayOff { spent, saved, per_week, .. } = *pay_off;
    let figures = format!(
        "{} to build, {} saved so far, {} a week at present",
        time(spent),
        time(saved.max(0.0)),
        time(per_week.max(0.0))
    );
    if pay_off.pays() {
        return figures;
    }
    let project = shell::quote(path_text::decode(project).as_os_str());
    format!("{figures}\nnot paid back in 60 days at this rate; to drop it: `jlproj forget --image {project}`")
}

/// Describes the time that a start saves, or that it saves none.
pub(crate) fn load_time(measured: &Measurements) -> String {
    let Measurements { load_without, load_with, .. } = measured;
    if *load_without <= 0.0 {
        return "not measured".to_owned();
    }
    let times = format!("{load_without:.2} s → {load_with:.2} s");
    if measured.pays() {
        format!("{times}: saves {:.2} s at each start", measured.saved())
    } else {
        format!("{times}: this image does not pay; `jlproj run --sysimage=none` starts as fast")
    }
}
