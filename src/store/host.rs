//! This machine among those that share the store.

use crate::model::image::key::Digest;
use crate::platform;

/// A short mark of this machine, for names of what only it can judge.
pub(crate) fn host() -> String {
    let name = platform::host_name();
    Digest::of(name.as_bytes()).short().get(..8).unwrap_or_default().to_owned()
}
