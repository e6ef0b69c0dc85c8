//! The ports that store jobs and time entries, and the audit of totals.

pub mod job;
pub mod time_entry;
pub mod totals;

pub use job::JobRepository;
pub use time_entry::TimeEntryRepository;
pub use totals::TotalsAudit;
#[cfg(any(test, feature = "mocks"))]
pub use {job::MockJobRepository, time_entry::MockTimeEntryRepository, totals::MockTotalsAudit};
