//! Where midnight is.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Duration, LocalResult, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use super::{DateStamp, Timestamp};

/// A time zone of the IANA database, such as `Europe/Berlin`; UTC unless told.
///
/// A local day starts at the first moment whose local time is that date's midnight or later, and lasts until the next one
/// starts. So every moment belongs to exactly one day, also where clocks change at midnight; a day has 23 to 25 hours
/// where they change at all, and none at all where a zone left out a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// Text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a time zone of the IANA database, such as Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// The local day that the moment belongs to.
    #[expect(clippy::missing_panics_doc, reason = "it never does: a timestamp has a date")]
    pub fn day_of(self, moment: Timestamp) -> DateStamp {
        let utc = moment.as_datetime();
        let mut date = utc.with_timezone(&self.0).date_naive();
        // Where clocks go back over midnight, local dates repeat.
        while self.start_of(date) > utc {
            match date.pred_opt() {
                Some(earlier) => date = earlier,
                None => break,
            }
        }
        while let Some(later) = date.succ_opt().filter(|later| self.start_of(*later) <= utc) {
            date = later;
        }
        // Only within a day of the first and the last moment there are does a zone lead out of the years.
        DateStamp::new(date).unwrap_or_else(|_out_of_years| {
            DateStamp::new(utc.date_naive()).expect("a timestamp is within the years 1 to 9999")
        })
    }

    /// The days from `from` to `to`, in order, each with the microseconds of that time that belong to it; days with none
    /// are left out.
    pub fn split(self, from: Timestamp, to: Timestamp) -> Vec<(DateStamp, i64)> {
        let (mut parts, mut at) = (Vec::new(), from.as_micros());
        let mut day = self.day_of(from);
        while at < to.as_micros() {
            let next = day.as_date().checked_add_days(Days::new(1)).and_then(|date| DateStamp::new(date).ok());
            let end = next.map_or(i64::MAX, |next| self.start_of(next.as_date()).timestamp_micros());
            let until = end.min(to.as_micros());
            if until > at {
                parts.push((day, until - at));
                at = until;
            }
            match next {
                Some(next) => day = next,
                None => break,
            }
        }
        parts
    }

    /// The moment at which the date starts.
    fn start_of(self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        match self.0.from_local_datetime(&midnight) {
            LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => start.with_timezone(&Utc),
            // Clocks jumped over midnight: the day starts with the jump, which is as far after the midnight that the
            // clocks before it would have shown as it takes them to get there.
            LocalResult::None => {
                let before = (1..=48).find_map(|half_hours| {
                    self.0.from_local_datetime(&(midnight - Duration::minutes(30 * half_hours))).earliest()
                });
                let offset = before.map(|before| before.naive_utc() - before.naive_local()).unwrap_or_default();
                (midnight + offset).and_utc()
            }
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        text.parse().map(Self).or(Err(ZoneError))
    }
}
