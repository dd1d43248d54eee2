//! Installs an import hook into a Python environment; it acts when `julia` (PyJulia) or `juliacall` (JuliaCall) is
//! imported.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{DerivedFiles, OwnFile, Plan, Step};
use crate::model::hosts::seal;
use crate::model::text::shell;
use crate::path_text::PathText;

const HOOK: &str = include_str!("../../templates/python_hook.py");

/// PyJulia or JuliaCall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Bridge {
    PyJulia,
    JuliaCall,
}

impl Bridge {
    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PyJulia => "pyjulia",
            Self::JuliaCall => "juliacall",
        }
    }

    /// The name of its Python package.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Self::PyJulia => "julia",
            Self::JuliaCall => "juliacall",
        }
    }
}

/// A Python environment whose PyJulia or JuliaCall uses the image of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PythonSetup {
    pub(crate) bridge: Bridge,
    /// This program.
    pub(crate) jlproj: PathText,
    /// The folder of the project.
    pub(crate) project: PathText,
    /// The folder of the environment.
    pub(crate) environment: PathText,
    /// Its Python.
    pub(crate) python: PathText,
    /// Its folder for packages.
    pub(crate) packages: PathText,
}

/// The file that the hook reads.
#[derive(Serialize)]
struct Configuration<'a> {
    written: String,
    jlproj: &'a PathText,
    project: &'a PathText,
}

impl Host for PythonSetup {
    fn name(&self) -> &'static str {
        self.bridge.name()
    }

    fn target(&self) -> String {
        String::from(self.environment.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let module = format!("jlproj_{}", self.bridge.name());
        let file = |extension: &str| self.packages.join(format!("{module}.{extension}"));
        let configuration =
            Configuration { written: seal::place(), jlproj: &self.jlproj, project: &self.project };
        let json = serde_json::to_string_pretty(&configuration).map_err(std::io::Error::other)? + "\n";
        let path_file = format!(
            "# {}\nimport importlib.util as _u; _u.find_spec(\"{module}\") and __import__(\"{module}\")\n",
            seal::place()
        );
        let folder = PathText(self.packages.join("__pycache__"));
        let derived = DerivedFiles { folder, prefix: format!("{module}.") };
        let hook = OwnFile::sealed(file("py"), &HOOK.replace("@SEAL@", &seal::place()));
        // The `.pth` file comes last: it starts the hook, which must be complete.
        let steps = vec![
            Step::File(OwnFile::sealed(file("json"), &json)),
            Step::File(OwnFile { derived: Some(derived), ..hook }),
            Step::File(OwnFile::sealed(file("pth"), &path_file)),
        ];
        Ok(Plan { steps, notes: Vec::new() })
    }

    fn check(&self) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        for (what, path) in [("jlproj", &self.jlproj), ("the project", &self.project)] {
            if !path.exists() {
                let message = format!("{what} is not at `{}` any more: no image is used", path.display());
                troubles.push(Trouble { message, remedy: format!("`{}`", self.command()) });
            }
        }
        match interview(&self.python) {
            Ok(answer) if answer.environment == self.environment.0 => {}
            _ => troubles.push(Trouble {
                message: format!(
                    "`{}` is no Python any more, or one of another environment",
                    self.python.display()
                ),
                remedy: format!("`{} --undo`", self.command()),
            }),
        }
        troubles
    }

    fn command(&self) -> String {
        let quoted = |path: &Path| shell::quote(path.as_os_str());
        format!(
            "jlproj setup {} --venv {} --project {}",
            self.bridge.name(),
            quoted(&self.environment),
            quoted(&self.project)
        )
    }
}

/// A Python's answers about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interview {
    /// `sys.prefix`
    pub(crate) environment: PathBuf,
    /// Whether it belongs to an environment, not to the system.
    pub(crate) is_environment: bool,
    /// Folder for its own modules.
    pub(crate) packages: PathBuf,
    /// The libpython that it is linked to; `None` if it contains libpython itself.
    pub(crate) libpython: Option<PathBuf>,
    /// The versions of the packages `julia` and `juliacall`.
    pub(crate) pyjulia: Option<String>,
    pub(crate) juliacall: Option<String>,
}

impl Interview {
    /// Returns the version of a bridge's package.
    pub(crate) fn version(&self, bridge: Bridge) -> Option<&str> {
        match bridge {
            Bridge::PyJulia => self.pyjulia.as_deref(),
            Bridge::JuliaCall => self.juliacall.as_deref(),
        }
    }
}

/// Python's answers, as JSON with paths as path text.
#[derive(Deserialize)]
struct Answers {
    prefix: PathText,
    is_environment: bool,
    purelib: PathText,
    libpython: Option<PathText>,
    julia: Option<String>,
    juliacall: Option<String>,
}

const QUESTIONS: &str = include_str!("../../templates/python_questions.py");

/// Asks a Python about itself. Writes nothing, and ignores Python's environment variables and the user's packages.
///
/// # Errors
/// Where it is no Python, or does not answer.
pub(crate) fn interview(python: &Path) -> Result<Interview, HostError> {
    let command = || format!("{} -I -c …", shell::quote(python.as_os_str()));
    let output = duct::cmd(python, ["-I", "-B", "-c", QUESTIONS])
        .env("JLPROJ_DISABLE", "1")
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| HostError::Program { command: command(), output: error.to_string() })?;
    let failed = |output: &[u8]| HostError::Program {
        command: command(),
        output: String::from_utf8_lossy(output).into_owned(),
    };
    if !output.status.success() {
        return Err(failed(&output.stderr));
    }
    // Other modules that Python loads at its start may print too.
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("jlproj: "));
    let answers: Option<Answers> = line.and_then(|line| serde_json::from_str(line).ok());
    let answers = answers.ok_or_else(|| failed(&output.stdout))?;
    Ok(Interview {
        environment: answers.prefix.0,
        is_environment: answers.is_environment,
        packages: answers.purelib.0,
        libpython: answers.libpython.map(|path| path.0),
        pyjulia: answers.julia,
        juliacall: answers.juliacall,
    })
}
