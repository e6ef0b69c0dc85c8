//! Background work: draining the ping queue into the ledger, and tasks at their times.
//!
//! It knows no database and no queue: what it needs stands in the domain's ports, and the binary fills it in. It reads no
//! settings, installs no signal handlers and starts no threads; each part is a future that ends when it is [told
//! to](Shutdown), and [`supervise()`] starts one again that panicked.

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
pub use tasks::{PruneIdempotencyKeys, PrunePings, PruneTaskRuns, VerifyTotals};
