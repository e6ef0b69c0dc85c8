//! The log of task runs, and housekeeping.

pub mod housekeeping;
pub mod task;

pub use housekeeping::Housekeeping;
pub use task::TaskLog;
#[cfg(any(test, feature = "mocks"))]
pub use {housekeeping::MockHousekeeping, task::MockTaskLog};
