//! Python's source text.

use std::ffi::OsStr;
use std::fmt::Write as _;

/// Returns a Python expression for a path, exact to the byte.
pub(crate) fn literal(path: &OsStr) -> String {
    let Some(text) = path.to_str() else {
        let bytes = path.as_encoded_bytes().iter().fold(String::new(), |mut text, byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "\\x{byte:02x}");
            text
        });
        return format!("os.fsdecode(b\"{bytes}\")");
    };
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\\' | '"' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if control.is_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_is_escaped() {
        assert_eq!(literal(OsStr::new("/a b/it's \"é\"\\$\n")), "\"/a b/it's \\\"é\\\"\\\\$\\x0a\"");
    }
}
