//! How far apart two pings of one span of work may be.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Whole seconds, 1 to 86,400 (a day). Two pings *less* than this apart belong to one span of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gap(u32);

/// A number of seconds outside 1 to 86,400.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a whole number of seconds from 1 to {}", Gap::MAX)]
pub struct GapError;

impl Gap {
    /// The largest gap: one day.
    pub const MAX: u32 = 86_400;

    /// Takes a number of seconds from 1 to 86,400.
    pub fn new(seconds: i64) -> Result<Self, GapError> {
        match u32::try_from(seconds) {
            Ok(seconds @ 1..=Self::MAX) => Ok(Self(seconds)),
            _ => Err(GapError),
        }
    }

    /// Between 1 and [`Self::MAX`].
    pub const fn as_secs(self) -> u32 {
        self.0
    }

    /// The gap in microseconds, the unit of timestamps.
    pub const fn as_micros(self) -> i64 {
        self.0 as i64 * 1_000_000
    }
}

impl TryFrom<Duration> for Gap {
    type Error = GapError;

    fn try_from(duration: Duration) -> Result<Self, GapError> {
        if duration.subsec_nanos() > 0 {
            return Err(GapError);
        }
        i64::try_from(duration.as_secs()).map_or(Err(GapError), Self::new)
    }
}

impl Default for Gap {
    /// 15 minutes.
    fn default() -> Self {
        Self(900)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}
