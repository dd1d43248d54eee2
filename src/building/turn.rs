//! Turns at building an image: one build at a time, and the next one learns why the one before failed.

use serde::{Deserialize, Serialize};

use crate::building::watcher::BuildWatcher;
use crate::context::Context;
use crate::error::Error;
use crate::julia::builder::BuildError;
use crate::store::lock::Lock;
use crate::ui::message;

/// Lock of the image or project that is being built.
#[derive(Debug)]
pub(super) struct Turn {
    lock: Lock,
    /// Whether another build held it before.
    has_waited: bool,
}

/// Failure of a build, left for those who waited for it.
#[derive(Debug, Serialize, Deserialize)]
struct Failure {
    message: String,
    details: String,
    hints: Vec<String>,
    is_packagecompilers: bool,
}

impl Turn {
    /// Waits for the lock of this name; after a second, reports who holds it. `None` if we were interrupted.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) fn wait(
        context: &Context,
        name: &str,
        watcher: &BuildWatcher<'_>,
    ) -> Result<Option<Self>, Error> {
        const SILENT_TURNS: u32 = 10;
        let (mut waited, mut has_waited) = (0, false);
        let lock = Lock::take(&context.layout.lock(name), |holder| {
            waited += 1;
            // Who only asks whether it is held writes no number; what an earlier build left then is as old as that.
            has_waited |= holder.is_some();
            if waited == SILENT_TURNS {
                let holder = message::process(holder);
                watcher.progress.wait(&format!("waiting for another build{holder}"));
            }
            watcher.progress.tick();
            watcher.interruption.signal().is_none()
        })?;
        Ok(lock.map(|lock| Self { lock, has_waited }))
    }

    /// Failure of the build that this one waited for. `None` if it did not fail, or if nothing was waited for: then the
    /// user wants another try.
    pub(super) fn failure_before(&self) -> Option<BuildError> {
        let text = self.has_waited.then(|| self.lock.left())?;
        let Failure { message, details, hints, is_packagecompilers } = serde_json::from_str(text).ok()?;
        Some(BuildError::FailedElsewhere { message, details, hints, is_packagecompilers })
    }

    /// Ends the turn and leaves a failure for those who wait. An interruption by the user says nothing of the image and
    /// is not left.
    pub(super) fn end<T>(self, outcome: &Result<T, Error>) {
        let Err(Error::Build { source, .. }) = outcome else { return };
        let message = match source {
            BuildError::Interrupted(_) => return,
            BuildError::FailedElsewhere { message, .. } => message.clone(),
            source => source.to_string(),
        };
        let failure = Failure {
            message,
            details: source.details(),
            hints: source.hints(),
            is_packagecompilers: source.of_packagecompiler().is_some(),
        };
        if let Ok(text) = serde_json::to_string(&failure) {
            self.lock.leave(&text);
        }
    }
}
