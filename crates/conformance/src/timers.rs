//! The suites of timers.

pub mod timer;
