//! The timer: when it may start, when it ends, and the time that it then logs.

use std::time::Duration;

use thiserror::Error;

use super::TimerMinutes;
use crate::ledger::{Minutes, WorkSummary};
use crate::values::{DateStamp, JobId, PersonId, TimerId, Timestamp, Version, Zone};

const MINUTE: i64 = 60_000_000;

/// What a person is doing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Identifies the timer, also after its end.
    pub id: TimerId,
    /// Who is doing it.
    pub person: PersonId,
    /// The job that gets the time.
    pub related_job: JobId,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// Since when.
    pub started_at: Timestamp,
    /// Grows with every change.
    pub version: Version,
}

/// How a person tells when the work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimerEnd {
    /// It ends now.
    #[default]
    Now,
    /// It ended at this moment.
    At(Timestamp),
    /// It lasted so many minutes.
    After(TimerMinutes),
}

/// Why a moment is no start of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StartedAtError {
    /// It lies ahead.
    #[error("must not be in the future, after {0}")]
    Future(Timestamp),
    /// It lies too far back.
    #[error("must be within the last 365 days")]
    Old,
}

/// Why a timer does not end as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimerEndError {
    /// It has run for more than 24 hours, so somebody has to tell when the work ended.
    #[error("the timer has run for more than 24 hours, since {0}; tell when the work ended by `at` or `minutes`")]
    Untold(Timestamp),
    /// The end is before the start.
    #[error("must not be before the start of the timer, {0}")]
    BeforeStart(Timestamp),
    /// The end lies ahead.
    #[error("must not be in the future, after {0}")]
    Future(Timestamp),
    /// The end is more than 366 days after the start.
    #[error("must be within 366 days after the start of the timer, before {0}")]
    Late(Timestamp),
    /// There were fewer minutes since the start.
    #[error("must be at most {0}, the minutes since the start of the timer")]
    More(i64),
}

/// The time that a stopped timer logs on one day: an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The local day of the person.
    pub date_stamp: DateStamp,
    /// The minutes on that day.
    pub minutes: Minutes,
}

impl Timer {
    /// A timer that has run for longer only stops when somebody tells when the work ended.
    pub const STOPS_UNTOLD_WITHIN: Duration = Duration::from_hours(24);
    /// How far back a timer may start.
    pub const STARTS_WITHIN: Duration = Duration::from_hours(365 * 24);
    /// How long a timer may have run.
    pub const LONGEST: Duration = Duration::from_hours(366 * 24);
    /// A moment that is so far ahead counts as now: clocks differ.
    pub const AHEAD: Duration = Duration::from_mins(1);

    /// The start of a timer, unless what was told is in the future or long ago.
    pub fn start(told: Timestamp, now: Timestamp) -> Result<Timestamp, StartedAtError> {
        match past(told, now) {
            None => Err(StartedAtError::Future(now)),
            Some(start) if start.later(Self::STARTS_WITHIN) < now => Err(StartedAtError::Old),
            Some(start) => Ok(start),
        }
    }

    /// The moment when the timer ends, as told.
    pub fn end(&self, told: TimerEnd, now: Timestamp) -> Result<Timestamp, TimerEndError> {
        let since = now.as_micros() - self.started_at.as_micros();
        match told {
            TimerEnd::Now if now > self.started_at.later(Self::STOPS_UNTOLD_WITHIN) => {
                Err(TimerEndError::Untold(self.started_at))
            }
            // A clock that was set back is no reason not to stop.
            TimerEnd::Now => Ok(now.max(self.started_at)),
            TimerEnd::At(at) => {
                let latest = self.started_at.later(Self::LONGEST);
                match past(at, now) {
                    None => Err(TimerEndError::Future(now)),
                    Some(at) if at < self.started_at => Err(TimerEndError::BeforeStart(self.started_at)),
                    Some(at) if at > latest => Err(TimerEndError::Late(latest)),
                    Some(at) => Ok(at),
                }
            }
            TimerEnd::After(minutes) => {
                // A minute that has begun may be told.
                let most = since.max(0).div_euclid(MINUTE) + 1;
                if i64::from(minutes.get()) > most {
                    return Err(TimerEndError::More(most));
                }
                Ok(self.started_at.later(Duration::from_secs(u64::from(minutes.get()) * 60)))
            }
        }
    }

    /// The time from the start until this moment, as entries: one per local day, in order, and a second one for what
    /// exceeds 1440 minutes on a long day. The time is rounded once, half up, and the parts sum to the whole. Below
    /// half a minute there are none.
    pub fn parts(&self, until: Timestamp, zone: Zone) -> Vec<Part> {
        let (mut parts, mut micros, mut before) = (Vec::new(), 0, 0);
        for (date_stamp, share) in zone.split(self.started_at, until) {
            micros += share;
            let minutes = half_up(micros);
            parts.extend(entries_of(minutes - before).map(|minutes| Part { date_stamp, minutes }));
            before = minutes;
        }
        parts
    }
}

/// The moment, or now if it is a little ahead.
fn past(moment: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (moment <= now.later(Timer::AHEAD)).then(|| moment.min(now))
}

/// Whole minutes.
fn half_up(micros: i64) -> i64 {
    (micros + MINUTE / 2).div_euclid(MINUTE)
}

/// The minutes of a day, as many to an entry as it can have.
fn entries_of(minutes: i64) -> impl Iterator<Item = Minutes> {
    let longest = i64::from(Minutes::MAX);
    (0..).map_while(move |before| Minutes::new((minutes - before * longest).min(longest)).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::from_datetime(text.parse().unwrap()).unwrap()
    }

    fn timer(started_at: Timestamp) -> Timer {
        Timer {
            id: TimerId::new(Uuid::from_u128(1)),
            person: PersonId::new(Uuid::from_u128(2)),
            related_job: JobId::new(Uuid::from_u128(3)),
            work_summary: WorkSummary::default(),
            started_at,
            version: Version::initial(started_at),
        }
    }

    fn parts(from: &str, to: &str, zone: &str) -> Vec<(String, u16)> {
        let parts = timer(moment(from)).parts(moment(to), zone.parse().unwrap());
        parts.into_iter().map(|part| (part.date_stamp.to_string(), part.minutes.get())).collect()
    }

    fn day(date: &str, minutes: u16) -> (String, u16) {
        (date.to_owned(), minutes)
    }

    #[test]
    fn time_is_rounded_once_half_up() {
        let until = |end: &str| parts("2026-03-02T09:00:00Z", end, "UTC");
        assert_eq!(until("2026-03-02T09:00:29.999999Z"), []);
        assert_eq!(until("2026-03-02T09:00:30Z"), [day("2026-03-02", 1)]);
        assert_eq!(until("2026-03-02T10:29:29Z"), [day("2026-03-02", 89)]);
        assert_eq!(until("2026-03-02T10:29:30Z"), [day("2026-03-02", 90)]);
    }

    /// Twenty seconds on the one side and twenty on the other are one minute.
    #[test]
    fn over_midnight_the_parts_sum_to_the_rounded_whole() {
        let over = parts("2026-03-02T22:59:40Z", "2026-03-02T23:00:20Z", "Europe/Berlin");
        assert_eq!(over, [day("2026-03-03", 1)]);
        let over = parts("2026-03-02T21:30:00Z", "2026-03-03T00:15:00Z", "Europe/Berlin");
        assert_eq!(over, [day("2026-03-02", 90), day("2026-03-03", 75)]);
    }

    #[test]
    fn a_day_has_as_many_minutes_as_its_zone_gives_it() {
        // Clocks go forward on 29 March and back on 25 October.
        let short = parts("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "Europe/Berlin");
        assert_eq!(short, [day("2026-03-29", 23 * 60)]);
        let long = parts("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Berlin");
        assert_eq!(long, [day("2026-10-25", 1440), day("2026-10-25", 60)]);
    }

    #[test]
    fn a_timer_starts_within_a_year_and_not_ahead() {
        let now = moment("2026-03-02T09:00:00Z");
        for (told, start) in [
            ("2026-03-02T08:00:00Z", Ok(moment("2026-03-02T08:00:00Z"))),
            ("2026-03-02T09:01:00Z", Ok(now)),
            ("2026-03-02T09:01:00.000001Z", Err(StartedAtError::Future(now))),
            ("2025-03-02T09:00:00Z", Ok(moment("2025-03-02T09:00:00Z"))),
            ("2025-03-02T08:59:59.999999Z", Err(StartedAtError::Old)),
        ] {
            assert_eq!(Timer::start(moment(told), now), start, "{told}");
        }
    }

    #[test]
    fn a_timer_ends_between_its_start_and_now() {
        let (start, now) = (moment("2026-03-02T09:00:00Z"), moment("2026-03-02T11:30:10Z"));
        let end = |told| timer(start).end(told, now);
        let after = |minutes| TimerEnd::After(TimerMinutes::new(minutes).unwrap());
        assert_eq!(end(TimerEnd::Now), Ok(now));
        assert_eq!(end(TimerEnd::At(start)), Ok(start));
        assert_eq!(end(TimerEnd::At(moment("2026-03-02T11:31:10Z"))), Ok(now));
        assert_eq!(end(TimerEnd::At(moment("2026-03-02T11:31:11Z"))), Err(TimerEndError::Future(now)));
        let before = moment("2026-03-02T08:59:59Z");
        assert_eq!(end(TimerEnd::At(before)), Err(TimerEndError::BeforeStart(start)));
        assert_eq!(end(after(90)), Ok(moment("2026-03-02T10:30:00Z")));
        assert_eq!(end(after(151)), Ok(moment("2026-03-02T11:31:00Z")));
        assert_eq!(end(after(152)), Err(TimerEndError::More(151)));
        assert_eq!(timer(now).end(TimerEnd::Now, start), Ok(now));
    }

    #[test]
    fn after_a_day_somebody_has_to_tell_the_end() {
        let start = moment("2026-03-02T09:00:00Z");
        let end = |told, now: &str| timer(start).end(told, moment(now));
        let (day, later) = ("2026-03-03T09:00:00Z", "2026-03-03T09:00:00.000001Z");
        assert_eq!(end(TimerEnd::Now, day), Ok(moment(day)));
        assert_eq!(end(TimerEnd::Now, later), Err(TimerEndError::Untold(start)));
        assert_eq!(end(TimerEnd::At(moment(later)), later), Ok(moment(later)));
        let last = moment("2027-03-03T09:00:00Z");
        assert_eq!(end(TimerEnd::At(last), "2028-01-01T00:00:00Z"), Ok(last));
        let after = moment("2027-03-03T09:00:01Z");
        assert_eq!(end(TimerEnd::At(after), "2028-01-01T00:00:00Z"), Err(TimerEndError::Late(last)));
    }

    proptest! {
        /// In five zones, over midnights and changes of clocks.
        #[test]
        fn the_parts_sum_to_the_whole_in_order(
            start in 1_735_700_000_000_000i64..1_800_000_000_000_000,
            lasts in prop_oneof![0i64..200_000_000, 0i64..200_000_000_000, 0i64..31_622_400_000_000],
            zone in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
            ]),
        ) {
            let zone: Zone = zone.parse().unwrap();
            let (from, to) = (Timestamp::from_micros(start).unwrap(), Timestamp::from_micros(start + lasts).unwrap());
            let parts = timer(from).parts(to, zone);
            let sum: i64 = parts.iter().map(|part| i64::from(part.minutes.get())).sum();
            prop_assert_eq!(sum, half_up(lasts));
            prop_assert!(parts.iter().map(|part| part.date_stamp).is_sorted());
            prop_assert!(parts.first().is_none_or(|part| part.date_stamp >= zone.day_of(from)));
            prop_assert!(parts.last().is_none_or(|part| part.date_stamp <= zone.day_of(to)));
        }
    }
}
