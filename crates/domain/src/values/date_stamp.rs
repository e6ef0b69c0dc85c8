//! The date of an entry.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use thiserror::Error;

/// A date without a time zone, 0001-01-01 to 9999-12-31, written as RFC 3339's `full-date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateStamp(NaiveDate);

/// The text or date is no [`DateStamp`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be an existing date from 0001-01-01 to 9999-12-31, written as YYYY-MM-DD")]
pub struct DateStampError;

impl DateStamp {
    /// Fails outside the years 1 to 9999.
    pub fn new(date: NaiveDate) -> Result<Self, DateStampError> {
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err(DateStampError) }
    }

    /// The date, or the nearest one in the years 1 to 9999.
    pub fn nearest(date: NaiveDate) -> Self {
        const FIRST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("the first date there is");
        const LAST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("the last date there is");
        Self(date.clamp(FIRST, LAST))
    }

    /// The date as chrono's type.
    pub const fn as_date(self) -> NaiveDate {
        self.0
    }

    /// How many days after `earlier` it is; negative when it is before.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// The date `days` before, or 0001-01-01 if that is later.
    #[must_use]
    pub fn minus_days(self, days: u64) -> Self {
        self.0.checked_sub_days(Days::new(days)).map_or_else(|| Self::nearest(NaiveDate::MIN), Self::nearest)
    }

    /// The dates from this one to `last`, both included, in order.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        self.0.iter_days().take_while(move |date| *date <= last.0).map(Self)
    }
}

impl fmt::Display for DateStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"0000-00-00";
        put_date(self.0, &mut text);
        f.write_str(str::from_utf8(&text).map_err(|_not_ascii| fmt::Error)?)
    }
}

/// Writes a date of the years 1 to 9999 over the first ten bytes. Pages are full of dates, and chrono writes them one
/// character at a time.
pub(super) fn put_date(date: NaiveDate, text: &mut [u8]) {
    put_digits(date.year().unsigned_abs(), &mut text[..4]);
    put_digits(date.month(), &mut text[5..7]);
    put_digits(date.day(), &mut text[8..10]);
}

/// Writes a number over the whole place, with leading zeros.
pub(super) fn put_digits(mut number: u32, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl FromStr for DateStamp {
    type Err = DateStampError;

    fn from_str(text: &str) -> Result<Self, DateStampError> {
        // chrono also reads `2026-1-5`; here a date has one spelling only.
        if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(DateStampError);
        }
        text.parse().ok().and_then(|date| Self::new(date).ok()).ok_or(DateStampError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for bad in ["2026-02-29", "0000-01-01", "2026-13-01", "2026-1-01", "+2026-01-1", "2026-01-01T00", "today", ""] {
            assert_eq!(bad.parse::<DateStamp>(), Err(DateStampError), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_over_months_and_to_the_ends_of_time() {
        let day = |text: &str| text.parse::<DateStamp>().unwrap();
        assert_eq!(day("2026-03-01").days_since(day("2026-02-27")), 2);
        assert_eq!(day("2026-02-27").days_since(day("2026-03-01")), -2);
        assert_eq!(day("2026-03-01").minus_days(1), day("2026-02-28"));
        assert_eq!(day("0001-01-02").minus_days(7), day("0001-01-01"));
        let days = |from: &str, to: &str| day(from).through(day(to)).map(|day| day.to_string()).collect::<Vec<_>>();
        assert_eq!(days("2026-02-28", "2026-03-01"), ["2026-02-28", "2026-03-01"]);
        assert_eq!(days("9999-12-31", "9999-12-31"), ["9999-12-31"]);
        assert_eq!(days("2026-03-01", "2026-02-28"), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_date_reads_back_as_written(days in 1i32..=3_652_059) {
            let date = DateStamp::new(NaiveDate::from_num_days_from_ce_opt(days).unwrap()).unwrap();
            prop_assert_eq!(date.to_string().parse(), Ok(date));
        }
    }
}
