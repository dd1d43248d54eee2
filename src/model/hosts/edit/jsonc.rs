//! Sets and removes one member of the outermost object of JSON with comments and trailing commas, as in editors'
//! settings. Everything else stays byte for byte.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde::{Deserialize, Serialize};

use crate::model::hosts::edit::{EditError, Patch};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A member to set in the outermost object; its value is a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) value: String,
    /// The lines that a person would add by hand, with all that belongs together.
    pub(crate) snippet: String,
}

/// A parsed text with the places of its members.
struct Parsed<'a> {
    /// Number of bytes before the parsed part.
    offset: usize,
    text: &'a str,
    object: Option<Object<'a>>,
}

/// Returns a member's value; `None` if there is no such member, or its value is not a string.
pub(crate) fn text_of(text: &str, key: &str) -> Option<String> {
    let parsed = Parsed::read(text).ok()?;
    let last = parsed.members(key).last()?.value.as_string_lit()?;
    Some(last.value.clone().into_owned())
}

impl Member {
    /// Returns the replacement that sets the member.
    ///
    /// # Errors
    /// If the text is no JSON object with comments, or has the member twice.
    pub(crate) fn patch(&self, text: &str) -> Result<Patch, EditError> {
        let parsed = Parsed::read(text)?;
        let members: Vec<&ObjectProp<'_>> = parsed.members(&self.key).collect();
        match (&parsed.object, members.as_slice()) {
            (_, [_, _, ..]) => Err(EditError::Twice { key: self.key.clone() }),
            (_, [member]) => {
                let (start, end) = (member.value.start(), member.value.end());
                let before = parsed.text.get(start..end).unwrap_or_default().to_owned();
                Ok(Patch { at: parsed.offset + start, before, after: json(&self.value) })
            }
            (Some(object), []) => Ok(self.inserted(&parsed, object)),
            (None, []) => {
                let line = line_end(text);
                // A byte order mark anywhere but at the start is like any other character: it may end a comment.
                let is_blank = text.trim_start_matches(BYTE_ORDER_MARK).is_empty();
                let before = if is_blank || text.ends_with('\n') { "" } else { line };
                let after = format!("{before}{{{line}    {}{line}}}{line}", self.text());
                Ok(Patch { at: text.len(), before: String::new(), after })
            }
        }
    }

    /// Whether the member occurs exactly once, with our value.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.ours(text).is_some()
    }

    /// Whether no member has our value.
    pub(crate) fn is_gone(&self, text: &str) -> bool {
        match Parsed::read(text) {
            Ok(parsed) => !parsed.members(&self.key).any(|member| self.is_ours(member)),
            Err(_) => !text.contains(&json(&self.key)),
        }
    }

    /// Returns the text without our value: as it was before if nothing around it changed, else without the member, or
    /// with the member's earlier value.
    pub(crate) fn undone(&self, patch: &Patch, text: &str) -> Option<String> {
        let (start, end) = self.ours(text)?;
        if !patch.before.is_empty() {
            let value = json(&self.value);
            let value_start = end.checked_sub(value.len())?;
            return (text.get(value_start..end)? == value)
                .then(|| format!("{}{}{}", &text[..value_start], patch.before, &text[end..]));
        }
        let expected = self.remaining(text)?;
        let is_right =
            |candidate: &String| Parsed::read(candidate).is_ok_and(|parsed| parsed.contents() == expected);
        let place = patch.after.find(&self.text()).and_then(|lead| start.checked_sub(lead));
        let exact = place.and_then(|place| {
            let rest = text.get(place..)?.strip_prefix(patch.after.as_str())?;
            Some(format!("{}{rest}", &text[..place]))
        });
        exact.filter(is_right).or_else(|| Some(without(text, start, end)).filter(is_right))
    }

    /// Returns the source text of all members but ours.
    fn remaining(&self, text: &str) -> Option<Vec<String>> {
        let parsed = Parsed::read(text).ok()?;
        let place = parsed.object.as_ref()?.properties.iter().position(|member| self.is_ours(member))?;
        let mut contents = parsed.contents();
        contents.remove(place);
        Some(contents)
    }

    /// Returns the start and end of the member with our value.
    fn ours(&self, text: &str) -> Option<(usize, usize)> {
        let parsed = Parsed::read(text).ok()?;
        let mut members = parsed.members(&self.key);
        let member = members.next().filter(|member| self.is_ours(member))?;
        let only = members.next().is_none();
        only.then(|| (parsed.offset + member.start(), parsed.offset + member.end()))
    }

    fn is_ours(&self, member: &ObjectProp<'_>) -> bool {
        let value = member.value.as_string_lit();
        member.name.as_str() == self.key && value.is_some_and(|value| value.value == self.value)
    }

    fn text(&self) -> String {
        format!("{}: {}", json(&self.key), json(&self.value))
    }

    /// Returns the patch that inserts the member as the first one.
    fn inserted(&self, parsed: &Parsed<'_>, object: &Object<'_>) -> Patch {
        let text = parsed.text;
        let inside = object.start() + 1;
        let close = object.end().saturating_sub(1);
        let first = object.properties.first().map(Ranged::start);
        let before_first = text.get(inside..first.unwrap_or(close)).unwrap_or_default();
        let line = line_end(text);
        // After a comment on the line of the brace: such a comment is about the whole object.
        let (head, _) = before_first.split_once('\n').unwrap_or((before_first, ""));
        let head = head.strip_suffix('\r').unwrap_or(head);
        let is_one_line = !before_first.contains('\n');
        let lead = if !is_one_line && (head.trim().is_empty() || head.trim_start().starts_with("//")) {
            head.len()
        } else {
            0
        };
        let indent = match first {
            Some(_) if !is_one_line => before_first.rsplit('\n').next().unwrap_or_default(),
            _ => "    ",
        };
        let indent = if indent.trim().is_empty() { indent } else { "    " };
        let member = self.text();
        let after = match first {
            Some(_) if is_one_line => format!("{member}, "),
            Some(_) => format!("{line}{indent}{member},"),
            None if is_one_line => format!("{line}{indent}{member}{line}"),
            None => format!("{line}{indent}{member}"),
        };
        Patch { at: parsed.offset + inside + lead, before: String::new(), after }
    }
}

impl<'a> Parsed<'a> {
    fn read(text: &'a str) -> Result<Self, EditError> {
        let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let options = ParseOptions {
            allow_comments: true,
            allow_trailing_commas: true,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
        let parsed = parse_to_ast(body, &collect, &options)
            .map_err(|error| EditError::Syntax { text: error.to_string() })?;
        let object = match parsed.value {
            Some(Value::Object(object)) => Some(object),
            None => None,
            Some(_) => return Err(EditError::NoObject),
        };
        Ok(Self { offset: text.len() - body.len(), text: body, object })
    }

    fn members<'b>(&'b self, key: &'b str) -> impl Iterator<Item = &'b ObjectProp<'a>> {
        let members = self.object.iter().flat_map(|object| &object.properties);
        members.filter(move |member| member.name.as_str() == key)
    }

    /// Returns the source text of each member.
    fn contents(&self) -> Vec<String> {
        let members = self.object.iter().flat_map(|object| &object.properties);
        members
            .map(|member| self.text.get(member.start()..member.end()).unwrap_or_default().to_owned())
            .collect()
    }
}

/// Returns the text without the part from `start` to `end`, and without its comma. A comma is removed only if nothing
/// but white space separates it from the part.
fn without(text: &str, start: usize, end: usize) -> String {
    let (head, tail) = (&text[..start], &text[end..]);
    if let Some(rest) = tail.trim_start().strip_prefix(',') {
        let head = head.trim_end_matches([' ', '\t']);
        let after = rest.trim_start_matches([' ', '\t']);
        let next_line = after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n'));
        // A line with nothing else in it is removed whole.
        let rest = next_line.filter(|_| head.ends_with('\n')).unwrap_or(rest);
        return format!("{head}{rest}");
    }
    match head.trim_end().strip_suffix(',') {
        Some(head) => format!("{head}{tail}"),
        None => format!("{}{tail}", head.trim_end()),
    }
}

/// Returns the line end that a text uses.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Returns a text as a JSON string.
pub(crate) fn json(text: &str) -> String {
    // Texts always have a JSON form.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
