//! juliaup: a channel that leads to a wrapper of ours, set as the override of the project's folder. Only juliaup
//! changes juliaup's settings.

use serde::{Deserialize, Serialize};

use crate::hosts::error::{HostError, Trouble};
use crate::hosts::host::Host;
use crate::hosts::plan::{Plan, ProgramStep, Step};
use crate::hosts::proof::{Proof, config};
use crate::hosts::wrapper::{Wrapper, quoted, utf8};
use crate::model::launch::juliaup::{Channel, Config};
use crate::path_text::PathText;

/// The channel of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Juliaup {
    #[serde(alias = "launcher")]
    pub(crate) wrapper: Wrapper,
    /// The folder of the project.
    pub(crate) project: PathText,
    pub(crate) channel: String,
    /// juliaup itself.
    pub(crate) program: PathText,
    /// Its settings, which are only read.
    pub(crate) settings: PathText,
}

impl Host for Juliaup {
    fn name(&self) -> &'static str {
        "juliaup"
    }

    fn target(&self) -> String {
        String::from(self.project.clone())
    }

    fn plan(&self) -> Result<Plan, HostError> {
        let (program, project) = (utf8(&self.wrapper.path)?.to_owned(), utf8(&self.project)?.to_owned());
        let config = config(&self.settings)?;
        self.refuse_other_channel(&config, &program)?;
        let words = |words: &[&str]| words.iter().map(|word| PathText(word.into())).collect::<Vec<_>>();
        let channel = self.channel.as_str();
        let option = format!("--project={project}");
        let link = ProgramStep {
            program: self.program.clone(),
            arguments: words(&["link", channel, &program, "--", &option]),
            undo: words(&["remove", channel]),
            proof: Proof::Channel {
                settings: self.settings.clone(),
                channel: self.channel.clone(),
                program: self.wrapper.path.clone(),
            },
        };
        let before = config.overrides.iter().find(|one| one.path == project && one.channel != channel);
        let set = ProgramStep {
            program: self.program.clone(),
            arguments: words(&["override", "set", channel, "--path", &project]),
            undo: match before {
                Some(before) => words(&["override", "set", &before.channel, "--path", &project]),
                None => words(&["override", "unset", "--path", &project]),
            },
            proof: Proof::Override {
                settings: self.settings.clone(),
                channel: self.channel.clone(),
                folder: self.project.clone(),
            },
        };
        let mut steps = self.wrapper.steps();
        steps.extend([Step::Program(link), Step::Program(set)]);
        let notes = vec![format!("`julia` in the project's folder, and `julia +{channel}` elsewhere")];
        Ok(Plan { steps, notes })
    }

    fn check(&self) -> Vec<Trouble> {
        self.wrapper.troubles(&self.command())
    }

    fn command(&self) -> String {
        format!("jlproj setup juliaup --project {} --name {}", quoted(&self.project), self.channel)
    }
}

impl Juliaup {
    fn refuse_other_channel(&self, config: &Config, program: &str) -> Result<(), HostError> {
        match config.installed_channels.get(&self.channel) {
            Some(Channel::Linked { command, .. }) if command == program => Ok(()),
            None => Ok(()),
            Some(_) => Err(HostError::Refused {
                text: format!("juliaup has a channel `{}` already", self.channel),
                hints: vec!["give this one another name: `--name NAME`".to_owned()],
            }),
        }
    }
}
