//! Jobs, time entries, and many entries at once.

pub(in crate::api) mod batch;
pub(in crate::api) mod jobs;
pub(in crate::api) mod time_entries;
