//! The port that stores jobs.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::ledger::{Applied, Idempotency, Job, JobName, JobStatus, NamePart, Precondition, PreconditionFailed};
use crate::page::{Page, PageSize, cursor};
use crate::values::{JobId, Timestamp};

/// Stores jobs.
///
/// Duties of an implementation, beside those of each method:
/// - A new job has total 0 and the version [`Version::initial`](crate::values::Version::initial) of its creation.
///   Every change of a field, of the total too, sets the next version and sets `updated_at` to the command's `at`. If
///   `updated_at` is later already, because the command waited, it stays: no timestamp ever goes back.
/// - A field that a command names counts as changed, even if it has that value already. A put names all fields.
/// - Racing changes happen one after the other: of two with the same [`Precondition::Version`], one succeeds.
/// - When several refusals apply, the answer is the first in the order of the error's variants.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait JobRepository: Send + Sync {
    /// Creates a job. When a command with the same id and the same values is sent again, it returns the job as it is
    /// and changes nothing. If the repeat brings a key, the key is stored with that answer. [`Applied::replayed`]
    /// concerns keys only.
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError>;

    /// Creates the job under the caller's id, or replaces the name and status of the existing one.
    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError>;

    /// Changes the given fields. Without any field, the job stays as it is, including its version; the precondition
    /// is checked all the same.
    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError>;

    /// Deletes a job, open or archived, and on request its entries. No reader sees the job without its entries, or
    /// the entries without their job.
    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError>;

    /// Finds the job in its last committed state.
    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError>;

    /// Lists jobs, newest first: by `created_at`, then by the bytes of the id, both descending. A walk through all
    /// pages shows each job that exists from its start to its end exactly once, whatever is created meanwhile.
    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError>;
}

/// Creates a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateJob {
    /// A new id.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// Its status.
    pub status: JobStatus,
    /// When it is created.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// Creates or replaces a job under the caller's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutJob {
    /// Chosen by the caller.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// Its status.
    pub status: JobStatus,
    /// The time of the write.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// What a put did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T> {
    /// Nothing existed under the id.
    Created(T),
    /// Something existed, and now has these values.
    Replaced(T),
}

/// Changes some fields of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateJob {
    /// The job to change.
    pub id: JobId,
    /// The new values.
    pub changes: JobChanges,
    /// The time of the write.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// The fields of a job to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobChanges {
    /// A new name.
    pub name: Option<JobName>,
    /// The new status: archives or reopens the job.
    pub status: Option<JobStatus>,
}

impl JobChanges {
    /// Whether no field is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Deletes a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteJob {
    /// The job to delete.
    pub id: JobId,
    /// What happens to its entries.
    pub entries: EntriesOfDeleted,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// What happens to the entries of a job that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntriesOfDeleted {
    /// A job that has entries is not deleted.
    #[default]
    Refuse,
    /// They are deleted with it.
    Delete,
}

/// The query of a page of jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListJobs {
    /// Only jobs with this status.
    pub status: Option<JobStatus>,
    /// Only jobs whose name contains this.
    pub name_part: Option<NamePart>,
    /// The most jobs on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<JobCursor>,
}

cursor! {
    /// The place in the listing of jobs right after the job that it names.
    JobCursor: after Job, by created_at: Timestamp, id: JobId
}

/// Why a job was not created.
#[derive(Debug, Clone, Error)]
pub enum CreateJobError {
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Another job has this id.
    #[error("the job id {0} is taken")]
    IdTaken(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a job was not put, changed or deleted.
#[derive(Debug, Clone, Error)]
pub enum ChangeJobError {
    /// There is no such job. A put creates it instead.
    #[error("there is no job {0}")]
    NotFound(JobId),
    /// The current state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The job has entries, and the command that deletes it does not say to delete them.
    #[error("the job {0} has time entries")]
    HasEntries(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
