//! How long a timer ran, as somebody says it.

use std::fmt;

use thiserror::Error;

/// The minutes that a timer ran: 1 to 527,040, which are 366 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerMinutes(u32);

/// A number of minutes outside 1 to 527,040.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number from {} to {}", TimerMinutes::MIN, TimerMinutes::MAX)]
pub struct TimerMinutesError;

impl TimerMinutes {
    /// The shortest time that is logged.
    pub const MIN: u32 = 1;
    /// 366 days.
    pub const MAX: u32 = 366 * 24 * 60;

    /// Fails outside 1 to 527,040.
    pub fn new(minutes: i64) -> Result<Self, TimerMinutesError> {
        match u32::try_from(minutes) {
            Ok(minutes @ Self::MIN..=Self::MAX) => Ok(Self(minutes)),
            _ => Err(TimerMinutesError),
        }
    }

    /// Between [`Self::MIN`] and [`Self::MAX`].
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TimerMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_a_minute_to_366_days_are_the_length_of_a_timer() {
        for (minutes, fits) in
            [(-1, false), (0, false), (1, true), (527_040, true), (527_041, false), (i64::MAX, false)]
        {
            assert_eq!(TimerMinutes::new(minutes).is_ok(), fits, "{minutes}");
        }
    }
}
