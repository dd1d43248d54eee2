//! Characters that a terminal does not simply show.

/// Whether a terminal would take the character for a command, or reorder others because of it (Unicode's
/// `Bidi_Control`). The end of a line does not count.
#[must_use]
pub(crate) fn rewrites(character: char) -> bool {
    match character {
        '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}
