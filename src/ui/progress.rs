//! Progress of a build: a bar on a terminal, plain lines elsewhere.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ui::count::count;
use crate::ui::message;

/// Amount of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Display of the progress of builds.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    verbosity: Verbosity,
    /// One bar for each build; none off a terminal, and none with `-v`.
    bars: Option<MultiProgress>,
    /// Whether several builds run side by side: each line then names its build.
    is_shared: bool,
}

impl Display {
    pub(crate) fn new(verbosity: Verbosity, is_terminal: bool, is_shared: bool) -> Self {
        let shown = verbosity == Verbosity::Normal && is_terminal;
        let bars = shown.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { verbosity, bars, is_shared }
    }

    /// The progress of one build. `expected` are the stages of an earlier build with their seconds, for the estimate.
    pub(crate) fn progress(&self, label: &str, expected: Vec<(String, f64)>) -> Progress {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new(1000));
            let template = "{bar:24} {elapsed} {msg}";
            // The template is ours; a default bar is shown where it could not be read.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸ "));
            }
            bar
        });
        Progress {
            verbosity: self.verbosity,
            label: if self.is_shared { format!("{label}: ") } else { String::new() },
            bar,
            expected,
            begun: Instant::now(),
            waited: Cell::new(Duration::ZERO),
            current: RefCell::new(None),
            finished: RefCell::new(Vec::new()),
        }
    }
}

/// The progress of one build.
#[derive(Debug)]
pub(crate) struct Progress {
    verbosity: Verbosity,
    /// Prefix of each line; empty for a single build.
    label: String,
    bar: Option<ProgressBar>,
    /// Seconds that each stage took last time, in order.
    expected: Vec<(String, f64)>,
    begun: Instant,
    /// Time of waits that are over.
    waited: Cell<Duration>,
    current: RefCell<Option<Current>>,
    finished: RefCell<Vec<(String, f64)>>,
}

/// What is being done.
#[derive(Debug)]
struct Current {
    name: String,
    since: Instant,
    /// Whether it is no work of this build's.
    is_wait: bool,
}

impl Progress {
    /// Begins a stage; ends the one before.
    pub(crate) fn stage(&self, name: &str) {
        self.show(name, false);
    }

    /// Shows what is waited for. That is no stage, and no time of the build.
    pub(crate) fn wait(&self, name: &str) {
        self.show(name, true);
    }

    fn show(&self, name: &str, is_wait: bool) {
        self.end_stage();
        *self.current.borrow_mut() = Some(Current { name: name.to_owned(), since: Instant::now(), is_wait });
        if self.verbosity != Verbosity::Quiet && self.bar.is_none() {
            message::line(&format!("  {}{name}", self.label));
        }
        self.tick();
    }

    /// Shows a line of detail, with `-v` only.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbosity == Verbosity::Verbose {
            message::line(&format!("    {}{text}", self.label));
        }
    }

    /// Updates the display.
    pub(crate) fn tick(&self) {
        let Some(bar) = &self.bar else { return };
        let current = self.current.borrow();
        let Some(Current { name, since, .. }) = &*current else { return };
        let estimate = self.estimate(name, since.elapsed());
        let text = match estimate {
            Some((done, left)) => {
                bar.set_position(thousandths(done));
                format!("{name}, about {} left", duration(left))
            }
            None => name.clone(),
        };
        bar.set_message(format!("{}{text}", self.label));
        bar.tick();
    }

    /// Estimates the share that is done and the time that is left, by the seconds of an earlier build.
    fn estimate(&self, name: &str, inside: Duration) -> Option<(f64, Duration)> {
        let place = self.expected.iter().position(|(stage, _)| stage == name)?;
        let total: f64 = self.expected.iter().map(|(_, seconds)| seconds).sum();
        let before: f64 = self.expected.iter().take(place).map(|(_, seconds)| seconds).sum();
        let stage = self.expected.get(place)?.1;
        let done = before + inside.as_secs_f64().min(stage);
        (total > 0.0).then(|| (done / total, Duration::from_secs_f64((total - done).max(0.0))))
    }

    /// Ends the display and returns the seconds of each stage.
    pub(crate) fn finish(self) -> Vec<(String, f64)> {
        self.end_stage();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.finished.take()
    }

    /// Time since the start, without waits that are over.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.waited.get())
    }

    fn end_stage(&self) {
        match self.current.borrow_mut().take() {
            Some(Current { since, is_wait: true, .. }) => {
                self.waited.set(self.waited.get() + since.elapsed());
            }
            Some(Current { name, since, .. }) => {
                self.finished.borrow_mut().push((name, since.elapsed().as_secs_f64()));
            }
            None => {}
        }
    }
}

/// Number of folders that a scan has looked into, on a terminal only.
#[derive(Debug)]
pub(crate) struct Counter {
    bar: Option<ProgressBar>,
}

impl Counter {
    /// Starts.
    pub(crate) fn start(is_terminal: bool) -> Self {
        let bar = is_terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Self { bar }
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, folders: usize, projects: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}, {}", count(folders, "folder"), count(projects, "project")));
            bar.tick();
        }
    }

    /// Removes the display.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A share of one in thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
fn thousandths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1000.0) as u64
}

/// `1 min 20 s`, `45 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 { format!("{} min {} s", seconds / 60, seconds % 60) } else { format!("{seconds} s") }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_wait_is_no_stage_and_no_time_of_the_build() {
        const WAIT: Duration = Duration::from_secs(1);
        let progress = Display::new(Verbosity::Quiet, false, false).progress("project", Vec::new());
        progress.wait("waiting for another build");
        thread::sleep(WAIT);
        progress.stage("loading packages");
        progress.stage("linking");
        assert!(progress.elapsed() < WAIT, "{:?}", progress.elapsed());
        let names: Vec<String> = progress.finish().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["loading packages", "linking"]);
    }
}
