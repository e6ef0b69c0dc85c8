//! The port that tells whether requests can be served.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;

/// Tells whether the backend is reachable, fits this program and accepts writes.
///
/// Duties of an implementation:
/// - It answers about the present, not from a cache, and within its own time-out.
/// - It checks the schema by the same rule as at the start of the service.
/// - It tries what a write needs, and leaves nothing behind. The result of this trial may be reused for one second,
///   so that many callers cost no more than one.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// Succeeds when the database is reachable, its schema fits, and it accepts writes.
    async fn check(&self) -> Result<(), NotReady>;
}

/// Why requests cannot be served.
#[derive(Debug, Clone, Error)]
pub enum NotReady {
    /// Migrations that this program needs have not been run.
    #[error("the database lacks the migrations {}", .0.join(", "))]
    Behind(Vec<String>),
    /// A newer release removed something from the schema, so this program's statements may fail.
    #[error("the database was contracted by a newer release: {}", .0.join(", "))]
    Ahead(Vec<String>),
    /// The database does not answer, or refuses writes.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
