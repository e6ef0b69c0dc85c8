//! Task runs and housekeeping.

pub(in crate::sqlite) mod housekeeping;
pub(in crate::sqlite) mod task;
