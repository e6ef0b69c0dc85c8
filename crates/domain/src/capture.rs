//! Time that nobody types: a program sends a [`Ping`] now and then, and the time between two of them is worked.

pub mod ports;
pub mod services;

mod gap;
mod ping;
mod ping_name;
mod rule;

pub use gap::{Gap, GapError};
pub use ping::{CapturedDay, LoggedPing, Ping, PingOutcome, PingProject, PingRefusal, PingRefusalError, PingTarget};
pub use ping_name::PingName;
pub use rule::{CaptureRule, CaptureTarget};
