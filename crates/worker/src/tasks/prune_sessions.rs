//! Deletes sessions and links some time after their end. Other tokens stay, so that their use can be traced.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use super::before;
use crate::task::{Task, TaskError};

/// Deletes sessions and links that ended longer than `kept` ago.
pub struct PruneSessions {
    /// The port that deletes them.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// How long they are kept.
    pub kept: Duration,
}

#[async_trait]
impl Task for PruneSessions {
    fn name(&self) -> &'static str {
        "prune_sessions"
    }

    async fn run(&self, now: Timestamp) -> Result<String, TaskError> {
        let deleted = self.housekeeping.prune_sessions(before(now, self.kept)?).await?;
        Ok(format!("deleted {deleted} sessions and links"))
    }
}
