//! The journal of starts, and the use of a project that follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const DAY: i64 = 24 * 3600;
const WEEK: f64 = 7.0 * 24.0 * 3600.0;

/// A start counts half as much after this many seconds: two weeks.
pub(crate) const HALF_LIFE: f64 = 14.0 * 24.0 * 3600.0;

/// One start of Julia through `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start<'a> {
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// The verdict in one word: `exact`, `contained`, `stale`, `none`, …
    pub(crate) verdict: &'a str,
    /// Key of the image, or `-`.
    pub(crate) image: &'a str,
    /// Version of Julia.
    pub(crate) julia: &'a str,
    /// The project's folder as path text: no tab and no line end in it.
    pub(crate) project: &'a str,
}

impl fmt::Display for Start<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, verdict, image, julia, project } = self;
        writeln!(formatter, "{time}\t{verdict}\t{image}\t{julia}\t{project}")
    }
}

impl<'a> Start<'a> {
    /// Reads the start from `line` (without its end); `None` if a crash or another program left something else there.
    #[must_use]
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
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

/// Several starts in one line, with the last of them in full: the form in which old ones are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Starts<'a> {
    pub(crate) last: Start<'a>,
    pub(crate) count: u64,
}

impl<'a> Starts<'a> {
    /// Reads the starts from `line` (without its end): one, or as many as a sixth field says.
    #[must_use]
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        if let Some(last) = Start::parse(line) {
            return Some(Self { last, count: 1 });
        }
        let (line, count) = line.rsplit_once('\t')?;
        Some(Self { last: Start::parse(line)?, count: count.parse().ok().filter(|count| *count > 0)? })
    }
}

impl fmt::Display for Starts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.last.to_string();
        match self.count {
            1 => formatter.write_str(&line),
            count => writeln!(formatter, "{}\t{count}", line.trim_end_matches('\n')),
        }
    }
}

/// The present time, and how fast use is forgotten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Clock {
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// Seconds after which a start counts half.
    pub(crate) half_life: f64,
}

impl Clock {
    /// The clock of a command, with the usual half-life.
    pub(crate) const fn at(now: i64) -> Self {
        Self { now, half_life: HALF_LIFE }
    }

    /// Returns the age of what happened at `time`. A clock that was set back since leaves times a little ahead of now:
    /// those count as now. A time more than a day ahead was written under a wrong clock, and means nothing.
    fn age(self, time: i64) -> Option<i64> {
        (time <= self.now.saturating_add(DAY)).then(|| self.now.saturating_sub(time).max(0))
    }

    /// Returns the weight of a start of this age: 1 now, ½ after one half-life.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a lifetime are exact in a double")]
    fn weight(self, age: i64) -> f64 {
        (-(age as f64) / self.half_life).exp2()
    }
}

/// Use of one project.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Uses {
    /// Starts within the last 30 days.
    pub(crate) recent: u64,
    /// The last sign of use, in seconds since 1970; 0 if there is none.
    pub(crate) last: i64,
    /// The last start through `run`, likewise.
    pub(crate) last_start: i64,
    /// Starts under each image, by key.
    pub(crate) images: BTreeMap<String, u64>,
    /// Starts, each counted by its age.
    weight: f64,
    /// Days since 1970 with a sign of use.
    days: BTreeSet<i64>,
    /// The day that was added last, since most starts follow one of the same day.
    last_day: Option<i64>,
}

impl Uses {
    /// Adds a start.
    #[cfg(test)]
    pub(crate) fn add(&mut self, start: &Start<'_>, clock: Clock) {
        self.add_all(&Starts { last: *start, count: 1 }, clock);
    }

    /// Adds starts, as if all were as old as the last of them.
    pub(crate) fn add_all(&mut self, starts: &Starts<'_>, clock: Clock) {
        let Starts { last: start, count } = starts;
        let Some(age) = clock.age(start.time) else { return };
        if age <= 30 * DAY {
            self.recent += count;
        }
        if start.image != "-" {
            match self.images.get_mut(start.image) {
                Some(known) => *known += count,
                None => drop(self.images.insert(start.image.to_owned(), *count)),
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of starts is exact in a double")]
        let count = *count as f64;
        self.weight += count * clock.weight(age);
        let time = clock.now - age;
        self.last_start = self.last_start.max(time);
        self.last = self.last.max(time);
        let day = time.div_euclid(DAY);
        if self.last_day != Some(day) {
            self.days.insert(day);
            self.last_day = Some(day);
        }
    }

    /// Adds a sign of use other than a start through `run`: Pkg worked in the project, or its caches were loaded. A day
    /// without any other sign counts as one start. To be called after the starts are added.
    pub(crate) fn add_sign(&mut self, time: i64, clock: Clock) {
        let Some(age) = clock.age(time) else { return };
        let time = clock.now - age;
        self.last = self.last.max(time);
        if self.days.insert(time.div_euclid(DAY)) {
            self.weight += clock.weight(age);
        }
    }

    /// Returns the starts per week at the present rate: the steady use that would weigh as much.
    #[must_use]
    pub(crate) fn per_week(&self, clock: Clock) -> f64 {
        self.weight * WEEK * std::f64::consts::LN_2 / clock.half_life
    }

    /// Returns the starts per week over the days since the first sign of use, today included. For a use that began
    /// lately it is more than [`Uses::per_week`], which counts the days before as days without use.
    #[must_use]
    pub(crate) fn per_week_since_first(&self, clock: Clock) -> f64 {
        let days = self.days_since_first(clock);
        if days == 0 { 0.0 } else { self.per_week(clock) / (1.0 - clock.weight(days.saturating_mul(DAY))) }
    }

    /// Returns the days from the first one with a sign of use to today, both counted; 0 if there is none.
    #[must_use]
    pub(crate) fn days_since_first(&self, clock: Clock) -> i64 {
        let first = self.days.first().copied();
        first.map_or(0, |first| clock.now.div_euclid(DAY).saturating_sub(first).saturating_add(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 20_000 * DAY;

    fn start(time: i64) -> Start<'static> {
        Start { time, verdict: "exact", image: "ab12", julia: "1.10.4", project: "/home/zoë/my project" }
    }

    #[test]
    fn a_line_reads_back_and_rubbish_does_not() {
        let line = start(1_790_000_000).to_string();
        assert_eq!(Start::parse(line.trim_end_matches('\n')), Some(start(1_790_000_000)));
        assert_eq!(Start::parse(""), None);
        assert_eq!(Start::parse("17900000"), None);
        assert_eq!(Start::parse("x\ty\tz\tv\tw"), None);
        assert_eq!(Start::parse("1\ty\tz\tv\tw\tmore"), None);
    }

    #[test]
    fn only_the_last_thirty_days_are_recent() {
        let mut uses = Uses::default();
        uses.add(&start(NOW - 31 * DAY), Clock::at(NOW));
        uses.add(&start(NOW - 30 * DAY), Clock::at(NOW));
        assert_eq!((uses.recent, uses.last, uses.images["ab12"]), (1, NOW - 30 * DAY, 2));
    }

    #[test]
    fn a_start_counts_half_after_the_half_life() {
        let rate = |age: i64, half_life: f64| {
            let mut uses = Uses::default();
            let clock = Clock { now: NOW, half_life };
            uses.add(&start(NOW - age), clock);
            uses.per_week(clock)
        };
        let day = 24.0 * 3600.0;
        assert!((rate(14 * DAY, 14.0 * day) / rate(0, 14.0 * day) - 0.5).abs() < 1e-9);
        assert!((rate(28 * DAY, 14.0 * day) / rate(0, 14.0 * day) - 0.25).abs() < 1e-9);
        assert!((rate(7 * DAY, 7.0 * day) / rate(0, 7.0 * day) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_steady_use_is_told_as_what_it_is() {
        let clock = Clock::at(NOW);
        let mut uses = Uses::default();
        for hour in 0..24 * 365 {
            uses.add(&start(NOW - hour * 3600), clock);
        }
        let rate = uses.per_week(clock);
        assert!((rate - 168.0).abs() < 0.5, "{rate}");
    }

    #[test]
    fn the_rate_of_a_young_use_is_that_of_its_days() {
        let clock = Clock::at(NOW);
        let mut uses = Uses::default();
        assert_eq!((uses.days_since_first(clock), uses.per_week_since_first(clock)), (0, 0.0));
        for minute in 0..19 {
            uses.add(&start(NOW - minute * 60 + 7200), clock);
        }
        // Nineteen starts on the first day.
        assert_eq!(uses.days_since_first(clock), 1);
        let rate = uses.per_week_since_first(clock);
        assert!((rate - 19.0 * 7.0).abs() < 4.0, "{rate}");
        assert!(uses.per_week(clock) < 10.0);
        for day in 0..365 {
            uses.add(&start(NOW - day * DAY), clock);
        }
        assert!((uses.per_week_since_first(clock) - uses.per_week(clock)).abs() < 1e-3);
    }

    #[test]
    fn clocks_that_jump_back_leave_no_use_that_never_ends() {
        let clock = Clock::at(NOW);
        let mut uses = Uses::default();
        uses.add(&start(NOW + 3600), clock);
        assert_eq!((uses.recent, uses.last), (1, NOW));
        uses.add(&start(NOW + 400 * DAY), clock);
        uses.add(&start(i64::MAX), clock);
        uses.add_sign(i64::MAX, clock);
        uses.add(&start(i64::MIN), clock);
        assert_eq!((uses.recent, uses.last), (1, NOW));
        assert!(uses.per_week(clock) < 0.4);
    }

    #[test]
    fn other_signs_count_once_a_day_and_never_beside_a_start() {
        let clock = Clock::at(NOW);
        let mut uses = Uses::default();
        uses.add(&start(NOW), clock);
        let one = uses.per_week(clock);
        for minute in 0..10 {
            uses.add_sign(NOW + minute * 60, clock);
        }
        assert!((uses.per_week(clock) - one).abs() < 1e-12);
        uses.add_sign(NOW - 14 * DAY, clock);
        uses.add_sign(NOW - 14 * DAY + 5, clock);
        assert!((uses.per_week(clock) - 1.5 * one).abs() < 1e-9);
        assert_eq!(uses.recent, 1, "only starts are counted as such");
    }

    proptest! {
        #[test]
        fn any_times_give_a_rate(times in proptest::collection::vec(any::<i64>(), 0..20), now in any::<i64>()) {
            let clock = Clock::at(now.clamp(-1 << 50, 1 << 50));
            let mut uses = Uses::default();
            for time in &times {
                uses.add(&start(*time), clock);
                uses.add_sign(*time, clock);
            }
            prop_assert!(uses.per_week(clock).is_finite() && uses.per_week_since_first(clock).is_finite());
            prop_assert!(uses.last <= clock.now.max(0));
        }

        #[test]
        fn later_use_weighs_more(age in 0_i64..1_000_000_000, less in 0_i64..1_000_000_000) {
            let clock = Clock::at(NOW);
            let rate = |age: i64| {
                let mut uses = Uses::default();
                uses.add(&start(NOW - age), clock);
                uses.per_week(clock)
            };
            prop_assert!(rate(age.min(less)) >= rate(age.max(less)));
        }
    }
}
