//! Spans of time as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

/// A whole number and a unit: `500ms`, `10s`, `2m`, `1h`, `90d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Period(pub(crate) Duration);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number and a unit (`ms`, `s`, `m`, `h`, `d`), such as `500ms` or `10s`")]
pub(crate) struct PeriodError;

/// Milliseconds in each unit. `ms` comes before `m` and `s`, because it ends like `s`.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Period {
    /// As whole seconds, rounded up.
    pub(crate) fn as_secs_up(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (number, millis) =
            UNITS.iter().find_map(|(unit, millis)| Some((text.strip_suffix(unit)?, millis))).ok_or(PeriodError)?;
        // `parse` would also accept a sign.
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PeriodError);
        }
        let number: u64 = number.parse().ok().ok_or(PeriodError)?;
        number.checked_mul(*millis).map(|millis| Self(Duration::from_millis(millis))).ok_or(PeriodError)
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_whole_number_and_a_unit() {
        let millis = |text: &str| text.parse::<Period>().map(|period| period.0.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("0s"), Ok(0));
        assert_eq!(millis("2m"), Ok(120_000));
        assert_eq!(millis("90d"), Ok(90 * 86_400_000));
        for bad in ["", "s", "10", "1.5s", "-1s", "+1s", "10 s", "10x", "99999999999999999999d", "1000000000000000d"] {
            assert_eq!(millis(bad), Err(PeriodError), "{bad}");
        }
    }

    #[test]
    fn whole_seconds_are_rounded_up() {
        assert_eq!("1ms".parse::<Period>().unwrap().as_secs_up(), 1);
        assert_eq!("2s".parse::<Period>().unwrap().as_secs_up(), 2);
    }
}
