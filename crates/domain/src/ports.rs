//! What the services need from outside, as traits with documented duties.
//!
//! Every write is a value (a command), so that it can be compared in a test, sent again, and grouped with others. One
//! port call is atomic: it happens whole or not at all, and a refusal leaves no trace. Sending one again after a lost
//! answer never counts anything twice.
//!
//! For all ports holds:
//! - Ids compare as their 16 bytes, the first one first; where two hold the same moment, the greater id is the later one.
//! - A call that is given up by its caller happens whole or not at all, like any other.
//! - No method blocks a thread of the runtime: whoever waits for a disk or a server waits elsewhere.
//! - What was written is as durable as the backend promises when the call returns: a backend that keeps it in a cache of
//!   its own, or the operating system's, says so in its docs.
//! - A write whose commit got no answer may have happened: that is a failure of the kind
//!   [`Timeout`](BackendErrorKind::Timeout), and nobody sends it again but its caller, who does so under the same id or key.
//!
//! What every duty means in practice is tested by the conformance crate; its docs say which duties no test can reach.

pub mod clock;
pub mod error;
pub mod health;
pub mod housekeeping;
pub mod id_generator;
pub mod job;
pub mod new_project;
pub mod ping;
pub mod ping_queue;
pub mod secrets;
pub mod task;
pub mod time_entry;
pub mod token;
pub mod totals;

pub use clock::Clock;
pub use error::{BackendError, BackendErrorKind, Corrupt};
pub use health::{HealthCheck, NotReady};
pub use housekeeping::Housekeeping;
pub use id_generator::IdGenerator;
pub use job::JobRepository;
pub use new_project::NewProjects;
pub use ping::PingRepository;
pub use ping_queue::PingQueue;
pub use secrets::Secrets;
pub use task::TaskLog;
pub use time_entry::TimeEntryRepository;
pub use token::TokenRepository;
pub use totals::TotalsAudit;

#[cfg(any(test, feature = "mocks"))]
pub use {
    clock::MockClock, health::MockHealthCheck, housekeeping::MockHousekeeping, id_generator::MockIdGenerator,
    job::MockJobRepository, new_project::MockNewProjects, ping::MockPingRepository, ping_queue::MockPingQueue,
    secrets::MockSecrets, task::MockTaskLog, time_entry::MockTimeEntryRepository, token::MockTokenRepository,
    totals::MockTotalsAudit,
};
