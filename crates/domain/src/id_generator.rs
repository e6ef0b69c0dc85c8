//! The port that makes new identifiers.

use uuid::Uuid;

/// Makes identifiers.
///
/// Duties of an implementation: it never returns an id twice, on this instance or any other; and ids sort by the
/// millisecond in which they were made (`UUIDv7`), so that new rows land at the end of an index.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A new id.
    fn generate(&self) -> Uuid;
}
