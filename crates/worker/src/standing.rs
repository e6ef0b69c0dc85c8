//! Whether a service that background work needs can be reached. It logs one line when that changes, and none per try.

use std::sync::atomic::{AtomicU32, Ordering};

use stint_domain::BackendError;

use crate::reason::reason;

/// Whether one service can be reached.
#[derive(Debug)]
pub(crate) struct Standing {
    what: &'static str,
    failures: AtomicU32,
}

impl Standing {
    pub(crate) const fn of(what: &'static str) -> Self {
        Self { what, failures: AtomicU32::new(0) }
    }

    /// Notes a failure. Returns the number of failures in a row.
    pub(crate) fn failed(&self, error: &BackendError) -> u32 {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before == 0 {
            tracing::warn!(what = self.what, reason = reason(error), "out of reach, trying again");
        }
        before.saturating_add(1)
    }

    /// Notes a success.
    pub(crate) fn works(&self) {
        let failures = self.failures.swap(0, Ordering::Relaxed);
        if failures > 0 {
            tracing::info!(what = self.what, failures, "back again");
        }
    }
}
