//! The journal of starts: one line each.

use std::fmt;

/// One start of Julia through `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// In one word, what was decided: `exact`, `contained`, `stale`, `none`, …
    pub(crate) verdict: String,
    /// Key of the image, or `-`.
    pub(crate) image: String,
    /// Version of Julia.
    pub(crate) julia: String,
    /// The project's folder as path text: no tab and no line end in it.
    pub(crate) project: String,
}

impl fmt::Display for Start {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, verdict, image, julia, project } = self;
        writeln!(formatter, "{time}\t{verdict}\t{image}\t{julia}\t{project}")
    }
}

impl Start {
    /// The start that `line` (without its end) tells of; `None` where a crash or another program left
    /// something else there.
    #[must_use]
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next().map(str::to_owned);
        let start = Self {
            time: next()?.parse().ok()?,
            verdict: next()?,
            image: next()?,
            julia: next()?,
            project: next()?,
        };
        fields.next().is_none().then_some(start)
    }
}

/// Starts counted for one project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Within the last 30 days.
    pub(crate) recent: u64,
    /// The last one, in seconds since 1970.
    pub(crate) last: i64,
}

impl Uses {
    /// Adds a start at `time`, seen from `now`.
    pub(crate) fn add(&mut self, time: i64, now: i64) {
        const THIRTY_DAYS: i64 = 30 * 24 * 3600;
        if now.saturating_sub(time) <= THIRTY_DAYS {
            self.recent += 1;
        }
        self.last = self.last.max(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_rubbish_does_not() {
        let start = Start {
            time: 1_790_000_000,
            verdict: "exact".to_owned(),
            image: "ab12".to_owned(),
            julia: "1.10.4".to_owned(),
            project: "/home/zoë/my project".to_owned(),
        };
        let line = start.to_string();
        assert_eq!(Start::parse(line.trim_end_matches('\n')), Some(start));
        assert_eq!(Start::parse(""), None);
        assert_eq!(Start::parse("17900000"), None);
        assert_eq!(Start::parse("x\ty\tz\tv\tw"), None);
    }

    #[test]
    fn only_the_last_thirty_days_are_recent() {
        let mut uses = Uses::default();
        uses.add(0, 100 * 86_400);
        uses.add(90 * 86_400, 100 * 86_400);
        assert_eq!(uses, Uses { recent: 1, last: 90 * 86_400 });
    }
}
