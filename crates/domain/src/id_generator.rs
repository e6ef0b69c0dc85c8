//! New identifiers.

use uuid::Uuid;

/// Makes identifiers.
///
/// An implementation owes: an id that was never handed out before, here or by any other instance; later ids sort after
/// earlier ones, to the millisecond (`UUIDv7`), so that new rows land at the end of an index.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A new id.
    fn generate(&self) -> Uuid;
}
