//! Background work: draining the ping queue into the ledger, and scheduled tasks.
//!
//! This crate does not know the database or the queue: it uses the domain's ports, and the binary provides their
//! implementations. It reads no settings, installs no signal handlers and starts no threads. Each part is a future
//! that ends when it is [told to](Shutdown). [`supervise()`] starts a part again after a panic.

#![warn(missing_docs)]

mod backoff;
mod drain;
mod gauges;
mod metrics;
mod reason;
mod schedule;
mod scheduler;
mod shutdown;
mod standing;
mod supervise;
mod task;
mod tasks;
#[cfg(test)]
mod test;

pub use backoff::Backoff;
pub use drain::{Drain, DrainLimits};
pub use gauges::QueueGauges;
pub use metrics::{PingMetrics, TaskMetrics};
pub use schedule::{Decision, Retries, Schedule, ScheduleError, decide};
pub use scheduler::{Runner, Scheduled, Scheduler};
pub use shutdown::{Shutdown, Stop};
pub use supervise::supervise;
pub use task::{Task, TaskError};
pub use tasks::{PruneIdempotencyKeys, PrunePings, PruneSessions, PruneTaskRuns, VerifyTotals};
