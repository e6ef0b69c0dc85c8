//! What a database must offer so that its callers can share round trips.

use std::collections::HashSet;

use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::{Attempted, PageOfJob, TimeEntryPage, Write};
use crate::grouping::{GroupError, Workers};

/// A database that carries out many commands at once.
pub(crate) trait LedgerStore: Send + Sync + 'static {
    /// The backend's name, for errors.
    const BACKEND: &'static str;
    /// Who carries out groups of writes. Only threads may block.
    const WRITERS: Workers;
    /// Who looks up groups of ids and pages. Only threads may block.
    const READERS: Workers;

    /// Carries out all writes in one transaction, and after the commit returns one outcome for each, in order.
    ///
    /// Each write behaves as if it were alone: a refused one leaves no trace and fails no other, and writes of the
    /// same entry happen in the order given. Two groups that run at the same time never stay in a deadlock.
    ///
    /// A write that needs a job in `held`, or a job that another transaction turns out to hold for more than a
    /// moment, is put off, and fails no other either.
    fn write(
        &self,
        writes: &[Write],
        held: &HashSet<JobId>,
    ) -> impl Future<Output = Result<Vec<Attempted>, GroupError>> + Send;

    /// Whether the job is free: now, or soon if `wait` allows to wait for a moment. Backends that never put off a
    /// write need not implement it.
    fn await_job(&self, _job: JobId, _wait: bool) -> impl Future<Output = Result<bool, BackendError>> + Send {
        async { Ok(true) }
    }

    /// Finds those of the jobs that exist, in any order.
    fn find_jobs(&self, ids: &[JobId]) -> impl Future<Output = Result<Vec<Job>, BackendError>> + Send;

    /// Finds those of the entries that exist, in any order.
    fn find_entries(&self, ids: &[TimeEntryId]) -> impl Future<Output = Result<Vec<TimeEntry>, BackendError>> + Send;

    /// Finds each of the pages, in order.
    fn find_pages(&self, pages: &[PageOfJob]) -> impl Future<Output = Result<Vec<TimeEntryPage>, BackendError>> + Send;
}
