//! Quarto's own engine for Julia: each worker first loads a file that replaces the worker by a wrapper of ours.
//!
//! Quarto starts its workers by the binary of the Julia that it runs in, whatever is on PATH, so that only their
//! arguments (`exeflags`) can be ours. An image's path among them would be used without a check that the image is still
//! the project's, and a worker fails if it is gone. So the argument is a file to load: it starts the wrapper beside it
//! in the place of the worker, with the worker's own arguments. `_quarto.yml.local` is merged into the project's
//! settings last, and Quarto itself keeps it out of git.

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{OwnFile, Plan, Step};
use crate::hosts::wrapper::{Wrapper, quoted, utf8};
use crate::model::hosts::edit::Edit;
use crate::model::hosts::edit::yaml::Section;
use crate::model::hosts::seal;
use crate::path_text::PathText;

const HOOK: &str = include_str!("../../templates/quarto_hook.jl");

/// A Quarto project whose documents run in a Julia project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quarto {
    #[serde(alias = "launcher")]
    pub(crate) wrapper: Wrapper,
    /// The file that a worker loads, beside the wrapper.
    pub(crate) hook: PathText,
    /// The folder of the Julia project.
    pub(crate) project: PathText,
    /// The Quarto project's settings for this machine alone.
    pub(crate) settings: PathText,
}

/// The engine's settings that we write.
#[derive(Serialize)]
struct Engine {
    exeflags: [String; 2],
}

impl Host for Quarto {
    fn name(&self) -> &'static str {
        "quarto"
    }

    fn target(&self) -> String {
        String::from(self.settings.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        if cfg!(windows) {
            return Err(HostError::Refused {
                text: "on Windows a worker of Quarto's cannot become another program".to_owned(),
                hints: vec!["`engine: jupyter` takes a kernel: `jlproj setup jupyter`".to_owned()],
            });
        }
        let project = format!("--project={}", utf8(&self.project)?);
        let hook = format!("--load={}", utf8(&self.hook)?);
        let section = Section::new("julia", &Engine { exeflags: [project, hook] });
        let section = section.map_err(std::io::Error::other)?;
        let hook = OwnFile::sealed(self.hook.0.clone(), &HOOK.replace("@SEAL@", &seal::place()));
        let mut steps = self.wrapper.steps();
        steps.push(Step::File(hook));
        steps.push(Step::Edit { path: self.settings.0.clone(), edit: Edit::Section(section) });
        let notes = vec![
            "for documents with `engine: julia`; those with `engine: jupyter` take a kernel of \
                          `jlproj setup jupyter`"
                .to_owned(),
        ];
        Ok(Plan { steps, notes })
    }

    fn check(&self) -> Vec<Trouble> {
        self.wrapper.troubles(&self.command())
    }

    fn command(&self) -> String {
        let folder = self.settings.parent().unwrap_or(&self.settings);
        format!("jlproj setup quarto {} --project {}", quoted(folder), quoted(&self.project))
    }
}
