//! Where time entries are kept.

use async_trait::async_trait;
use thiserror::Error;

use super::job::Put;
use crate::BackendError;
use crate::ledger::{Applied, Idempotency, Minutes, Precondition, PreconditionFailed, TimeEntry, WorkSummary};
use crate::page::{Page, PageSize};
use crate::values::{DateRange, DateStamp, JobId, Subject, TimeEntryId, Timestamp};

/// Keeps time entries, and the totals of their jobs with them.
///
/// An implementation owes, beside what each method says:
/// - Every write changes the totals of the jobs it touches in the same transaction; a job whose total or entries change
///   gets the next version and the command's `at` as `updated_at`, unless that is later already, because the command
///   waited: no moment ever goes back.
/// - A total that would pass [`TotalMinutes::MAX`](crate::ledger::TotalMinutes::MAX), or fall below zero because it was not
///   the sum, is a failure of the kind [`Internal`](crate::BackendErrorKind::Internal) that leaves no trace.
/// - A field that a command names is changed, also when it holds that value already; a put names all of them.
/// - A job that is archived takes no new entry and no edit, move or deletion of one; for a move that holds for both
///   jobs. Archiving that races with a write happens before it or after it, never in between: the job that an archive
///   answers with stays as it is until it is opened again.
/// - An entry starts with version [`Version::initial`](crate::values::Version::initial) of its creation; every change
///   makes it the next one and `updated_at` the command's `at`, under the same condition. `created_by` and `created_at` never change.
/// - Where several refusals hold, the first in the order of the error's variants is given.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimeEntryRepository: Send + Sync {
    /// Stores a new entry. Sent again with the same entry, it answers with the entry as it is and counts nothing twice; a
    /// key which it brings then stands for that answer, and [`Applied::replayed`] is about keys alone.
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError>;

    /// Stores many new entries in one transaction, with one outcome per entry in the order given. In
    /// [`BatchMode::PerItem`] those that can be stored are; in [`BatchMode::Atomic`] all are or none is. Entries may
    /// name the same job; two that have the same id are one entry when they are equal, and else the later one is
    /// refused. An empty batch stores nothing. One moment decides for the whole batch which jobs are open.
    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError>;

    /// Creates the entry with the caller's id, or replaces what can be changed of the one that is there.
    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, PutTimeEntryError>;

    /// Changes the fields that are named; a new `related_job` moves the minutes from one total to the other at once.
    /// When no field is named, the entry stays as it is, version included; refusals are given all the same.
    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, UpdateTimeEntryError>;

    /// Deletes an entry.
    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), DeleteTimeEntryError>;

    /// The entry, if there is one, as of its last committed write.
    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError>;

    /// Entries, latest date first: by `date_stamp`, then by the bytes of the id, both descending. A walk through all pages sees every
    /// entry that existed at its start, still does and kept its date exactly once, whatever is created meanwhile.
    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError>;
}

/// An entry that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTimeEntry {
    /// Its id, new.
    pub id: TimeEntryId,
    /// The job it belongs to.
    pub related_job: JobId,
    /// How long.
    pub minutes_worked: Minutes,
    /// On which date.
    pub date_stamp: DateStamp,
    /// What was done.
    pub work_summary: WorkSummary,
    /// Who logs it.
    pub created_by: Subject,
}

impl NewTimeEntry {
    /// The entry as it is stored at `at`.
    pub fn stored(self, at: Timestamp) -> TimeEntry {
        TimeEntry {
            id: self.id,
            related_job: self.related_job,
            minutes_worked: self.minutes_worked,
            date_stamp: self.date_stamp,
            work_summary: self.work_summary,
            created_by: self.created_by,
            version: crate::values::Version::initial(at),
            created_at: at,
            updated_at: at,
        }
    }

    /// Whether `stored` holds these values, so that storing this entry again would be a repeat.
    pub fn is(&self, stored: &TimeEntry) -> bool {
        self.id == stored.id
            && self.related_job == stored.related_job
            && self.minutes_worked == stored.minutes_worked
            && self.date_stamp == stored.date_stamp
            && self.work_summary == stored.work_summary
            && self.created_by == stored.created_by
    }
}

/// Store a new entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTime {
    /// The entry.
    pub entry: NewTimeEntry,
    /// The present moment.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// Store many new entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordBatch {
    /// The entries, in the caller's order.
    pub entries: Vec<NewTimeEntry>,
    /// What happens when some cannot be stored.
    pub mode: BatchMode,
    /// The present moment.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// What happens to a batch of which some entries cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchMode {
    /// None is stored.
    Atomic,
    /// The others are stored.
    PerItem,
}

/// One outcome per entry of a batch, in the order given. All are `Ok` in [`BatchMode::Atomic`].
pub type BatchOutcome = Vec<Result<TimeEntry, RecordRefusal>>;

/// Create or replace an entry under the caller's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutTimeEntry {
    /// The entry; its `created_by` counts only when it is created.
    pub entry: NewTimeEntry,
    /// The present moment.
    pub at: Timestamp,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// Change some fields of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTimeEntry {
    /// Which entry.
    pub id: TimeEntryId,
    /// The fields to change.
    pub changes: TimeEntryChanges,
    /// The present moment.
    pub at: Timestamp,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// The fields of an entry that can be changed; none stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeEntryChanges {
    /// Another job: moves the entry.
    pub related_job: Option<JobId>,
    /// Other minutes.
    pub minutes_worked: Option<Minutes>,
    /// Another date.
    pub date_stamp: Option<DateStamp>,
    /// Another summary.
    pub work_summary: Option<WorkSummary>,
}

impl TimeEntryChanges {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Delete an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTimeEntry {
    /// Which entry.
    pub id: TimeEntryId,
    /// The present moment.
    pub at: Timestamp,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// Which entries, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTimeEntries {
    /// Only those of this job.
    pub related_job: Option<JobId>,
    /// Only those of these dates.
    pub dates: DateRange,
    /// Only those logged by this subject.
    pub created_by: Option<Subject>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<TimeEntryCursor>,
}

/// A place in the listing of entries: right after the entry that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeEntryCursor {
    /// The entry's date.
    pub date_stamp: DateStamp,
    /// The entry's id, which breaks ties.
    pub id: TimeEntryId,
}

impl From<&TimeEntry> for TimeEntryCursor {
    fn from(entry: &TimeEntry) -> Self {
        Self { date_stamp: entry.date_stamp, id: entry.id }
    }
}

/// Why one new entry cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordRefusal {
    /// Another entry has this id.
    #[error("the time entry id {0} is taken")]
    IdTaken(TimeEntryId),
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The job takes no time.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
}

/// Why an entry was not stored.
#[derive(Debug, Clone, Error)]
pub enum RecordTimeError {
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The entry cannot be stored.
    #[error(transparent)]
    Refused(#[from] RecordRefusal),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why nothing of a batch was stored.
#[derive(Debug, Clone, Error)]
pub enum RecordBatchError {
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Some entries of an atomic batch cannot be stored: each one's place in the batch, ascending, and why.
    #[error("{} of the entries cannot be stored", .0.len())]
    Refused(Vec<(usize, RecordRefusal)>),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an entry was not put.
#[derive(Debug, Clone, Error)]
pub enum PutTimeEntryError {
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The entry's job, or the one it would move to, takes no time and no edits; the entry's own is named first.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an entry was not changed.
#[derive(Debug, Clone, Error)]
pub enum UpdateTimeEntryError {
    /// There is no such entry.
    #[error("there is no time entry {0}")]
    NotFound(TimeEntryId),
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// There is no such job to move to.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The entry's job, or the one it would move to, takes no time and no edits; the entry's own is named first.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an entry was not deleted.
#[derive(Debug, Clone, Error)]
pub enum DeleteTimeEntryError {
    /// There is no such entry.
    #[error("there is no time entry {0}")]
    NotFound(TimeEntryId),
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The entry's job takes no edits.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
