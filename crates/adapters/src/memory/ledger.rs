//! Jobs, time entries and their totals.

pub(in crate::memory) mod job;
pub(in crate::memory) mod time_entry;
pub(in crate::memory) mod totals;
