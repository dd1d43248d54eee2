//! Lengths of time, and moments.

/// A length of time in seconds, as people read it: `12 s`, `3.4 min`, `2.1 h`.
pub(crate) fn time(seconds: f64) -> String {
    // Values that round to zero, and the sum of no numbers, which is a negative zero, are printed without a sign.
    let seconds = if seconds.abs() < 0.5 { 0.0 } else { seconds };
    if seconds.abs() < 99.5 {
        format!("{seconds:.0} s")
    } else if seconds.abs() < 99.5 * 60.0 {
        format!("{:.1} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

/// Seconds with one digit; a value that rounds to zero has no sign.
pub(crate) fn seconds(value: f64) -> String {
    let value = if value.abs() < 0.05 { 0.0 } else { value };
    format!("{value:.1} s")
}

/// A moment, in seconds since 1970, as people read it.
pub(crate) fn date(time: i64) -> String {
    jiff::Timestamp::from_second(time).map(|time| time.strftime("%F %R UTC").to_string()).unwrap_or_default()
}

/// A length of time in whole days, as in a table: `today`, `3 d`, `5 w`, `2 y`.
pub(crate) fn age(seconds: i64) -> String {
    match seconds / 86_400 {
        0 => "today".to_owned(),
        days @ 1..=20 => format!("{days} d"),
        days @ 21..=729 => format!("{} w", days / 7),
        days => format!("{} y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_sign() {
        let none: f64 = [0.0; 0].iter().sum();
        for seconds in [0.0, -0.0, none, 0.4, -0.4] {
            assert_eq!(time(seconds), "0 s");
        }
        assert_eq!((time(-0.6), time(12.3), time(-200.0)), ("-1 s".into(), "12 s".into(), "-3.3 min".into()));
    }
}
