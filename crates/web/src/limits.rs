//! How much one request may take.

use std::time::Duration;

/// How much one request may take. The server has limits of its own for what comes before, such as the time for a
/// request's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a body, except a batch.
    pub body_bytes: usize,
    /// The most bytes of a batch's body.
    pub batch_bytes: usize,
    /// The most time from the end of a request's head to its answer, its body included.
    pub request_timeout: Duration,
}

impl Default for Limits {
    /// 1 MiB, 16 MiB, 10 seconds.
    fn default() -> Self {
        Self { body_bytes: 1 << 20, batch_bytes: 16 << 20, request_timeout: Duration::from_secs(10) }
    }
}
