//! When a token expires, as the command line has it.

use std::str::FromStr;

use chrono::{NaiveTime, TimeDelta};
use stint_domain::values::{DateStamp, Timestamp};
use thiserror::Error;

use crate::settings::Period;

/// A span from now, or the beginning of a day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    In(Period),
    On(DateStamp),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ExpiryError {
    #[error("must be a span such as `90d` or a date such as `2027-01-31`")]
    Form,
    #[error("the token would expire at {0}, which is in the past")]
    Past(Timestamp),
    #[error("the token would expire after the year 9999; omit `--expires` for a token that never expires")]
    TooFar,
}

impl FromStr for Expiry {
    type Err = ExpiryError;

    fn from_str(text: &str) -> Result<Self, ExpiryError> {
        let period = text.parse().map(Self::In);
        period.or_else(|_| text.parse().map(Self::On)).or(Err(ExpiryError::Form))
    }
}

impl Expiry {
    /// The moment of expiry.
    pub(super) fn after(self, now: Timestamp) -> Result<Timestamp, ExpiryError> {
        let moment = match self {
            Self::In(period) => {
                let span = TimeDelta::from_std(period.0).ok();
                span.and_then(|span| now.as_datetime().checked_add_signed(span))
            }
            Self::On(date) => Some(date.as_date().and_time(NaiveTime::MIN).and_utc()),
        };
        let moment = moment.and_then(|moment| Timestamp::from_datetime(moment).ok()).ok_or(ExpiryError::TooFar)?;
        if moment <= now { Err(ExpiryError::Past(moment)) } else { Ok(moment) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T00:00:01Z
    fn after(text: &str) -> Result<String, ExpiryError> {
        let now = Timestamp::from_micros(1_795_132_801_000_000).unwrap();
        text.parse::<Expiry>()?.after(now).map(|moment| moment.to_string())
    }

    #[test]
    fn an_expiry_is_a_span_or_a_day() {
        assert_eq!(after("90d").unwrap(), "2027-02-18T00:00:01.000000Z");
        assert_eq!(after("2026-11-21").unwrap(), "2026-11-21T00:00:00.000000Z");
        assert_eq!(after("soon"), Err(ExpiryError::Form));
        assert_eq!(after("2026-02-30"), Err(ExpiryError::Form));
    }

    #[test]
    fn a_token_that_is_over_before_it_begins_is_refused() {
        assert!(matches!(after("2026-11-20"), Err(ExpiryError::Past(_))));
        assert!(matches!(after("0s"), Err(ExpiryError::Past(_))));
        assert_eq!(after("9999999d"), Err(ExpiryError::TooFar));
        assert_eq!(after("200000000000d"), Err(ExpiryError::TooFar));
    }
}
