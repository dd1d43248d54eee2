//! The terminal.

/// Columns of the terminal; 80 where that cannot be told.
pub(crate) fn width() -> usize {
    console::Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns))
}
