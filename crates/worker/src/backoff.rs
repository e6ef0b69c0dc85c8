//! How long to wait before something is tried again: twice as long each time, up to a bound. The waits are random
//! within limits, so that two callers that failed together do not try again together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Waits that double, up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The length of the first wait, at most.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

impl Backoff {
    /// How long to wait after `failures` failures in a row, counted from 1: between half of the full wait and the
    /// full wait.
    pub fn after(self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let half = doubled.min(self.most) / 2;
        let random = u32::try_from(RandomState::new().hash_one(failures) % 1_000).unwrap_or_default();
        half + half * random / 1_000
    }
}

impl Default for Backoff {
    /// From 0.2 to 30 seconds: soon enough after a restart, and no burden on a service that is down for long.
    fn default() -> Self {
        Self { first: Duration::from_millis(200), most: Duration::from_secs(30) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };
        for (failures, seconds) in [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (u32::MAX, 10)] {
            let (wait, whole) = (backoff.after(failures), Duration::from_secs(seconds));
            assert!(wait >= whole / 2 && wait <= whole, "{failures}: {wait:?}");
        }
    }
}
