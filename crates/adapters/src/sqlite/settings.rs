//! How SQLite is used. What an operator decides has no default here: that is one of the settings'.

use std::path::PathBuf;
use std::time::Duration;

use crate::turns::QueueLimits;

/// Where the ledger is, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// The file, on a local disk. A relative path starts at the working directory.
    pub path: PathBuf,
    /// How many connections read at a time, at least 1. One more writes.
    pub readers: u32,
    /// How long a write waits for a write of another process.
    pub busy_timeout: Duration,
    /// How long a health check may take, such as [`Self::HEALTH_TIMEOUT`].
    pub health_timeout: Duration,
    /// How many callers may wait for a connection, and how long.
    pub queue: QueueLimits,
}

impl SqliteSettings {
    /// How long a health check may take, where nobody has a reason for another time.
    pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
}
