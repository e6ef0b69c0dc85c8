//! The log of tasks' runs, and what is thrown away in time.

pub mod housekeeping;
pub mod task;

pub use housekeeping::Housekeeping;
pub use task::TaskLog;
#[cfg(any(test, feature = "mocks"))]
pub use {housekeeping::MockHousekeeping, task::MockTaskLog};
