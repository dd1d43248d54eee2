//! Apps that Pkg installs (Julia 1.12 and later): each is a script that starts Julia by a path, which is replaced by
//! that of a wrapper of ours. When Pkg updates the app it writes the script anew; then the app starts plainly, until it
//! is set up again.

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{Plan, Step};
use crate::hosts::wrapper::{Wrapper, quoted, utf8};
use crate::model::hosts::app_shim::AppShim;
use crate::model::hosts::edit::{Edit, Piece};
use crate::path_text::PathText;

/// The apps of a depot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Apps {
    /// The folder of the scripts.
    pub(crate) folder: PathText,
    /// Sorted by name.
    pub(crate) apps: Vec<App>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) name: String,
    /// The environment of its packages, from the script's `JULIA_LOAD_PATH`.
    pub(crate) environment: PathText,
    /// The wrapper in the place of its Julia; apps of one Julia share it.
    #[serde(alias = "launcher")]
    pub(crate) wrapper: Wrapper,
    /// The line of the script that names Julia, as Pkg wrote it, and with the wrapper.
    pub(crate) line: Piece,
}

impl Host for Apps {
    fn name(&self) -> &'static str {
        "apps"
    }

    fn target(&self) -> String {
        String::from(self.folder.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let mut steps: Vec<Step> = Vec::new();
        let mut notes = Vec::new();
        for app in &self.apps {
            let wrapper = app.wrapper.steps();
            steps.extend(wrapper.into_iter().filter(|step| !steps.contains(step)).collect::<Vec<_>>());
            notes.push(format!("the image of `{}`: `jlproj build {}`", app.name, quoted(&app.environment)));
        }
        let path = |app: &App| self.folder.join(&app.name);
        let edits =
            self.apps.iter().map(|app| Step::Edit { path: path(app), edit: Edit::Piece(app.line.clone()) });
        steps.extend(edits);
        Ok(Plan { steps, notes })
    }

    fn check(&self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        for app in &self.apps {
            if !app.environment.exists() {
                let name = &app.name;
                troubles.push(Trouble {
                    message: format!("the environment of `{name}`, `{}`, is gone", app.environment.display()),
                    remedy: format!("`pkg> app add` its package again, or `jlproj setup apps {name} --undo`"),
                });
            }
            for trouble in app.wrapper.troubles(&self.command()) {
                if !troubles.contains(&trouble) {
                    troubles.push(trouble);
                }
            }
        }
        troubles
    }

    fn command(&self) -> String {
        let names = self.apps.iter().map(|app| format!(" {}", app.name));
        format!("jlproj setup apps{}", names.collect::<String>())
    }
}

impl App {
    /// Makes an app of its script; `line` is the line that names Julia, as Pkg wrote it.
    ///
    /// # Errors
    /// Where the wrapper's path is not UTF-8.
    pub(crate) fn new(
        name: String,
        shim: &AppShim<'_>,
        wrapper: Wrapper,
        line: &str,
    ) -> Result<Self, HostError> {
        utf8(&wrapper.path)?;
        let line = Piece { before: line.to_owned(), after: shim.with_julia(&quoted(&wrapper.path)) };
        Ok(Self { name, environment: PathText(shim.environment.clone().into()), wrapper, line })
    }
}
