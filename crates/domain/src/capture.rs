//! Time that nobody types in: a program sends a [`Ping`] now and then, and the time between two pings counts as
//! worked.

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
