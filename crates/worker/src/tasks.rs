//! The tasks there are, one file each. When they run is the scheduler's business, and how the binary names their times in
//! settings is its own.
//!
//! Deliberately absent: rolling up the spans of pings. The ledger updates a day's entry in the transaction that logs its
//! pings, so there is nothing left to roll up.

mod prune_idempotency_keys;
mod prune_pings;
mod prune_task_runs;
mod verify_totals;

use std::time::Duration;

use stint_domain::values::Timestamp;

pub use prune_idempotency_keys::PruneIdempotencyKeys;
pub use prune_pings::PrunePings;
pub use prune_task_runs::PruneTaskRuns;
pub use verify_totals::VerifyTotals;

use crate::task::TaskError;

/// The moment so long before `now`.
fn before(now: Timestamp, kept: Duration) -> Result<Timestamp, TaskError> {
    let micros = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
        .map_err(|error| TaskError::lasting(format!("{kept:?} before {now} {error}")))
}

#[cfg(test)]
mod tests;
