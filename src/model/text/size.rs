//! Amounts of bytes as people write them.

use thiserror::Error;

/// A text that is no amount of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a size such as `500MB`, `20GB` or `1.5TB`")]
pub(crate) struct NotASize;

/// Returns the bytes that `text` names: a number with `B`, `kB`, `MB`, `GB` or `TB` (thousands), or `KiB`, `MiB`, `GiB`
/// or `TiB` (1024), in any case.
///
/// # Errors
/// If it names none.
pub(crate) fn parse(text: &str) -> Result<u64, NotASize> {
    let text = text.trim();
    let digits =
        text.find(|character: char| !(character.is_ascii_digit() || character == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| NotASize)?;
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(NotASize),
    };
    let bytes = number * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; what is more is the most"
    )]
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_thousands_or_powers_of_two() {
        for (text, bytes) in
            [("20GB", 20_000_000_000), ("1.5 tb", 1_500_000_000_000), ("4KiB", 4096), ("0", 0), ("7k", 7000)]
        {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1GB", "1PB", "1.2.3MB", "nan", "1e3"] {
            assert_eq!(parse(text), Err(NotASize), "{text}");
        }
    }
}
