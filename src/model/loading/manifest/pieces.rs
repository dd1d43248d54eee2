//! The text of a manifest in pieces, each a TOML text of its own.
//!
//! The parser takes many times the size of the text. What it had for one piece does for the next, where memory that is
//! touched for the first time costs more than the parsing.

/// Bytes after which a piece ends: what the parser takes for them fits into a processor's cache.
pub(super) const ENOUGH: usize = 8 << 10;

/// Splits `text` where a line begins with `[[`, once a piece has `enough` bytes.
///
/// Such a line may also stand in a list or in a text of several lines. Then the piece before it has no end and is no TOML,
/// so that not all pieces can be parsed; if all can, their statements are those of the text. Two things are to be looked
/// after by who reads them: a table of a package may be in a later piece than the package; and what TOML forbids between two
/// statements is not noticed where they are in two pieces.
pub(super) fn pieces(text: &str, enough: usize) -> impl Iterator<Item = &str> {
    const HEADER: &[u8] = b"\n[[";
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let header = text.as_bytes().get(enough..).and_then(|bytes| {
            let before = bytes.windows(HEADER.len()).position(|bytes| bytes == HEADER)?;
            Some(enough + before + 1)
        });
        let (piece, after) = match header.and_then(|header| text.split_at_checked(header)) {
            Some((piece, after)) => (piece, Some(after)),
            None => (text, None),
        };
        rest = after;
        Some(piece)
    })
}
