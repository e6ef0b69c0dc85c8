//! Deletes old task runs. The latest run of each task stays, because it tells when the next one is due.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use super::before;
use crate::task::{Task, TaskError};

/// Deletes runs of tasks that are older than `kept`.
pub struct PruneTaskRuns {
    /// The port that deletes them.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// How long they are kept.
    pub kept: Duration,
}

#[async_trait]
impl Task for PruneTaskRuns {
    fn name(&self) -> &'static str {
        "prune_task_runs"
    }

    async fn run(&self, now: Timestamp) -> Result<String, TaskError> {
        let deleted = self.housekeeping.prune_task_runs(before(now, self.kept)?).await?;
        Ok(format!("deleted {deleted} runs of tasks"))
    }
}
