//! Timers: what people are doing now.
//!
//! A person has at most one running timer. Stopping it logs the time since its start: one entry per local day of the
//! person, rounded once over the whole. While it runs, nothing is logged.

pub mod ports;
pub mod services;

mod length;
mod timer;

pub use length::{TimerMinutes, TimerMinutesError};
pub use timer::{Part, StartedAtError, Timer, TimerEnd, TimerEndError};
