//! Jupyter: a kernel of our own name, which asks jlproj for the image when it is started.

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{OwnFile, Plan, Step};
use crate::hosts::wrapper::{Wrapper, quoted, utf8};
use crate::model::hosts::seal;
use crate::path_text::PathText;

/// Code that Julia runs as a kernel. IJulia before 1.28 has a script for it.
pub(crate) const RUN_KERNEL: &str = "import IJulia; isdefined(IJulia, :run_kernel) ? IJulia.run_kernel() : \
                                     include(joinpath(dirname(pathof(IJulia)), \"kernel.jl\"))";

/// A kernel for a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jupyter {
    /// In the kernel's folder; passes all of Julia's arguments but the connection file.
    #[serde(alias = "launcher")]
    pub(crate) wrapper: Wrapper,
    /// The folder of the project.
    pub(crate) project: PathText,
    /// The kernel's folder, whose name is the kernel's.
    pub(crate) folder: PathText,
    /// The Python environment that the kernel is installed in, if one was named.
    pub(crate) prefix: Option<PathText>,
    /// Name shown to users.
    pub(crate) display_name: String,
    /// `JULIA_DEPOT_PATH`, where it is set.
    pub(crate) depot_path: Option<String>,
}

/// `kernel.json`.
#[derive(Serialize)]
struct KernelSpec<'a> {
    argv: [&'a str; 2],
    display_name: &'a str,
    language: &'static str,
    interrupt_mode: &'static str,
    env: std::collections::BTreeMap<&'static str, String>,
    metadata: Metadata<Marker>,
}

#[derive(Serialize, Deserialize)]
struct Metadata<Contents> {
    jlproj: Contents,
}

/// Marks the kernel as ours, and names its project.
#[derive(Serialize, Deserialize)]
struct Marker {
    managed: bool,
    project: PathText,
    version: u32,
    written: String,
}

impl Host for Jupyter {
    fn name(&self) -> &'static str {
        "jupyter"
    }

    fn target(&self) -> String {
        String::from(self.folder.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let path = self.folder.join("kernel.json");
        self.refuse_other_project(&path)?;
        let program = utf8(&self.wrapper.path)?;
        // Jupyter expands variables: `$$` stands for `$`.
        let depots = self.depot_path.as_ref().map(|depots| ("JULIA_DEPOT_PATH", depots.replace('$', "$$")));
        let marker =
            Marker { managed: true, project: self.project.clone(), version: 1, written: seal::place() };
        let specification = KernelSpec {
            argv: [program, "{connection_file}"],
            display_name: &self.display_name,
            language: "julia",
            interrupt_mode: "signal",
            env: depots.into_iter().collect(),
            metadata: Metadata { jlproj: marker },
        };
        let json = serde_json::to_string_pretty(&specification).map_err(std::io::Error::other)? + "\n";
        // `kernel.json` comes last: Jupyter looks for it, and never finds half a kernel.
        let mut steps = self.wrapper.steps();
        steps.push(Step::File(OwnFile::sealed(path, &json)));
        Ok(Plan { steps, notes: vec![format!("the kernel is `{}`: {}", self.kernel(), self.display_name)] })
    }

    fn check(&self) -> Vec<Trouble> {
        let mut troubles = self.wrapper.troubles(&self.command());
        if !self.project.exists() {
            troubles.push(Trouble {
                message: format!("the project is not at `{}` any more", self.project.display()),
                remedy: format!("`{} --undo`", self.command()),
            });
        }
        troubles
    }

    fn command(&self) -> String {
        let prefix = self.prefix.as_ref().map(|prefix| format!(" --prefix {}", quoted(prefix)));
        format!(
            "jlproj setup jupyter --project {} --name {}{}",
            quoted(&self.project),
            self.kernel(),
            prefix.unwrap_or_default()
        )
    }
}

impl Jupyter {
    /// The kernel's name.
    pub(crate) fn kernel(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Refuses the name of another project's kernel: two projects can have the same name.
    fn refuse_other_project(&self, specification: &std::path::Path) -> Result<(), HostError> {
        #[derive(Deserialize)]
        struct Known {
            metadata: Metadata<Marker>,
        }
        let Some(contents) = fs::read_limited(specification)? else { return Ok(()) };
        match serde_json::from_slice::<Known>(&contents) {
            Ok(known) if known.metadata.jlproj.project != self.project => Err(HostError::Refused {
                text: format!(
                    "the kernel `{}` is that of `{}`",
                    self.kernel(),
                    known.metadata.jlproj.project.display()
                ),
                hints: vec!["give this one another name: `--name NAME`".to_owned()],
            }),
            _ => Ok(()),
        }
    }
}
