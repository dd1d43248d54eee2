//! Numbers with their noun.

/// A number of things, as in `1 package` and `2 packages`.
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let shown = [0, 1, 2].map(|number: usize| count(number, "package"));
        assert_eq!(shown, ["0 packages", "1 package", "2 packages"]);
    }
}
