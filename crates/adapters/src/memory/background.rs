//! Tasks' runs, and what is thrown away in time.

pub(in crate::memory) mod housekeeping;
pub(in crate::memory) mod task;
