//! The clock port.

use crate::values::Timestamp;

/// Tells the time.
///
/// Duty of an implementation: the current time in UTC, to the microsecond.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}
