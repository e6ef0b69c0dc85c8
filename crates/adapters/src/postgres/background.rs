//! Tasks' runs, and what is thrown away in time.

pub(in crate::postgres) mod housekeeping;
pub(in crate::postgres) mod task;
