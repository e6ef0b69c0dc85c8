//! The port that stores time entries.

use async_trait::async_trait;
use thiserror::Error;

use super::job::Put;
use crate::BackendError;
use crate::ledger::{Applied, Idempotency, Minutes, Precondition, PreconditionFailed, TimeEntry, WorkSummary};
use crate::page::{Page, PageSize, cursor};
use crate::values::{DateRange, DateStamp, JobId, Subject, TimeEntryId, Timestamp};

/// Stores time entries, and updates the totals of their jobs.
///
/// Duties of an implementation, beside those of each method:
/// - Every write updates the totals of its jobs in the same transaction. A job whose total or entries change gets the
///   next version, and the command's `at` as `updated_at`. If `updated_at` is later already, because the command
///   waited, it stays: no timestamp ever goes back.
/// - A write that would make a total greater than [`TotalMinutes::MAX`](crate::ledger::TotalMinutes::MAX), or less
///   than zero because the total was wrong before, fails with the kind
///   [`Internal`](crate::BackendErrorKind::Internal) and leaves no trace.
/// - A field that a command names counts as changed, even if it has that value already. A put names all fields.
/// - An archived job accepts no new entry and no change, move or deletion of one; a move concerns both jobs. An
///   archive that races with a write happens before or after it, never in between: the job that an archive returns
///   stays as it is until it is opened again.
/// - A new entry has the version [`Version::initial`](crate::values::Version::initial) of its creation. Every change
///   sets the next version and `updated_at`, by the same rule as for jobs. `created_by` and `created_at` never
///   change.
/// - When several refusals apply, the answer is the first in the order of the error's variants.
/// - A put, change or deletion that names an owner is refused as `NotFound` if the entry was logged by somebody else,
///   whatever its precondition.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimeEntryRepository: Send + Sync {
    /// Stores a new entry. When the same entry is sent again, it returns the entry as it is and counts nothing twice.
    /// If the repeat brings a key, the key is stored with that answer. [`Applied::replayed`] concerns keys only.
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError>;

    /// Stores many new entries in one transaction, and returns one outcome per entry in the order given. With
    /// [`BatchMode::PerItem`], entries that can be stored are stored; with [`BatchMode::Atomic`], all are or none is.
    /// Entries may name the same job. Two entries with the same id are one entry when they are equal; otherwise the
    /// later one is refused. An empty batch stores nothing. Which jobs are open is decided for the whole batch at one
    /// moment.
    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError>;

    /// Creates the entry under the caller's id, or replaces the changeable fields of the existing one.
    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError>;

    /// Changes the given fields. A new `related_job` moves the minutes from one total to the other at once. Without
    /// any field, the entry stays as it is, including its version; refusals apply all the same.
    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError>;

    /// Deletes an entry.
    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError>;

    /// Finds the entry in its last committed state.
    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError>;

    /// Lists entries, latest date first: by `date_stamp`, then by the bytes of the id, both descending. A walk
    /// through all pages shows each entry that exists from its start to its end, and keeps its date, exactly once,
    /// whatever is created meanwhile.
    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError>;
}

/// An entry that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTimeEntry {
    /// A new id, or the caller's.
    pub id: TimeEntryId,
    /// The job whose total will include these minutes.
    pub related_job: JobId,
    /// At most one day.
    pub minutes_worked: Minutes,
    /// The date of the work, without a time zone.
    pub date_stamp: DateStamp,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// The subject of the token that logs it.
    pub created_by: Subject,
}

impl NewTimeEntry {
    /// The entry right after it is stored at `at`.
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

    /// Whether `stored` has these values, so that storing this entry again would be a repeat.
    pub fn is(&self, stored: &TimeEntry) -> bool {
        self.id == stored.id
            && self.related_job == stored.related_job
            && self.minutes_worked == stored.minutes_worked
            && self.date_stamp == stored.date_stamp
            && self.work_summary == stored.work_summary
            && self.created_by == stored.created_by
    }
}

/// Stores a new entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTime {
    /// The entry to store.
    pub entry: NewTimeEntry,
    /// When it is stored.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// Stores many new entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordBatch {
    /// The entries, in the caller's order.
    pub entries: Vec<NewTimeEntry>,
    /// What happens when some entries cannot be stored.
    pub mode: BatchMode,
    /// When they are stored.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// What happens when some entries of a batch cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchMode {
    /// Then none is stored.
    Atomic,
    /// Then the others are stored.
    PerItem,
}

/// One outcome per entry of a batch, in the order given. With [`BatchMode::Atomic`] all are `Ok`.
pub type BatchOutcome = Vec<Result<TimeEntry, RecordRefusal>>;

/// Creates or replaces an entry under the caller's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutTimeEntry {
    /// The entry. Its `created_by` is used only when the entry is created.
    pub entry: NewTimeEntry,
    /// Whose entry it must be, checked in the transaction of the write: for this subject, others' entries do not exist.
    /// `None`: anybody's.
    pub owner: Option<Subject>,
    /// The time of the write.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// Changes some fields of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTimeEntry {
    /// The entry to change.
    pub id: TimeEntryId,
    /// The new values.
    pub changes: TimeEntryChanges,
    /// Whose entry it must be, checked in the transaction of the write: for this subject, others' entries do not exist.
    /// `None`: anybody's.
    pub owner: Option<Subject>,
    /// The time of the write.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// The fields of an entry to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeEntryChanges {
    /// The new job. Moves the entry.
    pub related_job: Option<JobId>,
    /// The new minutes.
    pub minutes_worked: Option<Minutes>,
    /// The new date.
    pub date_stamp: Option<DateStamp>,
    /// The new summary.
    pub work_summary: Option<WorkSummary>,
}

impl TimeEntryChanges {
    /// Whether no field is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Deletes an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTimeEntry {
    /// The entry to delete.
    pub id: TimeEntryId,
    /// Whose entry it must be, checked in the transaction of the write: for this subject, others' entries do not exist.
    /// `None`: anybody's.
    pub owner: Option<Subject>,
    /// The time of the write, for the job's `updated_at`.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// The query of a page of entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTimeEntries {
    /// Only entries of this job.
    pub related_job: Option<JobId>,
    /// Only entries of these dates.
    pub dates: DateRange,
    /// Only entries that this subject logged.
    pub created_by: Option<Subject>,
    /// The most entries on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<TimeEntryCursor>,
}

cursor! {
    /// The place in the listing of entries right after the entry that it names.
    TimeEntryCursor: after TimeEntry, by date_stamp: DateStamp, id: TimeEntryId
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
    /// The job is archived.
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
    /// Some entries of an atomic batch cannot be stored. Each has its index in the batch, ascending, and its refusal.
    #[error("{} of the entries cannot be stored", .0.len())]
    Refused(Vec<(usize, RecordRefusal)>),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an entry was not put, changed or deleted.
#[derive(Debug, Clone, Error)]
pub enum ChangeTimeEntryError {
    /// There is no such entry, or it is not the owner's that the command names. Where there is none, a put creates it
    /// instead.
    #[error("there is no time entry {0}")]
    NotFound(TimeEntryId),
    /// The current state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The job that the entry is put in, or moved to, does not exist.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The entry's job, or the job it would move to, is archived. The entry's own job is named first.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
