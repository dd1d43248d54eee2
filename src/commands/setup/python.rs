//! `jlproj setup pyjulia` and `juliacall`: finds the Python and the project, and notes what it gets.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::assessment::{self, Offer, OfferPlace, OfferRequest};
use crate::cli::PythonArgs;
use crate::commands::setup::own_program;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs;
use crate::hosts::{self, Bridge, HostError, Interview, PythonSetup};
use crate::model::hosts::embedding::{Embedder, Python};
use crate::model::hosts::python_text;
use crate::path_text::PathText;
use crate::ui::{message, output};

/// Returns the set-up for these arguments.
///
/// # Errors
/// Where there is no such Python, it is no environment, or there is no project.
pub(super) fn setup(bridge: Bridge, arguments: &PythonArgs, context: &Context) -> Result<PythonSetup, Error> {
    let python = program(arguments, context)?;
    // A set-up that is taken back or checked need not work any more.
    let is_about_files = arguments.options.undo || arguments.options.check;
    if let Some(known) = known(bridge, &python, arguments, context).filter(|_| is_about_files) {
        return Ok(known);
    }
    let answer = hosts::interview(&python)?;
    if !answer.is_environment && !arguments.force && !arguments.options.undo {
        return Err(refused(
            format!("`{}` is the system's Python, and no environment", python.display()),
            "make one: `python3 -m venv FOLDER`; `--force` writes into the system's all the same",
        ));
    }
    // Taking back writes nothing, so it needs no project.
    let project = if arguments.options.undo {
        context.directory.clone()
    } else {
        assessment::project_folder(context, arguments.project.project.as_deref())?
    };
    Ok(PythonSetup {
        bridge,
        jlproj: own_program(context)?,
        project: PathText(project),
        environment: PathText(answer.environment),
        python: PathText(python),
        packages: PathText(answer.packages),
    })
}

/// The set-up on record for the environment of this Python.
fn known(bridge: Bridge, python: &Path, arguments: &PythonArgs, context: &Context) -> Option<PythonSetup> {
    let folder = arguments.venv.clone().or_else(|| context.host_variables.environment.clone());
    let folder = folder.map(|folder| context.directory.join(folder));
    let folder = folder.map(|folder| fs::canonicalize(&folder).unwrap_or(folder));
    hosts::read_all(&context.layout).into_iter().flatten().find_map(|record| {
        let hosts::Setup::Python(setup) = record.setup else { return None };
        let is_meant = setup.python.0 == python || Some(&setup.environment.0) == folder.as_ref();
        (setup.bridge == bridge && is_meant).then_some(setup)
    })
}

/// The Python of the named environment, else of the active one.
fn program(arguments: &PythonArgs, context: &Context) -> Result<PathBuf, Error> {
    let named = arguments.venv.clone().or_else(|| context.host_variables.environment.clone());
    let Some(named) = named else {
        return Err(refused("no environment is active".to_owned(), "name one: `--venv FOLDER`"));
    };
    let folder = context.directory.join(named);
    if folder.is_file() {
        return Ok(folder);
    }
    let places = ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"];
    let found = places.iter().map(|place| folder.join(place)).find(|path| path.is_file());
    if let Some(found) = found {
        return Ok(found);
    }
    if arguments.options.undo || arguments.options.check {
        return Ok(folder.join("bin/python"));
    }
    Err(refused(format!("there is no Python in `{}`", folder.display()), "name another: `--venv FOLDER`"))
}

/// Notes on what this Python gets now, and on obstacles.
pub(super) fn notes(setup: &PythonSetup, context: &Context) -> Vec<String> {
    let mut notes = Vec::new();
    let told = hosts::interview(&setup.python)
        .map_err(Error::from)
        .and_then(|answer| Ok((offer(setup.bridge, &setup.project, &answer, context)?, answer)));
    let (offer, answer) = match told {
        Ok(told) => told,
        Err(error) => return vec![format!("no image now: {}", error.in_one_line())],
    };
    let package = setup.bridge.package();
    if answer.version(setup.bridge).is_none() {
        notes.push(format!("`{package}` is not installed in it yet: `pip install {package}`"));
    }
    match (&offer.sysimage, &offer.reason) {
        (Some(image), _) => notes.push(format!("image now: {}", image.display())),
        (None, reason) => notes.push(format!("no image now: {}", reason.as_deref().unwrap_or("unknown"))),
    }
    match setup.bridge {
        Bridge::PyJulia if offer.pycall == OfferPlace::Absent => notes.push(
            "PyCall is not in the project: `from julia import Main` needs it, `julia.libjulia` does not"
                .to_owned(),
        ),
        Bridge::JuliaCall => {
            let wanted =
                answer.juliacall.filter(|version| offer.pythoncall_version.as_ref() != Some(version));
            notes.extend(wanted.map(|version| {
                format!(
                    "the project has no PythonCall {version}, which this juliacall needs: `jlproj pkg add \
                     PythonCall@{version}`; until then juliacall starts as without jlproj"
                )
            }));
        }
        Bridge::PyJulia => {}
    }
    notes
}

/// Prints lines for a program of the user's that do the same.
///
/// # Errors
/// Where there is no image for this Python.
pub(super) fn snippet(bridge: Bridge, arguments: &PythonArgs, context: &Context) -> Result<u8, Error> {
    let setup = setup(bridge, arguments, context)?;
    let answer = hosts::interview(&setup.python)?;
    let offer = offer(bridge, &setup.project, &answer, context)?;
    let (Some(image), Some(project)) = (&offer.sysimage, &offer.project) else {
        return Err(Error::NoImage { reason: offer.reason.unwrap_or_default(), is_missing: true });
    };
    let literal = |path: &Path| python_text::literal(path.as_os_str());
    let text = match bridge {
        Bridge::PyJulia => format!(
            "import os\nos.environ[\"JULIA_PROJECT\"] = {}\nfrom julia.api import Julia\nJulia(runtime={}, \
             sysimage={})\n",
            literal(project),
            literal(&offer.julia),
            literal(image)
        ),
        Bridge::JuliaCall => format!(
            "import os\nos.environ.update(\n    PYTHON_JULIACALL_EXE={},\n    PYTHON_JULIACALL_PROJECT={},\n    \
             PYTHON_JULIACALL_SYSIMAGE={},\n)\nimport juliacall\n",
            literal(&offer.julia),
            literal(project),
            literal(image)
        ),
    };
    output::write(text.as_bytes())?;
    message::note("this names the image of now: it has to be printed anew after each build");
    Ok(exit::SUCCESS)
}

fn offer(bridge: Bridge, project: &Path, answer: &Interview, context: &Context) -> Result<Offer, Error> {
    let juliacall = answer.juliacall.clone().filter(|_| bridge == Bridge::JuliaCall);
    let embedder = Embedder::Python(Python { libpython: answer.libpython.clone(), juliacall });
    let project: &OsStr = project.as_os_str();
    assessment::offer(context, &OfferRequest { project: Some(project), julia: None, embedder })
}

fn refused(text: String, hint: &str) -> Error {
    Error::Host(HostError::Refused { text, hints: vec![hint.to_owned()] })
}
