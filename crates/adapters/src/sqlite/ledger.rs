//! Jobs, time entries and their totals.

pub(in crate::sqlite) mod group;
pub(in crate::sqlite) mod idempotency;
pub(in crate::sqlite) mod job;
pub(in crate::sqlite) mod rows;
pub(in crate::sqlite) mod time_entry;
pub(in crate::sqlite) mod totals;
