//! The ports that store jobs and time entries, and the audit of totals.

pub mod job;
pub mod time_entry;
pub mod totals;

use std::sync::Arc;

pub use job::JobRepository;
pub use time_entry::TimeEntryRepository;
pub use totals::TotalsAudit;
#[cfg(any(test, feature = "mocks"))]
pub use {job::MockJobRepository, time_entry::MockTimeEntryRepository, totals::MockTotalsAudit};

/// What the use cases on the ledger need.
#[derive(Clone)]
pub struct LedgerPorts {
    /// Jobs.
    pub jobs: Arc<dyn JobRepository>,
    /// Time entries, of the same ledger.
    pub time_entries: Arc<dyn TimeEntryRepository>,
}

/// An adapter that implements every port of the ledger.
pub trait LedgerAdapter: JobRepository + TimeEntryRepository + TotalsAudit {}

impl<A: JobRepository + TimeEntryRepository + TotalsAudit> LedgerAdapter for A {}

impl LedgerPorts {
    /// The ports of an adapter that implements every port of the ledger itself.
    pub fn of<A: LedgerAdapter + 'static>(adapter: &Arc<A>) -> Self {
        Self { jobs: adapter.clone(), time_entries: adapter.clone() }
    }
}

#[cfg(any(test, feature = "mocks"))]
impl LedgerPorts {
    /// Ports that expect no call.
    pub fn mocks() -> Self {
        Self { jobs: Arc::new(MockJobRepository::new()), time_entries: Arc::new(MockTimeEntryRepository::new()) }
    }
}
