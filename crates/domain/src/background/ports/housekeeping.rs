//! Forgetting what nobody needs any more.
#![cfg_attr(
    any(test, feature = "mocks"),
    expect(clippy::struct_field_names, reason = "mockall names a field for each method")
)]

use async_trait::async_trait;

use crate::BackendError;
use crate::values::Timestamp;

/// Deletes what is old, in small pieces, so that nobody waits for it long; each method tells how many rows that were. Who
/// uses meanwhile what is forgotten is answered as if that had been before or after it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Idempotency keys that were first used before this moment.
    async fn prune_idempotency_keys(&self, before: Timestamp) -> Result<u64, BackendError>;

    /// Pings whose time and arrival are before this moment; the time they proved stays. Later pings do not find them as
    /// neighbours, so it is to be longer ago than any ping that may still come.
    async fn prune_pings(&self, before: Timestamp) -> Result<u64, BackendError>;

    /// Runs of tasks that ended before this moment, but for the latest of each task.
    async fn prune_task_runs(&self, before: Timestamp) -> Result<u64, BackendError>;
}
