//! All tasks, one file each. The scheduler decides when they run, and the binary names their schedules in the
//! settings.
//!
//! Deliberately absent: a task that adds up the time of pings. The ledger updates a day's entry in the transaction
//! that logs its pings, so nothing is left to add up.

mod prune_idempotency_keys;
mod prune_pings;
mod prune_sessions;
mod prune_task_runs;
mod verify_totals;

use std::time::Duration;

use stint_domain::values::Timestamp;

pub use prune_idempotency_keys::PruneIdempotencyKeys;
pub use prune_pings::PrunePings;
pub use prune_sessions::PruneSessions;
pub use prune_task_runs::PruneTaskRuns;
pub use verify_totals::VerifyTotals;

use crate::task::TaskError;

/// The moment `kept` before `now`.
fn before(now: Timestamp, kept: Duration) -> Result<Timestamp, TaskError> {
    let micros = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(micros))
        .map_err(|error| TaskError::lasting(format!("{kept:?} before {now} {error}")))
}

#[cfg(test)]
mod tests;
