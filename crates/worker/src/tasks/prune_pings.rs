//! Deletes old pings; the time that they proved stays. Waiting and buried pings stay, too.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use super::before;
use crate::task::{Task, TaskError};

/// Deletes pings that are older than `kept`.
pub struct PrunePings {
    /// The port that deletes them.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// How long they are kept.
    pub kept: Duration,
}

#[async_trait]
impl Task for PrunePings {
    fn name(&self) -> &'static str {
        "prune_pings"
    }

    async fn run(&self, now: Timestamp) -> Result<String, TaskError> {
        let deleted = self.housekeeping.prune_pings(before(now, self.kept)?).await?;
        Ok(format!("deleted {deleted} pings"))
    }
}
