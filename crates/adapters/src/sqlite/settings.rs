//! Settings, and their defaults.

use std::path::PathBuf;
use std::time::Duration;

use crate::blocking::QueueLimits;

/// Where the ledger is, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// The file, on a local disk. A relative path starts at the working directory.
    pub path: PathBuf,
    /// How many connections read at a time, at least 1; by default 4. One more writes.
    pub readers: u32,
    /// How long a write waits for a write of another process; by default 5 seconds.
    pub busy_timeout: Duration,
    /// How long a health check may take; by default 2 seconds.
    pub health_timeout: Duration,
    /// How many callers may wait for a connection, and how long.
    pub queue: QueueLimits,
}

impl SqliteSettings {
    /// The defaults, for the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            health_timeout: Duration::from_secs(2),
            queue: QueueLimits::default(),
        }
    }
}
