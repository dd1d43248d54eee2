//! The stages of a build, with the time and the memory that each took.

use std::time::Duration;

use crate::model::image::record::{Measurements, StageTime};
use crate::ui::progress::duration;
use crate::ui::size::size;

/// Time and memory of the whole build, and the stage that took longest.
pub(crate) fn build_time(measured: &Measurements) -> String {
    let memory = match measured.peak_memory {
        0 => String::new(),
        bytes => format!(", {} of memory", size(bytes)),
    };
    let longest = merged(measured).into_iter().max_by(|left, right| left.seconds.total_cmp(&right.seconds));
    let longest = longest.map(|stage| format!("; {}: {}", stage.stage, shown(stage.seconds)));
    format!("{}{memory}{}", shown(measured.build), longest.unwrap_or_default())
}

/// One line for each stage, aligned.
pub(crate) fn stages(measured: &Measurements) -> String {
    let stages = merged(measured);
    let times: Vec<String> = stages.iter().map(|stage| shown(stage.seconds)).collect();
    let names = stages.iter().map(|stage| stage.stage.len()).max().unwrap_or_default();
    let digits = times.iter().map(String::len).max().unwrap_or_default();
    let lines = stages.iter().zip(&times).map(|(StageTime { stage, peak_memory, .. }, time)| {
        let memory = if *peak_memory == 0 { String::new() } else { format!("  {}", size(*peak_memory)) };
        format!("{stage:names$}  {time:>digits$}{memory}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The stages; one that came several times, for several projects, once.
fn merged(measured: &Measurements) -> Vec<StageTime> {
    let mut stages: Vec<StageTime> = Vec::new();
    for stage in &measured.stages {
        match stages.iter_mut().find(|known| known.stage == stage.stage) {
            Some(known) => {
                known.seconds += stage.seconds;
                known.peak_memory = known.peak_memory.max(stage.peak_memory);
            }
            None => stages.push(stage.clone()),
        }
    }
    stages
}

fn shown(seconds: f64) -> String {
    duration(Duration::from_secs_f64(seconds.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_came_twice_is_told_once() {
        let stage =
            |stage: &str, seconds, peak_memory| StageTime { stage: stage.to_owned(), seconds, peak_memory };
        let measured = Measurements {
            stages: vec![
                stage("loading", 2.4, 0),
                stage("generating code", 754.0, 4_312_000_000),
                stage("loading", 3.0, 612_000_000),
            ],
            build: 760.0,
            peak_memory: 4_312_000_000,
            ..Measurements::default()
        };
        assert_eq!(build_time(&measured), "12 min 40 s, 4312 MB of memory; generating code: 12 min 34 s");
        assert_eq!(
            stages(&measured),
            "loading                  5 s  612 MB\ngenerating code  12 min 34 s  4312 MB"
        );
    }
}
