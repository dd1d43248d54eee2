//! The terminal.

/// Columns of the terminal; 80 if unknown.
pub(crate) fn width() -> usize {
    console::Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns))
}
