//! Refusals of the ledger: jobs, time entries, batches.

use actix_web::http::header;
use stint_domain::ledger::PreconditionFailed;
use stint_domain::ledger::ports::job::{ChangeJobError, CreateJobError};
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, RecordBatchError, RecordRefusal, RecordTimeError};
use stint_domain::ledger::services::ListJobEntriesError;
use stint_domain::values::JobId;

use crate::etag::etag;
use crate::problem::{Code, FieldError, Problem};

impl From<PreconditionFailed> for Problem {
    fn from(failed: PreconditionFailed) -> Self {
        match failed.current {
            None => Self::new(Code::PreconditionFailed, "the precondition does not hold: nothing is there"),
            Some(version) => {
                let detail = format!("the precondition does not hold: the present ETag is \"{version}\"");
                Self::new(Code::PreconditionFailed, detail).with_header(header::ETAG, etag(version))
            }
        }
    }
}

impl From<CreateJobError> for Problem {
    fn from(error: CreateJobError) -> Self {
        match error {
            // The id is the generator's and not the caller's.
            CreateJobError::IdTaken(_) => Self::defect(&error),
            CreateJobError::KeyReused => Self::key_reused(),
            CreateJobError::Backend(error) => error.into(),
        }
    }
}

impl From<ChangeJobError> for Problem {
    fn from(error: ChangeJobError) -> Self {
        match error {
            ChangeJobError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            ChangeJobError::HasEntries(_) => {
                Self::new(Code::JobHasEntries, format!("{error}; ?entries=delete deletes them with it"))
            }
            ChangeJobError::Precondition(failed) => failed.into(),
            ChangeJobError::Backend(error) => error.into(),
        }
    }
}

impl From<RecordTimeError> for Problem {
    /// The job is in the URL, so an unknown one is a missing resource.
    fn from(error: RecordTimeError) -> Self {
        match error {
            RecordTimeError::KeyReused => Self::key_reused(),
            // The id is the generator's and not the caller's.
            RecordTimeError::Refused(RecordRefusal::IdTaken(_)) => Self::defect(&error),
            RecordTimeError::Refused(RecordRefusal::JobNotFound(_)) => Self::new(Code::NotFound, error.to_string()),
            RecordTimeError::Refused(RecordRefusal::JobArchived(id)) => job_archived(id),
            RecordTimeError::Backend(error) => error.into(),
        }
    }
}

impl From<ChangeTimeEntryError> for Problem {
    fn from(error: ChangeTimeEntryError) -> Self {
        match error {
            ChangeTimeEntryError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            ChangeTimeEntryError::Precondition(failed) => failed.into(),
            ChangeTimeEntryError::JobNotFound(id) => {
                let detail = format!("there is no job {id}");
                let error = FieldError::at("/related_job", detail.clone());
                Self::new(Code::UnknownJob, detail).with_errors(vec![error])
            }
            // It may be the job that the entry leaves, which the caller need not know.
            ChangeTimeEntryError::JobArchived(id) => job_archived(id).for_readers(),
            ChangeTimeEntryError::Backend(error) => error.into(),
        }
    }
}

impl From<ListJobEntriesError> for Problem {
    fn from(error: ListJobEntriesError) -> Self {
        match error {
            ListJobEntriesError::JobNotFound(_) => Self::new(Code::NotFound, error.to_string()),
            ListJobEntriesError::Backend(error) => error.into(),
        }
    }
}

fn job_archived(id: JobId) -> Problem {
    Problem::new(Code::JobArchived, format!("the job {id} is archived; it takes time again once it is open"))
}

impl From<RecordBatchError> for Problem {
    /// One problem for the whole batch: its code is that of the first refusal, and its errors are all refusals.
    fn from(error: RecordBatchError) -> Self {
        match error {
            RecordBatchError::KeyReused => Self::key_reused(),
            RecordBatchError::Refused(refusals) => {
                let detail = format!("{} of the items cannot be stored, so none was", refusals.len());
                let code = refusals.first().map_or(Code::Internal, |(_, refusal)| code_of(*refusal));
                let errors = refusals.into_iter().map(|(at, refusal)| item_error(at, refusal)).collect();
                Self::new(code, detail).with_errors(errors)
            }
            RecordBatchError::Backend(error) => error.into(),
        }
    }
}

const fn code_of(refusal: RecordRefusal) -> Code {
    match refusal {
        // The id is the generator's and not the caller's.
        RecordRefusal::IdTaken(_) => Code::Internal,
        RecordRefusal::JobNotFound(_) => Code::UnknownJob,
        RecordRefusal::JobArchived(_) => Code::JobArchived,
    }
}

fn item_error(at: usize, refusal: RecordRefusal) -> FieldError {
    match refusal {
        RecordRefusal::IdTaken(_) => FieldError::at(format!("/items/{at}"), "could not be stored"),
        RecordRefusal::JobNotFound(_) | RecordRefusal::JobArchived(_) => {
            FieldError::at(format!("/items/{at}/related_job"), refusal.to_string())
        }
    }
}

impl Problem {
    /// Why one item of a batch was not stored.
    pub(crate) fn of_item(at: usize, refusal: RecordRefusal) -> Self {
        let error = item_error(at, refusal);
        Self::new(code_of(refusal), error.detail.clone()).with_errors(vec![error])
    }
}
