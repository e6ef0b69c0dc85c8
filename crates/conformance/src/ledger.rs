//! Jobs and time entries, and the fixture of their suites: the ports of one fresh, empty ledger.

pub mod concurrency;
pub mod idempotency;
pub mod job;
pub mod model;
pub mod time_entry;
pub mod totals;

use std::any::Any;
use std::sync::Arc;

use futures::FutureExt;
use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, NewTimeEntry};
use stint_domain::ledger::ports::{JobRepository, LedgerAdapter, TimeEntryRepository, TotalsAudit};
use stint_domain::ledger::{Job, JobStatus, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use crate::given;
use crate::suite::walk;

/// An adapter over a fresh, empty ledger. Clones are handles to the same ledger.
#[derive(Clone)]
pub struct Ledger {
    /// The adapter's port for jobs.
    pub jobs: Arc<dyn JobRepository>,
    /// The adapter's port for time entries, over the same ledger.
    pub time_entries: Arc<dyn TimeEntryRepository>,
    /// The adapter's audit, over the same ledger.
    pub totals: Arc<dyn TotalsAudit>,
    /// Keeps the database alive, and may remove it when dropped. It stands below the ports because it must be dropped
    /// last.
    pub guard: Arc<dyn Any + Send + Sync>,
}

impl Ledger {
    /// The ledger of an adapter that implements all these ports. `guard` keeps its database alive (`()` if nothing
    /// has to).
    pub fn new(adapter: impl LedgerAdapter + 'static, guard: impl Any + Send + Sync) -> Self {
        let adapter = Arc::new(adapter);
        Self { jobs: adapter.clone(), time_entries: adapter.clone(), totals: adapter, guard: Arc::new(guard) }
    }

    /// Creates an open job.
    pub(crate) async fn open_job(&self) -> Job {
        self.create(given::create_job()).await
    }

    /// Creates a job. The command must not be refused.
    pub(crate) async fn create(&self, command: CreateJob) -> Job {
        self.jobs.create(command).await.unwrap().outcome
    }

    /// Stores an entry. The command must not be refused.
    pub(crate) async fn record(&self, entry: NewTimeEntry) -> TimeEntry {
        self.time_entries.record(given::record(entry)).await.unwrap().outcome
    }

    /// Archives the job, and returns it.
    pub(crate) async fn archive(&self, id: JobId) -> Job {
        self.jobs.update(given::set_status(id, JobStatus::Archived)).await.unwrap()
    }

    /// The job, which must exist.
    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.jobs.find(id).await.unwrap().expect("the job is there")
    }

    /// The entry, if it exists.
    pub(crate) async fn entry(&self, id: TimeEntryId) -> Option<TimeEntry> {
        self.time_entries.find(id).await.unwrap()
    }

    /// The stored total of the job.
    pub(crate) async fn total(&self, id: JobId) -> u64 {
        self.job(id).await.total_minutes.get()
    }

    /// All jobs that match, page by page.
    pub(crate) async fn all_jobs(&self, query: ListJobs) -> Vec<Job> {
        let query = |after: Option<_>| ListJobs { after: after.or(query.after), ..query.clone() };
        walk(|after| self.jobs.list(query(after)).map(Result::unwrap)).await
    }

    /// All entries that match, page by page.
    pub(crate) async fn all_entries(&self, query: ListTimeEntries) -> Vec<TimeEntry> {
        let query = |after: Option<_>| ListTimeEntries { after: after.or(query.after), ..query.clone() };
        walk(|after| self.time_entries.list(query(after)).map(Result::unwrap)).await
    }

    /// Checks that every job's total is the sum of its entries, by the audit and by adding up the listings.
    pub(crate) async fn assert_totals_are_sums(&self) {
        let report = self.totals.audit().await.unwrap();
        assert_eq!(report.drifts, [], "the audit finds no drift");
        let jobs = self.all_jobs(ListJobs::default()).await;
        let entries = self.all_entries(ListTimeEntries::default()).await;
        assert_eq!((report.jobs, report.time_entries), (jobs.len() as u64, entries.len() as u64));
        for job in jobs {
            let of_job = entries.iter().filter(|entry| entry.related_job == job.id);
            let sum: u64 = of_job.map(|entry| u64::from(entry.minutes_worked.get())).sum();
            assert_eq!(job.total_minutes.get(), sum, "the total of the job {}", job.id);
        }
    }
}

/// Makes one test of each duty of the ports over jobs and time entries, alone and together. The argument is an `async
/// fn() -> Ledger` that makes a fresh, empty ledger.
#[macro_export]
macro_rules! ledger {
    ($factory:expr) => {
        $crate::job_repository! { $factory }
        $crate::time_entry_repository! { $factory }
        $crate::totals_audit! { $factory }
        $crate::idempotency! { $factory }
        $crate::concurrency! { $factory }
        $crate::runtime! { $factory }
        $crate::model! { $factory }
    };
}
