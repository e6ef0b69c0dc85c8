//! What a database offers, so that its callers can share a round trip. Everything here blocks.

use std::collections::HashSet;

use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::{Attempted, PageOfJob, TimeEntryPage, Write};
use crate::grouping::GroupError;

/// A database that carries out many commands at once.
pub(crate) trait LedgerStore: Send + Sync + 'static {
    /// The backend that errors name.
    const BACKEND: &'static str;

    /// Carries out all writes in one transaction, and gives one outcome for each, in order, once it is committed.
    ///
    /// Each is as if it were alone: refused ones leave no trace and fail no other, and writes that touch the same entry
    /// happen in the order given. Two groups that run at the same time never wait for each other in a circle for long.
    ///
    /// A write that needs a job in `held`, or one that somebody else turns out to hold for more than a moment, is put
    /// off instead, and fails no other either.
    fn write(&self, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError>;

    /// Whether nobody else holds the job: now, or soon if the caller wants to wait for a moment. Where no write is ever
    /// put off, nobody asks.
    fn await_job(&self, _job: JobId, _wait: bool) -> Result<bool, BackendError> {
        Ok(true)
    }

    /// Those of the jobs that exist, in any order.
    fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError>;

    /// Those of the entries that exist, in any order.
    fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError>;

    /// Each of the pages, in order.
    fn find_pages(&self, pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError>;
}
