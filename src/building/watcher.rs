//! Watches a running build: its progress, signals and memory.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::julia::process::Watcher;
use crate::julia::stage::Stage;
use crate::platform::{self, Interruption};
use crate::store::workspace::{self, Workspace};
use crate::ui::progress::Progress;

/// Connects a running build with its progress display, its workspace and the interruption.
pub(super) struct BuildWatcher<'a> {
    pub(super) progress: &'a Progress,
    workspace: &'a Workspace,
    pub(super) interruption: &'a Interruption,
    /// The process group at work.
    group: Cell<u32>,
    /// When its memory was last measured.
    looked: Cell<Option<Instant>>,
    /// Peak memory of each stage so far, in bytes.
    peaks: RefCell<Vec<u64>>,
}

impl<'a> BuildWatcher<'a> {
    pub(super) fn new(
        progress: &'a Progress,
        workspace: &'a Workspace,
        interruption: &'a Interruption,
    ) -> Self {
        let (group, looked, peaks) = (Cell::new(0), Cell::new(None), RefCell::new(Vec::new()));
        Self { progress, workspace, interruption, group, looked, peaks }
    }

    /// Measures the memory of the group at work, at most once a second.
    fn look_at_memory(&self) {
        const SECOND: Duration = Duration::from_secs(1);
        if self.looked.get().is_some_and(|looked| looked.elapsed() < SECOND) {
            return;
        }
        self.looked.set(Some(Instant::now()));
        if let Some(peak) = self.peaks.borrow_mut().last_mut() {
            *peak = platform::group_memory(self.group.get()).max(*peak);
        }
    }

    /// Peak memory of each stage, in bytes, in the order of the stages; 0 where it was too short to be looked at.
    pub(super) fn peaks(&self) -> Vec<u64> {
        self.peaks.borrow().clone()
    }
}

impl Watcher for BuildWatcher<'_> {
    fn stage(&self, stage: Stage) {
        self.progress.stage(stage.name());
        self.peaks.borrow_mut().push(0);
        // The stage before may have been looked at just now.
        self.looked.set(None);
    }

    fn command(&self, line: &str) {
        self.progress.detail(line);
    }

    fn started(&self, process: u32) {
        self.group.set(process);
        self.workspace.note_child(process);
    }

    fn waiting(&self) {
        self.progress.tick();
        self.look_at_memory();
    }

    fn interruption(&self) -> Option<u8> {
        self.interruption.signal()
    }

    fn mark(&self) -> Option<(&'static str, &Path)> {
        Some((workspace::MARK, self.workspace.path()))
    }
}
