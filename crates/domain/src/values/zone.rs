//! Time zones: when a local day starts and ends.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use super::{DateStamp, Timestamp};

/// A time zone of the IANA database, such as `Europe/Berlin`; UTC by default.
///
/// A local day starts at the first moment whose local time is midnight of that date or later, and lasts until the
/// next day starts. So every moment belongs to exactly one day, even where clocks change at midnight. On a day of a
/// clock change a day may have 23 or 25 hours; a date that a zone left out has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// The text is no name of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a time zone of the IANA database, such as Europe/Berlin")]
pub struct ZoneError;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone's name in the IANA database.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// The local day to which the moment belongs.
    pub fn day_of(self, moment: Timestamp) -> DateStamp {
        let utc = moment.as_datetime();
        let mut date = utc.with_timezone(&self.0).date_naive();
        // Where clocks go back over midnight, a local date comes twice.
        while self.start_of(date) > utc {
            match date.pred_opt() {
                Some(earlier) => date = earlier,
                None => break,
            }
        }
        while let Some(later) = date.succ_opt().filter(|later| self.start_of(*later) <= utc) {
            date = later;
        }
        // Within a day of the first and the last moment, the local date may be outside the years 1 to 9999.
        DateStamp::nearest(date)
    }

    /// Splits the time from `from` to `to` into local days, in order, each with its share in microseconds. Days
    /// without a share are left out.
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

    /// The first moment and the last second of the local day.
    pub fn bounds_of(self, day: DateStamp) -> (Timestamp, Timestamp) {
        let start = self.start_of(day.as_date());
        let next = day.as_date().succ_opt().map_or(start, |next| self.start_of(next));
        // Within a day of the first and the last moment, one end may be outside the years 1 to 9999; then the other
        // end stands for both.
        let start = Timestamp::from_datetime(start).unwrap_or(Timestamp::MAX);
        (start, Timestamp::from_datetime(next - TimeDelta::seconds(1)).unwrap_or(start))
    }

    /// The moment when the local day starts.
    fn start_of(self, date: NaiveDate) -> DateTime<Utc> {
        match self.0.from_local_datetime(&date.and_time(NaiveTime::MIN)) {
            LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => start.with_timezone(&Utc),
            LocalResult::None => self.jump_to(date),
        }
    }

    /// The moment when clocks jumped over the date's midnight, or over the whole date.
    fn jump_to(self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN).and_utc();
        let is_later = |moment: DateTime<Utc>| moment.with_timezone(&self.0).date_naive() >= date;
        // No zone is a whole day or more from UTC.
        let (mut before, mut after) = (midnight - TimeDelta::days(1), midnight + TimeDelta::days(1));
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if is_later(middle) {
                after = middle;
            } else {
                before = middle;
            }
        }
        after
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn moment(text: &str) -> Timestamp {
        Timestamp::from_datetime(text.parse().unwrap()).unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn days(name: &str, from: &str, to: &str) -> Vec<(String, i64)> {
        let parts = zone(name).split(moment(from), moment(to));
        parts.into_iter().map(|(day, micros)| (day.to_string(), micros / MINUTE)).collect()
    }

    fn parts(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
        expected.iter().map(|(day, minutes)| ((*day).to_owned(), *minutes)).collect()
    }

    #[test]
    fn time_is_split_at_local_midnight() {
        let berlin = days("Europe/Berlin", "2026-01-15T22:40:00Z", "2026-01-15T23:10:00Z");
        assert_eq!(berlin, parts(&[("2026-01-15", 20), ("2026-01-16", 10)]));
        assert_eq!(days("UTC", "2026-01-15T22:40:00Z", "2026-01-15T23:10:00Z"), parts(&[("2026-01-15", 30)]));
        assert_eq!(days("UTC", "2026-01-15T22:40:00Z", "2026-01-15T22:40:00Z"), []);
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }

    #[test]
    fn a_day_lasts_from_its_first_moment_through_the_second_before_the_next() {
        let bounds = |name: &str, day: &str| {
            let (start, end) = zone(name).bounds_of(day.parse().unwrap());
            [start.to_string(), end.to_string()]
        };
        let spring = ["2026-03-28T23:00:00.000000Z", "2026-03-29T21:59:59.000000Z"];
        assert_eq!(bounds("Europe/Berlin", "2026-03-29"), spring);
        assert_eq!(bounds("UTC", "0001-01-01")[0], "0001-01-01T00:00:00.000000Z");
        for (name, day) in [("Asia/Tokyo", "0001-01-01"), ("America/New_York", "9999-12-31")] {
            bounds(name, day);
        }
    }

    #[test]
    fn days_on_which_clocks_change_have_23_and_25_hours() {
        let spring = days("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        assert_eq!(spring, parts(&[("2026-03-29", 23 * 60)]));
        let autumn = days("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_eq!(autumn, parts(&[("2026-10-25", 25 * 60)]));
    }

    /// In Beirut clocks jumped from midnight to one. In Toronto they jumped once from half past eleven to half past
    /// midnight. In St. John's they went back at one minute past midnight. Samoa left out a date.
    #[test]
    fn every_moment_has_one_day_where_clocks_change_at_midnight() {
        let beirut = days("Asia/Beirut", "2022-03-26T21:30:00Z", "2022-03-26T22:30:00Z");
        assert_eq!(beirut, parts(&[("2022-03-26", 30), ("2022-03-27", 30)]));
        let toronto = days("America/Toronto", "1919-03-31T04:00:00Z", "1919-03-31T05:00:00Z");
        assert_eq!(toronto, parts(&[("1919-03-30", 30), ("1919-03-31", 30)]));
        let st_johns = days("America/St_Johns", "2009-11-01T02:00:00Z", "2009-11-01T04:00:00Z");
        assert_eq!(st_johns, parts(&[("2009-10-31", 30), ("2009-11-01", 90)]));
        let samoa = days("Pacific/Apia", "2011-12-30T09:30:00Z", "2011-12-30T10:30:00Z");
        assert_eq!(samoa, parts(&[("2011-12-29", 30), ("2011-12-31", 30)]));
    }

    proptest! {
        /// In any zone and for any split, no time is lost or counted twice, and each part belongs to the day of its
        /// first moment.
        #[test]
        fn the_parts_of_a_span_are_the_span(
            at in 0usize..chrono_tz::TZ_VARIANTS.len(), from in -2_000_000_000i64..2_000_000_000, seconds in 0i64..400_000,
            cut in 0i64..400_000,
        ) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[at]);
            let moment = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
            let (start, end, middle) = (moment(from), moment(from + seconds), moment(from + cut.min(seconds)));
            let mut sums = std::collections::BTreeMap::new();
            for (day, micros) in zone.split(start, end) {
                *sums.entry(day).or_insert(0) += micros;
            }
            prop_assert_eq!(sums.values().sum::<i64>(), seconds * 1_000_000);
            let mut in_two = std::collections::BTreeMap::new();
            for (day, micros) in zone.split(start, middle).into_iter().chain(zone.split(middle, end)) {
                *in_two.entry(day).or_insert(0) += micros;
            }
            prop_assert_eq!(&sums, &in_two);
            if let Some((day, _)) = zone.split(start, end).first() {
                prop_assert_eq!(*day, zone.day_of(start));
            }
        }
    }
}
