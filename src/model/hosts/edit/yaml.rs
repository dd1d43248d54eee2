//! Adds a key at the end of a user's YAML file, only if the rest is certain to keep its meaning.

use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use crate::model::hosts::edit::{Block, EditError, Patch};

/// A key of the outermost mapping with everything below it; the text must not have the key yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) key: String,
    /// The lines, between marks.
    pub(crate) block: Block,
}

impl Section {
    /// Builds the section that gives the key this value.
    ///
    /// # Errors
    /// If the value has no form in YAML.
    pub(crate) fn new(key: &str, value: &impl Serialize) -> Result<Self, serde_yaml::Error> {
        let lines = serde_yaml::to_string(&std::collections::BTreeMap::from([(key, value)]))?;
        Ok(Self { key: key.to_owned(), block: Block { comment: "#".to_owned(), lines } })
    }

    /// Returns the replacement that adds the section.
    ///
    /// # Errors
    /// If the text has the key, is no mapping, or would change its meaning with the lines at its end.
    pub(crate) fn patch(&self, text: &str) -> Result<Patch, EditError> {
        let patch = self.block.patch(text)?;
        let mut before = mapping(text)?;
        if before.contains_key(self.key.as_str()) {
            return Err(EditError::KeyThere { key: self.key.clone() });
        }
        before.extend(mapping(&self.block.lines)?);
        let after = patch.applied(text).unwrap_or_default();
        if mapping(&after).ok().as_ref() != Some(&before) {
            return Err(EditError::NoRoom);
        }
        Ok(patch)
    }
}

fn mapping(text: &str) -> Result<Mapping, EditError> {
    match serde_yaml::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Mapping(mapping)) => Ok(mapping),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err(EditError::NoObject),
        Err(error) => Err(EditError::Syntax { text: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> Section {
        Section::new("julia", &std::collections::BTreeMap::from([("exeflags", ["--load=/a 'b': #c"])]))
            .expect("YAML")
    }

    #[test]
    fn it_goes_to_the_end_and_means_what_it_says() {
        for text in ["", "# mine\n", "a: 1", "a: |\n  julia: 1\n", "project: {julia: 1}\n", "\u{feff}a: 1\n"]
        {
            let patch = section().patch(text).expect(text);
            let edited = patch.applied(text).expect("applied");
            let value: Value = serde_yaml::from_str(edited.trim_start_matches('\u{feff}')).expect("YAML");
            assert_eq!(value["julia"]["exeflags"][0], "--load=/a 'b': #c", "{edited}");
            assert_eq!(patch.undone(&edited).as_deref(), Some(text));
        }
    }

    #[test]
    fn where_that_is_not_sure_nothing_is_done() {
        let error = |text: &str| section().patch(text).expect_err(text);
        assert_eq!(error("a: 1\njulia:\n  exeflags: []\n"), EditError::KeyThere { key: "julia".to_owned() });
        assert_eq!(error("{a: 1}\n"), EditError::NoRoom);
        assert_eq!(error("- a\n"), EditError::NoObject);
        assert_eq!(error("a: 1\n...\n"), EditError::NoRoom);
        assert_eq!(error("a: |\n  text\n  # >>> jlproj >>>\n"), EditError::ForeignMarks);
        assert!(matches!(error("a: [\n"), EditError::Syntax { .. }));
        assert!(matches!(error("a: 1\n---\nb: 1\n"), EditError::Syntax { .. }));
    }
}
