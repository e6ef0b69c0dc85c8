//! The port that deletes what is no longer needed.
#![cfg_attr(
    any(test, feature = "mocks"),
    expect(clippy::struct_field_names, reason = "mockall names a field for each method")
)]

use async_trait::async_trait;

use crate::BackendError;
use crate::values::Timestamp;

/// Deletes old rows in small steps, so that no other caller waits long. Each method returns the number of deleted
/// rows. A call that races with a deletion is answered as if it came before or after it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Deletes idempotency keys that were first used before this moment.
    async fn prune_idempotency_keys(&self, before: Timestamp) -> Result<u64, BackendError>;

    /// Deletes pings whose time and arrival are both before this moment; the time that they proved stays. Later pings
    /// no longer find deleted ones as neighbours, so choose a moment older than any ping that may still come.
    async fn prune_pings(&self, before: Timestamp) -> Result<u64, BackendError>;

    /// Deletes task runs that ended before this moment, except the latest run of each task.
    async fn prune_task_runs(&self, before: Timestamp) -> Result<u64, BackendError>;

    /// Deletes sessions and invitations that ended before this moment, because they were revoked or expired. Other tokens
    /// stay for ever.
    async fn prune_sessions(&self, before: Timestamp) -> Result<u64, BackendError>;
}
