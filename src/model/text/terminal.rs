//! Which characters of a text a terminal does not just show.

/// Whether a terminal would take the character for a command, or show others in another order for it (Unicode's
/// `Bidi_Control`). The end of a line is what it is.
#[must_use]
pub(crate) fn rewrites(character: char) -> bool {
    match character {
        '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}
