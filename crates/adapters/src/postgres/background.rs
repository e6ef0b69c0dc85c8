//! Task runs and housekeeping.

pub(in crate::postgres) mod housekeeping;
pub(in crate::postgres) mod task;
