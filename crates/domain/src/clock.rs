//! What time it is.

use crate::values::Timestamp;

/// Tells the time.
///
/// An implementation owes: the present moment in UTC, to the microsecond.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}
