//! Where jobs are kept.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::ledger::{Applied, Idempotency, Job, JobName, JobStatus, NamePart, Precondition, PreconditionFailed};
use crate::page::{Page, PageSize};
use crate::values::{JobId, Timestamp};

/// Keeps jobs.
///
/// An implementation owes, beside what each method says:
/// - A job starts with total 0 and version [`Version::initial`](crate::values::Version::initial) of its creation; every
///   change of any field, its total included, makes the version the next one and `updated_at` the command's `at`, unless
///   that is later already, because the command waited: no moment ever goes back.
/// - A field that a command names is changed, also when it holds that value already; a put names all of them.
/// - Two changes that race happen one after the other: a [`Precondition::Version`] lets one of them through.
/// - Where several refusals hold, the first in the order of the error's variants is given.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait JobRepository: Send + Sync {
    /// Creates a job. Sent again with the same id and the same values, it answers with the job as it is and changes
    /// nothing but that a key which it brings then stands for that answer; [`Applied::replayed`] is about keys alone.
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError>;

    /// Creates the job with the caller's id, or replaces name and status of the one that is there.
    async fn put(&self, command: PutJob) -> Result<Put<Job>, PutJobError>;

    /// Changes the fields that are named. When none is, the job stays as it is, version included; the precondition
    /// is checked all the same.
    async fn update(&self, command: UpdateJob) -> Result<Job, UpdateJobError>;

    /// Deletes a job, open or archived, and its entries when the command says so: nobody sees one without the other.
    async fn delete(&self, command: DeleteJob) -> Result<(), DeleteJobError>;

    /// The job, if there is one, as of its last committed write.
    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError>;

    /// Jobs, newest first: by `created_at`, then by the bytes of the id, both descending. A walk through all pages sees every job that
    /// existed at its start and still does exactly once, whatever is created meanwhile.
    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError>;
}

/// Create a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateJob {
    /// Its id, new.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// Its status.
    pub status: JobStatus,
    /// The present moment.
    pub at: Timestamp,
    /// Makes the write happen once per key.
    pub idempotency: Option<Idempotency>,
}

/// Create or replace a job under the caller's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutJob {
    /// Its id.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// Its status.
    pub status: JobStatus,
    /// The present moment.
    pub at: Timestamp,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// What a put did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T> {
    /// Nothing was there.
    Created(T),
    /// Something was there, and is now this.
    Replaced(T),
}

/// Change some fields of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateJob {
    /// Which job.
    pub id: JobId,
    /// The fields to change.
    pub changes: JobChanges,
    /// The present moment.
    pub at: Timestamp,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// The fields of a job that can be changed; none stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobChanges {
    /// A new name.
    pub name: Option<JobName>,
    /// A new status: archive or reopen.
    pub status: Option<JobStatus>,
}

impl JobChanges {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Delete a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteJob {
    /// Which job.
    pub id: JobId,
    /// What becomes of its entries.
    pub entries: EntriesOfDeleted,
    /// What must hold of the present state.
    pub precondition: Precondition,
}

/// What becomes of the entries of a job that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntriesOfDeleted {
    /// A job that has entries is not deleted.
    #[default]
    Refuse,
    /// They are deleted with it.
    Delete,
}

/// Which jobs, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListJobs {
    /// Only those with this status.
    pub status: Option<JobStatus>,
    /// Only those whose name contains this.
    pub name_part: Option<NamePart>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<JobCursor>,
}

/// A place in the listing of jobs: right after the job that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCursor {
    /// The job's `created_at`.
    pub created_at: Timestamp,
    /// The job's id, which breaks ties.
    pub id: JobId,
}

impl From<&Job> for JobCursor {
    fn from(job: &Job) -> Self {
        Self { created_at: job.created_at, id: job.id }
    }
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

/// Why a job was not put.
#[derive(Debug, Clone, Error)]
pub enum PutJobError {
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a job was not changed.
#[derive(Debug, Clone, Error)]
pub enum UpdateJobError {
    /// There is no such job.
    #[error("there is no job {0}")]
    NotFound(JobId),
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a job was not deleted.
#[derive(Debug, Clone, Error)]
pub enum DeleteJobError {
    /// There is no such job.
    #[error("there is no job {0}")]
    NotFound(JobId),
    /// The present state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The job has entries, and the command does not say to delete them.
    #[error("the job {0} has time entries")]
    HasEntries(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
