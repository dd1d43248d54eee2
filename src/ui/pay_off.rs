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

/// Describes the time that a start saves, or that it saves none. `estimate` is that saving where it was not measured, in
/// seconds.
pub(crate) fn load_time(measured: &Measurements, estimate: f64) -> String {
    /// Seconds that are not worth a figure.
    const LITTLE: f64 = 0.1;
    let Measurements { load_without, load_with, .. } = measured;
    if !measured.has_load_times() {
        let saves = if estimate < LITTLE {
            "saves little".to_owned()
        } else {
            format!("saves about {estimate:.1} s at each start")
        };
        return format!("{saves}, by estimate; `jlproj build --measure` measures it");
    }
    let times = format!("{load_without:.2} s → {load_with:.2} s");
    if measured.pays() {
        format!("{times}: saves {:.2} s at each start", measured.saved())
    } else {
        format!("{times}: this image does not pay; `jlproj run --sysimage=none` starts as fast")
    }
}
