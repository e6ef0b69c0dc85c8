//! What goes on without anybody asking: tasks by the clock, and housekeeping.

pub mod ports;
pub mod services;
