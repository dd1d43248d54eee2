//! Watches a running build: its progress, signals and memory.

use std::cell::Cell;
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
    /// Peak memory so far, in bytes.
    pub(super) peak_memory: Cell<u64>,
}

impl<'a> BuildWatcher<'a> {
    pub(super) fn new(
        progress: &'a Progress,
        workspace: &'a Workspace,
        interruption: &'a Interruption,
    ) -> Self {
        let (group, looked, peak_memory) = (Cell::new(0), Cell::new(None), Cell::new(0));
        Self { progress, workspace, interruption, group, looked, peak_memory }
    }

    /// Measures the memory of the group at work, at most once a second.
    fn look_at_memory(&self) {
        const SECOND: Duration = Duration::from_secs(1);
        if self.looked.get().is_some_and(|looked| looked.elapsed() < SECOND) {
            return;
        }
        self.looked.set(Some(Instant::now()));
        let now = platform::group_memory(self.group.get());
        self.peak_memory.set(self.peak_memory.get().max(now));
    }
}

impl Watcher for BuildWatcher<'_> {
    fn stage(&self, stage: Stage) {
        self.progress.stage(stage.name());
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
