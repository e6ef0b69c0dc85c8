//! Moments in time.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use thiserror::Error;

/// A moment in UTC to the microsecond, the precision that every backend can store. Written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// The moment is outside the years 1 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a moment in the years 1 to 9999")]
pub struct TimestampError;

impl Timestamp {
    /// The last moment of the year 9999.
    pub const MAX: Self = match DateTime::from_timestamp_micros(253_402_300_799_999_999) {
        Some(moment) => Self(moment),
        None => panic!("chrono knows the year 9999"),
    };

    /// Takes microseconds since 1970-01-01T00:00:00Z. Fails outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        match DateTime::from_timestamp_micros(micros) {
            Some(moment) if (1..=9999).contains(&moment.year()) => Ok(Self(moment)),
            _ => Err(TimestampError),
        }
    }

    /// Cuts off fractions of a microsecond. Fails outside the years 1 to 9999.
    pub fn from_datetime(moment: DateTime<Utc>) -> Result<Self, TimestampError> {
        Self::from_micros(moment.timestamp_micros())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The moment as chrono's type.
    pub const fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

#[cfg(test)]
mod tests {
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
    }
}
