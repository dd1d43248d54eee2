//! Edits one place of a user's text: everything else stays byte for byte, and the edit can be undone.

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) mod jsonc;
pub(crate) mod yaml;

use crate::model::hosts::edit::jsonc::Member;
use crate::model::hosts::edit::yaml::Section;

/// An edit of one place of a text. Each form finds that place itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
pub(crate) enum Edit {
    /// Lines between two marks, at the end of the text.
    Block(Block),
    /// A member of the outermost object of JSON with comments.
    Member(Member),
    /// A key of YAML's outermost mapping, between two marks.
    Section(Section),
    /// A piece of a text that another program may rewrite at any time.
    Piece(Piece),
}

/// A piece that occurs once in a text, and its replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) before: String,
    pub(crate) after: String,
}

/// Lines between two marks, in a language whose comments begin with `comment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) comment: String,
    /// Whole lines.
    pub(crate) lines: String,
}

/// One piece of a text replaced by another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Patch {
    /// Its offset, in bytes.
    pub(crate) at: usize,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// Why a text is left alone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum EditError {
    #[error("it has marks of jlproj's that this jlproj did not set")]
    ForeignMarks,
    #[error("{text}")]
    Syntax { text: String },
    #[error("what it holds has no keys")]
    NoObject,
    #[error("it has `{key}` twice")]
    Twice { key: String },
    #[error("it has `{key}` already")]
    KeyThere { key: String },
    #[error("more lines at its end would mean something else")]
    NoRoom,
    #[error("the text to replace is not in it exactly once")]
    NoPiece,
}

impl Edit {
    /// Returns the replacement that applies the edit to a text without it.
    ///
    /// # Errors
    /// If it is not certain that the rest keeps its meaning.
    pub(crate) fn patch(&self, text: &str) -> Result<Patch, EditError> {
        match self {
            Self::Block(block) => block.patch(text),
            Self::Member(member) => member.patch(text),
            Self::Section(section) => section.patch(text),
            Self::Piece(piece) => piece.patch(text),
        }
    }

    /// Whether the patch's new text is still in the text.
    pub(crate) fn is_in(&self, patch: &Patch, text: &str) -> bool {
        match self {
            Self::Block(_) | Self::Section(_) | Self::Piece(_) => patch.is_in(text),
            Self::Member(member) => member.is_in(text),
        }
    }

    /// Returns the text with the original put back; `None` if the place of ours is not certain.
    pub(crate) fn undone(&self, patch: &Patch, text: &str) -> Option<String> {
        match self {
            Self::Block(_) | Self::Section(_) | Self::Piece(_) => patch.undone(text),
            Self::Member(member) => member.undone(patch, text),
        }
    }

    /// Whether nothing of the edit is in the text.
    pub(crate) fn is_gone(&self, text: &str) -> bool {
        match self {
            Self::Block(block) => !block.has_marks(text),
            Self::Member(member) => member.is_gone(text),
            Self::Section(section) => !section.block.has_marks(text),
            Self::Piece(piece) => !text.contains(&piece.after),
        }
    }

    /// Returns the lines that a person would add by hand.
    pub(crate) fn snippet(&self) -> String {
        match self {
            Self::Block(block) => block.lines.clone(),
            Self::Member(member) => member.snippet.clone(),
            Self::Section(section) => section.block.lines.clone(),
            Self::Piece(piece) => piece.after.clone(),
        }
    }
}

impl Piece {
    fn patch(&self, text: &str) -> Result<Patch, EditError> {
        let mut places = text.match_indices(&self.before);
        let (Some((at, _)), None) = (places.next(), places.next()) else { return Err(EditError::NoPiece) };
        Ok(Patch { at, before: self.before.clone(), after: self.after.clone() })
    }
}

impl Block {
    fn first_mark(&self) -> String {
        format!("{} >>> jlproj >>>", self.comment)
    }

    fn last_mark(&self) -> String {
        format!("{} <<< jlproj <<<", self.comment)
    }

    fn has_marks(&self, text: &str) -> bool {
        text.contains(&self.first_mark()) || text.contains(&self.last_mark())
    }

    pub(super) fn patch(&self, text: &str) -> Result<Patch, EditError> {
        if self.has_marks(text) {
            return Err(EditError::ForeignMarks);
        }
        let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let after = format!("{line_end}{}\n{}{}\n", self.first_mark(), self.lines, self.last_mark());
        Ok(Patch { at: text.len(), before: String::new(), after })
    }
}

impl Patch {
    /// The text with the piece replaced.
    pub(crate) fn applied(&self, text: &str) -> Option<String> {
        replaced(text, self.at, &self.before, &self.after)
    }

    /// Returns the text with `before` put back; `None` if `after` is not found, or is ambiguous.
    pub(crate) fn undone(&self, text: &str) -> Option<String> {
        replaced(text, self.place(text)?, &self.after, &self.before)
    }

    /// Returns the offset of `after`: at its recorded place, else wherever it occurs, if only once.
    fn place(&self, text: &str) -> Option<usize> {
        if text.get(self.at..).is_some_and(|rest| rest.starts_with(&self.after)) {
            return Some(self.at);
        }
        let mut places = text.match_indices(&self.after).map(|(place, _)| place);
        let first = places.next()?;
        places.next().is_none().then_some(first)
    }

    /// Whether `after` is in the text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.place(text).is_some()
    }
}

fn replaced(text: &str, at: usize, old: &str, new: &str) -> Option<String> {
    let (head, rest) = (text.get(..at)?, text.get(at..)?);
    Some(format!("{head}{new}{}", rest.strip_prefix(old)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block() -> Edit {
        Edit::Block(Block { comment: "#".to_owned(), lines: "export A=1\n".to_owned() })
    }

    #[test]
    fn a_block_goes_to_the_end_and_away_again() {
        let text = "alias ll='ls -l'";
        let patch = block().patch(text).expect("patch");
        let edited = patch.applied(text).expect("applied");
        assert_eq!(edited, "alias ll='ls -l'\n# >>> jlproj >>>\nexport A=1\n# <<< jlproj <<<\n");
        assert_eq!(patch.undone(&edited).as_deref(), Some(text));
    }

    #[test]
    fn what_is_changed_around_it_stays() {
        let patch = block().patch("one\n").expect("patch");
        let edited = patch.applied("one\n").expect("applied");
        let later = format!("zero\n{edited}two\n");
        assert_eq!(patch.undone(&later).as_deref(), Some("zero\none\ntwo\n"));
    }

    #[test]
    fn what_is_changed_inside_or_doubled_is_not_put_back() {
        let patch = block().patch("").expect("patch");
        let edited = patch.applied("").expect("applied");
        assert_eq!(patch.undone(&edited.replace("A=1", "A=2")), None);
        assert_eq!(patch.undone(&format!("# mine\n{edited}{edited}")), None);
        assert_eq!(block().patch(&edited), Err(EditError::ForeignMarks));
    }

    #[test]
    fn a_piece_is_replaced_where_it_is_once() {
        let edit = Edit::Piece(Piece { before: "b\n".to_owned(), after: "c\n".to_owned() });
        let patch = edit.patch("a\nb\n").expect("patch");
        let edited = patch.applied("a\nb\n").expect("applied");
        assert_eq!((edited.as_str(), edit.is_in(&patch, &edited)), ("a\nc\n", true));
        assert_eq!(edit.undone(&patch, &edited).as_deref(), Some("a\nb\n"));
        // Written anew by who wrote it first: nothing of ours is left.
        assert!(edit.is_gone("a\nd\n") && !edit.is_gone(&edited));
        assert_eq!(edit.patch("b\nb\n"), Err(EditError::NoPiece));
        assert_eq!(edit.patch("a\n"), Err(EditError::NoPiece));
    }

    proptest! {
        #[test]
        fn any_text_comes_back_to_the_byte(text in "[a-z\n#> jlproé]{0,40}", later in "[a-z\n]{0,10}") {
            let patch = block().patch(&text).expect("patch");
            let edited = patch.applied(&text).expect("applied");
            prop_assert_eq!(patch.undone(&edited), Some(text.clone()));
            prop_assert_eq!(patch.undone(&format!("{edited}{later}")), Some(format!("{text}{later}")));
        }
    }
}
