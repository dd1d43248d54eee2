//! All hosts, as they are recorded.

use serde::{Deserialize, Serialize};

use crate::hosts::apps::Apps;
use crate::hosts::host::Host;
use crate::hosts::juliaup::Juliaup;
use crate::hosts::jupyter::Jupyter;
use crate::hosts::python::PythonSetup;
use crate::hosts::quarto::Quarto;
use crate::hosts::shell::Shell;
use crate::hosts::vscode::Vscode;

/// One host, with all values that its setup needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "host", rename_all = "kebab-case")]
pub(crate) enum Setup {
    Shell(Shell),
    Python(PythonSetup),
    Jupyter(Jupyter),
    Vscode(Vscode),
    Quarto(Quarto),
    Juliaup(Juliaup),
    Apps(Apps),
}

impl Setup {
    /// The host itself.
    pub(crate) fn host(&self) -> &dyn Host {
        match self {
            Self::Shell(shell) => shell,
            Self::Python(python) => python,
            Self::Jupyter(jupyter) => jupyter,
            Self::Vscode(vscode) => vscode,
            Self::Quarto(quarto) => quarto,
            Self::Juliaup(juliaup) => juliaup,
            Self::Apps(apps) => apps,
        }
    }

    /// Name and target, which identify its record.
    pub(crate) fn identity(&self) -> (&'static str, String) {
        (self.host().name(), self.host().target())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::wrapper::Wrapper;
    use crate::path_text::PathText;

    #[test]
    fn a_record_of_an_earlier_jlproj_is_read() {
        let path = |text: &str| PathText(text.into());
        let wrapper = Wrapper {
            path: path("/s/julia"),
            jlproj: path("/j"),
            julia: path("/b/julia"),
            arguments: Vec::new(),
        };
        let quarto = Quarto {
            wrapper,
            hook: path("/s/hook.jl"),
            project: path("/p"),
            settings: path("/p/_quarto.yml.local"),
        };
        let setup = Setup::Quarto(quarto);
        let text = toml::to_string(&setup).expect("TOML");
        let earlier = text.replace("wrapper", "launcher");
        assert_ne!(earlier, text);
        assert_eq!(toml::from_str::<Setup>(&earlier).expect("a setup"), setup);
    }
}
