//! Timers.

mod timer;
