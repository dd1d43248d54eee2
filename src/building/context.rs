//! Context that all builds of a command share.

use crate::assessment::{ForProject, Toolchain};
use crate::context::Context;
use crate::error::Error;
use crate::julia::command::Invocation;
use crate::julia::linker::{self, Linker};
use crate::model::settings::Flags;
use crate::platform::Interruption;
use crate::ui::progress::Display;

/// The Julia, its linker, the progress display and the interruption of all builds.
#[derive(Debug)]
pub(crate) struct BuildContext<'a> {
    pub(crate) toolchain: Toolchain<'a>,
    pub(super) linker: Option<Linker>,
    pub(crate) interruption: Interruption,
    pub(super) display: Display,
}

impl<'a> BuildContext<'a> {
    /// Finds Julia and the linker.
    ///
    /// # Errors
    /// Where there is no Julia, or a setting cannot be followed.
    pub(crate) fn new(
        context: &'a Context,
        overrides: Flags,
        project: ForProject<'_>,
        interruption: Interruption,
        display: Display,
    ) -> Result<Self, Error> {
        let toolchain = Toolchain::open(context, overrides, project)?;
        let compiler = Context::compiler();
        let search_path = context.search_path.as_deref();
        let linker = linker::find(compiler.as_deref(), search_path, &toolchain.installation);
        Ok(Self { toolchain, linker, interruption, display })
    }

    /// Invocation of this Julia, with the arguments that select it.
    pub(super) fn julia_invocation(&self) -> Invocation {
        let mut invocation = Invocation::julia(&self.toolchain.located.binary);
        invocation.arguments.splice(0..0, self.toolchain.located.arguments.iter().map(Into::into));
        invocation
    }
}
