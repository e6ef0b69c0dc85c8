//! Moments in time.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Timelike, Utc};
use thiserror::Error;

use super::date_stamp::{put_date, put_digits};

/// A moment in UTC to the microsecond, the precision that every backend can store. Written as RFC 3339. It is kept as
/// microseconds, because most moments are only read, compared and sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The moment is outside the years 1 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a moment in the years 1 to 9999")]
pub struct TimestampError;

impl Timestamp {
    /// The last moment of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// The first moment of the year 1.
    const MIN: Self = Self(-62_135_596_800_000_000);

    /// Takes microseconds since 1970-01-01T00:00:00Z. Fails outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) { Ok(Self(micros)) } else { Err(TimestampError) }
    }

    /// Cuts off fractions of a microsecond. Fails outside the years 1 to 9999.
    pub fn from_datetime(moment: DateTime<Utc>) -> Result<Self, TimestampError> {
        Self::from_micros(moment.timestamp_micros())
    }

    /// The moment that is so much later, or the last one there is.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros)).unwrap_or(Self::MAX)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The moment as chrono's type.
    pub const fn as_datetime(self) -> DateTime<Utc> {
        match DateTime::from_timestamp_micros(self.0) {
            Some(moment) => moment,
            // Never: chrono knows the years 1 to 9999.
            None => DateTime::UNIX_EPOCH,
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.as_datetime();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put_date(moment.date_naive(), &mut text);
        put_digits(moment.hour(), &mut text[11..13]);
        put_digits(moment.minute(), &mut text[14..16]);
        put_digits(moment.second(), &mut text[17..19]);
        put_digits(moment.timestamp_subsec_micros(), &mut text[20..26]);
        f.write_str(str::from_utf8(&text).map_err(|_not_ascii| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;

    #[test]
    fn a_timestamp_is_written_with_microseconds() {
        let written = |micros| Timestamp::from_micros(micros).unwrap().to_string();
        assert_eq!(written(1_700_000_000_000_001), "2023-11-14T22:13:20.000001Z");
        assert_eq!(written(FIRST), "0001-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::MAX.as_micros(), LAST);
        assert_eq!(written(LAST), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_micros(FIRST - 1), Err(TimestampError));
        assert_eq!(Timestamp::from_micros(LAST + 1), Err(TimestampError));
    }

    proptest! {
        #[test]
        fn every_timestamp_is_a_datetime(micros in FIRST..=LAST) {
            let moment = Timestamp::from_micros(micros).unwrap();
            prop_assert_eq!(moment.as_micros(), micros);
            prop_assert_eq!(Timestamp::from_datetime(moment.as_datetime()), Ok(moment));
        }

        #[test]
        fn every_timestamp_is_written_as_rfc_3339(micros in FIRST..=LAST) {
            let moment = Timestamp::from_micros(micros).unwrap();
            prop_assert_eq!(moment.to_string(), moment.as_datetime().to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }
}
