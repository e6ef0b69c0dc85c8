//! Task runs and housekeeping.

pub mod housekeeping;
pub mod task;
