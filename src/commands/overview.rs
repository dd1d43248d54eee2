//! `jlproj` alone: the Julia and the project here, what an image would bring, and the one command to type.

use crate::assessment::{self, AssessedProject, ForProject, Survey, Toolchain};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::fs::ObservedFiles;
use crate::model::image::verdict::{Plain, Verdict};
use crate::model::settings::Flags;
use crate::path_text;
use crate::ui::output;
use crate::ui::table::pairs;
use crate::ui::time::{seconds, time};

/// Seconds per start below which an image is not proposed.
const WORTH_A_BUILD: f64 = 0.5;

pub(crate) fn run(context: &Context) -> Result<u8, Error> {
    let toolchain = Toolchain::open(context, Flags::default(), ForProject::This(None))?;
    let survey = Survey::new(toolchain.basis());
    let files = ObservedFiles::default();
    let assessed = toolchain
        .environment(None, &files)
        .and_then(|(environment, depots)| survey.assessed_project(environment, depots, &files));
    let mut lines = vec![("julia", julia(&toolchain))];
    match assessed {
        Ok(assessed) => lines.extend(project(context, &survey, &assessed)?),
        Err(error @ (Error::NoProject { .. } | Error::NoProjectFile { .. } | Error::NoManifest { .. })) => {
            let next = match &error {
                Error::NoManifest { .. } => "jlproj pkg instantiate",
                _ => "cd into a project, or find all: jlproj scan FOLDER",
            };
            lines.extend([("project", error.in_one_line()), ("next", next.to_owned())]);
        }
        Err(error) => return Err(error),
    }
    lines.push(("more", "jlproj --help".to_owned()));
    output::write(pairs(&lines).as_bytes())?;
    Ok(exit::SUCCESS)
}

fn julia(toolchain: &Toolchain<'_>) -> String {
    let Toolchain { located, installation, .. } = toolchain;
    let version = &installation.identity.version;
    format!("{version} ({}, {})", path_text::encode(&located.binary), located.reason)
}

/// Lines about the project: its packages, its image, and the next command.
fn project(
    context: &Context,
    survey: &Survey,
    assessed: &AssessedProject,
) -> Result<Vec<(&'static str, String)>, Error> {
    let AssessedProject { state, wanted, verdict, .. } = assessed;
    let known = assessment::known_project(context, survey.clock, &state.folder)?;
    let saving = survey.possible(&known, assessed).seconds;
    let (baked, outside) = (wanted.inputs.packages.len(), wanted.outside.len());
    let (image, next) = match verdict {
        Verdict::Exact { .. } | Verdict::Contained { .. } => {
            let saved = survey.saving(&known, assessed).map_or(0.0, |saving| saving.seconds);
            (format!("in force, saves about {} at each start", seconds(saved)), "jlproj run".to_owned())
        }
        Verdict::Plain(Plain::NeverBuilt) if saving < WORTH_A_BUILD => {
            let image = format!("none; one would save about {} at each start", seconds(saving.max(0.0)));
            (image, "nothing: Julia starts as fast without one".to_owned())
        }
        Verdict::Plain(Plain::NeverBuilt) => (
            format!("none yet; one would save about {} at each start (estimate)", seconds(saving)),
            format!("jlproj build (takes about {}, once)", time(survey.build_seconds())),
        ),
        Verdict::Plain(plain @ Plain::NothingToBake { .. }) => {
            (assessment::cause(plain), "nothing: Julia starts as ever".to_owned())
        }
        Verdict::Plain(plain) => {
            let next = assessment::remedy(plain).unwrap_or_else(|| "jlproj status".to_owned());
            (assessment::cause(plain), next)
        }
    };
    Ok(vec![
        ("project", context.home_relative(&path_text::encode(&state.folder))),
        ("packages", format!("{baked} for an image, {outside} outside of it")),
        ("image", image),
        ("next", next),
    ])
}
