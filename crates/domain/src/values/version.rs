//! Versions of jobs and entries.

use std::fmt;

use thiserror::Error;

use super::Timestamp;

/// A number that grows with every change of one job or entry, also of a job's total.
///
/// The first version is the microsecond of creation. So when an id is deleted and created again, no old version
/// stands for a new state, as long as the clock does not go back between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

/// The version is negative or no number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be a version number")]
pub struct VersionError;

impl Version {
    /// Fails when `version` is negative.
    pub fn new(version: i64) -> Result<Self, VersionError> {
        if version >= 0 { Ok(Self(version)) } else { Err(VersionError) }
    }

    /// The first version of a job or entry that is created at `moment`.
    pub fn initial(moment: Timestamp) -> Self {
        Self(moment.as_micros().max(0))
    }

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Never negative.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
