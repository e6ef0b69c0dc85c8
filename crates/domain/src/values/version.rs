//! Which state of a job or an entry is meant.

use std::fmt;

use thiserror::Error;

use super::Timestamp;

/// A number that grows with every change of one job or entry, its total included.
///
/// It starts at the microsecond of creation, so that an id that is deleted and created again never shows an old version
/// for a new state (as long as the clock does not run backwards between the two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

/// A version that is negative or no number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a version number")]
pub struct VersionError;

impl Version {
    /// Takes a number that is not negative.
    pub fn new(version: i64) -> Result<Self, VersionError> {
        if version >= 0 { Ok(Self(version)) } else { Err(VersionError) }
    }

    /// The version of something created at `moment`.
    pub fn initial(moment: Timestamp) -> Self {
        Self(moment.as_micros().max(0))
    }

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
