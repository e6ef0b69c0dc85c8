//! Use cases on jobs and time entries.

mod job;
mod time_entry;

pub use job::{JobDraft, JobService};
pub use time_entry::{ListJobEntriesError, TimeEntryDraft, TimeEntryService};

use super::ports::LedgerPorts;
use crate::Sources;

/// All use cases of the ledger.
#[derive(Clone)]
pub struct LedgerServices {
    /// On jobs.
    pub jobs: JobService,
    /// On time entries.
    pub time_entries: TimeEntryService,
}

impl LedgerServices {
    /// The use cases over these ports.
    pub fn over(ports: &LedgerPorts, sources: &Sources) -> Self {
        Self { jobs: JobService::new(ports, sources), time_entries: TimeEntryService::new(ports, sources) }
    }
}
