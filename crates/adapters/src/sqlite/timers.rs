//! Timers.

mod rows;
mod timer;
