//! Columns of text.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use crate::ui::message::{in_one_line, visible};

/// Side on which a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Lays out rows below a header, two spaces between columns. If `width` is exceeded, the first column is narrowed: its
/// texts lose their beginning, since paths differ at their end.
pub(crate) fn columns(header: &[(&str, Side)], rows: &[Vec<String>], width: Option<usize>) -> String {
    // A name with a line end in it must not look like another row.
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| in_one_line(cell)).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|(name, _)| measure_text_width(name)).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    let total = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    if let (Some(available), Some(first)) = (width, widths.first_mut()) {
        const NARROWEST: usize = 12;
        *first = first.saturating_sub(total.saturating_sub(available)).max(NARROWEST.min(*first));
    }
    let names: Vec<String> = header.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&names).chain(&rows) {
        let cells =
            row.iter().zip(&widths).zip(header).enumerate().map(|(index, ((cell, width), (_, side)))| {
                let cell = if index == 0 { shorten(cell, *width) } else { cell.clone() };
                let alignment = if *side == Side::Left { Alignment::Left } else { Alignment::Right };
                pad_str(&cell, *width, alignment, None).into_owned()
            });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Lays out names and values, one pair a line.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| measure_text_width(name)).max().unwrap_or(0);
    pairs
        .iter()
        .map(|(name, value)| {
            let value = visible(value);
            let name = pad_str(name, width, Alignment::Left, None).into_owned();
            let value = value.replace('\n', &format!("\n{}", " ".repeat(width + 2)));
            format!("{name}  {value}").trim_end().to_owned() + "\n"
        })
        .collect()
}

/// Returns the end of a text, of at most `width` columns.
fn shorten(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let reversed: String = text.chars().rev().collect();
    truncate_str(&reversed, width, "…").chars().rev().collect()
}
