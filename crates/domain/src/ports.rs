//! What the services need from outside, as traits with documented duties.
//!
//! Every write is a value (a command), so that it can be compared in a test, sent again, and grouped with others. One
//! port call is atomic: it happens whole or not at all, and a refusal leaves no trace. Sending one again after a lost
//! answer never counts anything twice.
//!
//! What every duty means in practice is tested by the conformance crate.

pub mod clock;
pub mod error;
pub mod health;
pub mod housekeeping;
pub mod id_generator;
pub mod job;
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
    job::MockJobRepository, ping::MockPingRepository, ping_queue::MockPingQueue, secrets::MockSecrets,
    task::MockTaskLog, time_entry::MockTimeEntryRepository, token::MockTokenRepository, totals::MockTotalsAudit,
};
