//! Task runs and housekeeping.

pub(in crate::memory) mod housekeeping;
pub(in crate::memory) mod task;
