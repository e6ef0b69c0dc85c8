//! Whether requests can be served.

use async_trait::async_trait;
use thiserror::Error;

use super::BackendError;

/// Tells whether the backend is there and fits this program.
///
/// An implementation owes: an answer about the present, not a cached one, within its own time-out; the same rule for
/// the schema here as at the start of the service.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// Passes when the database is reachable and its schema fits.
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
    /// The database does not answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
