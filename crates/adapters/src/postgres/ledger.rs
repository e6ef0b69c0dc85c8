//! Jobs, time entries and their totals.

pub(in crate::postgres) mod find;
pub(in crate::postgres) mod group;
pub(in crate::postgres) mod idempotency;
pub(in crate::postgres) mod job;
pub(in crate::postgres) mod rows;
pub(in crate::postgres) mod time_entry;
pub(in crate::postgres) mod totals;
