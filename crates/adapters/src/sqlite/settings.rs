//! What can be set, and what is in force when it is not.

use std::path::PathBuf;
use std::time::Duration;

use crate::blocking::QueueLimits;

/// Where the ledger is, and how it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteSettings {
    /// The file, on a local disk. A relative path starts at the working directory.
    pub path: PathBuf,
    /// How many connections read at a time, at least 1; 4, unless set. One more writes.
    pub readers: u32,
    /// How long a write waits for one of another process; 5 seconds, unless set.
    pub busy_timeout: Duration,
    /// How many callers may wait for a connection, and how long.
    pub queue: QueueLimits,
}

impl SqliteSettings {
    /// The defaults, for the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 4, busy_timeout: Duration::from_secs(5), queue: QueueLimits::default() }
    }
}
