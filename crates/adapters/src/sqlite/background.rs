//! Tasks' runs, and what is thrown away in time.

pub(in crate::sqlite) mod housekeeping;
pub(in crate::sqlite) mod task;
