//! Use cases on timers.

mod timer;

pub use timer::{StopDraft, TimerDraft, TimerError, TimerService};
