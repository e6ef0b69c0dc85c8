//! Deletes the outcomes of old idempotency keys. Writes with keys delete a few old ones themselves; this task is for
//! a ledger that gets no more of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use super::before;
use crate::task::{Task, TaskError};

/// Deletes idempotency keys that are older than `kept`.
pub struct PruneIdempotencyKeys {
    /// The port that deletes them.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// How long they are kept.
    pub kept: Duration,
}

#[async_trait]
impl Task for PruneIdempotencyKeys {
    fn name(&self) -> &'static str {
        "prune_idempotency_keys"
    }

    async fn run(&self, now: Timestamp) -> Result<String, TaskError> {
        let deleted = self.housekeeping.prune_idempotency_keys(before(now, self.kept)?).await?;
        Ok(format!("deleted {deleted} idempotency keys"))
    }
}
