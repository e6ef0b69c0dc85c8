//! Whether requests can be served.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;

/// Tells whether the backend is there, fits this program, and would take a write.
///
/// An implementation owes: an answer about the present, not a cached one, within its own time-out; the same rule for
/// the schema here as at the start of the service; and a trial of what a write needs, which leaves nothing behind. The
/// outcome of that trial may stand for a second, so that many who ask cost no more than one.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// Passes when the database is reachable, its schema fits, and it can be written.
    async fn check(&self) -> Result<(), NotReady>;
}

/// Why requests cannot be served.
#[derive(Debug, Clone, Error)]
pub enum NotReady {
    /// Migrations that this program needs have not been run.
    #[error("the database lacks the migrations {}", .0.join(", "))]
    Behind(Vec<String>),
    /// The database was contracted by a newer release, so this program's statements may fail on it.
    #[error("the database was contracted by a newer release: {}", .0.join(", "))]
    Ahead(Vec<String>),
    /// The database does not answer, or cannot be written.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
