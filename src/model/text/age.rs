//! Lengths of time as people write them.

use thiserror::Error;

/// A text that is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an age such as `60d`, `8w` or `12h`")]
pub(crate) struct NotAnAge;

/// Returns the seconds that `text` names: a whole number with `h` (hours), `d` (days, as without a letter) or `w`
/// (weeks).
///
/// # Errors
/// If it names none.
pub(crate) fn parse(text: &str) -> Result<i64, NotAnAge> {
    const HOUR: i64 = 3600;
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "h" => HOUR,
        "" | "d" => 24 * HOUR,
        "w" => 7 * 24 * HOUR,
        _ => return Err(NotAnAge),
    };
    let number: i64 = number.parse().map_err(|_| NotAnAge)?;
    number.checked_mul(factor).ok_or(NotAnAge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_days_and_weeks() {
        for (text, seconds) in [("60d", 5_184_000), ("0", 0), ("12h", 43_200), (" 2 w ", 1_209_600)] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
        for text in ["", "d", "-1d", "1.5d", "3 months", "99999999999999999999d", "9223372036854775807w"] {
            assert_eq!(parse(text), Err(NotAnAge), "{text}");
        }
    }
}
